"""What nobody can know from the text is unknown: a page for each of Python's constructs.

Each page holds programs that look alike to whoever does not see what a call does. TensorFlow gives one thing to some of
them and another thing to others (test_evidence.py runs them), so that any verdict but ``unknown`` would be a guess.
"""

from __future__ import annotations

import pytest
from programs import PROGRAMS, judged

from tfgradlint import predict
from tfgradlint.evidence.programs import Program

PAGES = [program for name, program in PROGRAMS.items() if name.startswith("unknown/")]
FEWEST = 10


def test_there_are_pages() -> None:
    assert len(PAGES) >= FEWEST


@pytest.mark.python
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_is_claimed(page: Program) -> None:
    analysis = judged(page.name, "eager")
    claimed = {
        f"line {prediction.line}: {source.source}: {source.verdict}"
        for prediction in analysis.predictions
        for source in prediction.sources
        if source.verdict != "unknown"
    }
    assert not claimed
    assert {prediction.line for prediction in analysis.predictions} == set(page.specification().outcomes)
    assert not analysis.findings


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tensorflow_gives_this_and_that(page: Program) -> None:
    outcomes = page.specification().outcomes
    assert len({words for evaluations in outcomes.values() for words in evaluations}) > 1
    assert not page.specification().findings


ASKING = """import tensorflow as tf
from somewhere import helper

w = tf.Variable(1.0)


def train(model, x):
    with tf.GradientTape(persistent=True) as tape:
        made = helper(w * x)
        loss = model(x)
        scaled = x.scale * 3.0
    return tape.gradient(made, w), tape.gradient(loss, w), tape.gradient(scaled, w), tape.gradient(None, w)
"""


def test_a_request_says_what_is_not_known_of_it() -> None:
    requests = predict(ASKING)
    assert [request.sources[0].missing for request in requests] == [
        "it is not known what helper() on line 9 gives: an import that is not followed",
        "it is not known what model() on line 10 gives: a parameter of a function that nothing calls",
        "x.scale on line 11 comes from a parameter of a function that nothing calls",
        None,
    ]
    assert requests[-1].sources[0].reason == "the target is None"
