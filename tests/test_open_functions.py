"""Faults seeded into training functions whose models come from outside are found; where none is seeded, nothing is."""

from __future__ import annotations

import itertools
import random

import pytest
from open_functions.campaign import Report, run, spread, told, untrue
from open_functions.opening import WAYS, Training, of_this_project
from open_functions.seeding import AT_THE_LOSS, BEFORE, BEHIND, ONE_OF_TWO, seeded

SEED = 15
#: Under TensorFlow, and before the linter alone.
RUN, ASKED = 6, 90


def test_what_is_found_is_lost_under_tensorflow() -> None:
    report = run(of_this_project(), RUN, SEED)
    assert report.untrue == []
    assert report.true.total() > 0
    assert report.share(AT_THE_LOSS) == 1.0


def test_enough_is_found_and_nothing_where_nothing_is_lost() -> None:
    """Of breaks behind a model some lose nothing, as another way leads past them: these count as not found."""
    report = Report()
    faults = spread(of_this_project(), random.Random(SEED))[:ASKED]
    for fault, (way, opened) in zip(faults, itertools.cycle(WAYS.items()), strict=False):
        report.note(fault, way, told(opened(fault.training)))
    assert report.share(AT_THE_LOSS) >= 0.95, report.missed
    assert report.share(BEHIND, ONE_OF_TWO, BEFORE) >= 0.5, report.missed
    assert [each for training in of_this_project()[::4] for each in untrue(training)] == []


@pytest.mark.parametrize("training", of_this_project()[:3], ids=lambda training: str(training.name))
def test_each_way_hands_in_all_that_the_function_uses(training: Training) -> None:
    assert training.outside
    for opened in WAYS.values():
        text = opened(training)
        assert all(name in text for name in training.outside)
        assert training.request_lines(text)
    assert {each.kind for each in seeded(training)} <= {AT_THE_LOSS, BEFORE, BEHIND, ONE_OF_TWO}
