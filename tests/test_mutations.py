"""Mutated programs through the real plugin: none ends it, and none is a surprise to it."""

from __future__ import annotations

import os
import random
import time

import pytest
from mutations import running
from mutations.campaign import FIXTURES, Report, programs, run
from mutations.mutating import _CHANGES, Source, mutant, parses

import tfgradlint.analysis.analysis

COUNT, SEED = 300, 2026
_SLOW_KIND = f"more than {running.SLOW:.0f} times the parse"


@pytest.fixture(scope="module")
def originals() -> list[tuple[str, str]]:
    return programs([FIXTURES])


@pytest.fixture(scope="module")
def report(originals: list[tuple[str, str]]) -> Report:
    return run(originals, COUNT, SEED)


def test_no_mutant_is_too_much(report: Report) -> None:
    told = [
        f"{each.kind}\n{each.origin}: {', '.join(each.done)}\n{each.told}\n{each.text}"
        for each in report.failures
        if each.kind != _SLOW_KIND  # what takes long on a busy machine is for the benchmarks to tell
    ]
    assert not told, "\n\n".join(told)


def test_the_mutants_are_worth_running(report: Report) -> None:
    assert report.mutants == COUNT
    assert 0.7 * COUNT < report.parsed < COUNT
    assert report.with_findings > 0.15 * COUNT
    assert len(report.codes) > 8
    assert set(_CHANGES) == set(report.changes)


def test_the_same_numbers_give_the_same_mutants(originals: list[tuple[str, str]]) -> None:
    made = [[mutant(text, random.Random(seed)) for _, text in originals[:5]] for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


def test_every_change_changes_something(originals: list[tuple[str, str]]) -> None:
    source = Source(originals[0][1])
    chance = random.Random(0)
    for name, change in _CHANGES.items():
        assert any(change(source, chance) != source.text for _ in range(20)), name


def test_most_mutants_are_python(originals: list[tuple[str, str]]) -> None:
    chance = random.Random(0)
    made = [mutant(text, chance)[0] for _, text in originals[:60]]
    assert sum(map(parses, made)) > 40


TEXT = "import tensorflow as tf\nwith tf.GradientTape() as tape:\n    pass\n"


def _with(fault: object, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> list[running.Run]:
    """What is seen of an analysis that does this with the text ``BAD``."""
    analyse = tfgradlint.analysis.analysis.analyse

    def faulty(text: str, *options: object, **named: object) -> object:
        if "BAD" in text:
            return fault()  # type: ignore[operator]
        return analyse(text, *options, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(tfgradlint.analysis.analysis, "analyse", faulty)
    monkeypatch.setattr(running, "ENDLESS", 1)
    return list(running.runs(texts))


def _raises() -> None:
    raise AssertionError("a fault of the analysis")


def _endless() -> None:
    time.sleep(30)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (_raises, "TFG001 not judged: the analysis failed (AssertionError: a fault of the analysis)"),
        (os.abort, "the process died: SIGABRT"),
        (lambda: os.kill(os.getpid(), 9), "the process died: SIGKILL"),
        (_endless, "endless: "),
    ],
    ids=["raises", "aborts", "is killed", "never ends"],
)
def test_a_fault_is_seen_and_hides_no_other_text(fault: object, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = TEXT + "BAD = 1\n"
    runs = _with(fault, [TEXT, bad, TEXT, bad, TEXT], monkeypatch)
    assert [run.fault.startswith(told) for run in runs] == [False, True, False, True, False]
    assert [run.fault for run in runs[::2]] == ["", "", ""]
