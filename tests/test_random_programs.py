"""Random programs, of all that tapes do and in families: TensorFlow contradicts no verdict, and few are unknown."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping

import pytest
from random_programs.campaign import UNKNOWN_SHARE, Report, run, run_families, table
from random_programs.families import families
from random_programs.judging import judge
from random_programs.reducing import reduced

from tfgradlint.analysis import analysis
from tfgradlint.analysis.results import Analysis, Prediction, SourcePrediction
from tfgradlint.project.resolver import Resolver

COUNT, SEED = 110, 2026
#: Programs of each family.
OF_EACH = 20
#: At most so many sources of all families' programs may be unknown: much in them is out of the linter's sight.
UNKNOWN_IN_FAMILIES = 0.35


@pytest.fixture(scope="module")
def report() -> Report:
    return run(COUNT, SEED)


def test_tensorflow_contradicts_no_verdict(report: Report) -> None:
    told = [f"{each.kind}\n{each.text}---- {each.told}" for each in report.failures]
    assert not told, "\n\n".join(told)


def test_few_verdicts_are_unknown(report: Report) -> None:
    assert report.share <= UNKNOWN_SHARE, report.summary()


def test_the_programs_show_every_outcome(report: Report) -> None:
    assert report.programs == COUNT
    assert report.sources > COUNT
    for word, share in {"flows": 0.2, "none": 0.2, "zero": 0.01, "raises": 0.02}.items():
        assert report.agreed[word] >= share * report.sources, report.summary()


def test_the_programs_rarely_break_off(report: Report) -> None:
    broken = sum(count for ending, count in report.endings.items() if ending.startswith("step:"))
    assert broken <= 0.1 * COUNT, report.endings


@pytest.fixture(scope="module")
def reports() -> Mapping[str, Report]:
    return run_families(OF_EACH, SEED)


@pytest.mark.parametrize("name", families())
def test_tensorflow_contradicts_nothing_said_of_a_family(reports: Mapping[str, Report], name: str) -> None:
    told = [f"{each.kind}\n{each.text}---- {each.told}" for each in reports[name].failures]
    assert not told, "\n\n".join(told)


@pytest.mark.parametrize("name", families())
def test_a_family_shows_gradients_that_flow_and_are_lost(reports: Mapping[str, Report], name: str) -> None:
    report = reports[name]
    assert report.programs == OF_EACH
    assert report.agreed["flows"], report.summary()
    assert report.agreed["none"], report.summary()
    assert sum(report.endings.values()) <= 0.2 * OF_EACH, report.endings


def test_few_verdicts_on_families_are_unknown(reports: Mapping[str, Report]) -> None:
    sources = sum(report.sources for report in reports.values())
    assert sum(report.unknown for report in reports.values()) <= UNKNOWN_IN_FAMILIES * sources, table(reports)


SQUARE = """\
import tensorflow as tf

w = tf.Variable([0.31, 0.74, 1.23])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(w * w)
grad = tape.gradient(loss, w)
"""
ROUNDED = SQUARE.replace("w * w", "tf.round(w)")
CANCELLED = SQUARE.replace("w * w", "w - w")
SIGN = SQUARE.replace("w * w", "tf.sign(w)")


def claimed(verdict: str) -> Analysis:
    source = SourcePrediction("w", verdict)
    return Analysis(predictions=(Prediction(6, 8, "gradient", verdict, (source,)),))


@pytest.mark.parametrize(
    ("text", "verdict", "kind"),
    [
        (SQUARE, "none", "gradient: none, but flows"),
        (SQUARE, "zero", "gradient: zero, but flows"),
        (SQUARE, "raises", "gradient: raises, but flows"),
        (SQUARE, "varies", "gradient: varies, but flows"),
        (ROUNDED, "flows", "gradient: flows, but none"),
        (SIGN, "flows", "gradient: flows, but zero"),
        (SQUARE, "flows", None),
        (ROUNDED, "none", None),
        (SIGN, "zero", None),
        # Zero for every number, and yet it flows: what cancels out is told apart by stirring the gradients.
        (CANCELLED, "flows", None),
        (CANCELLED, "none", "gradient: none, but zero"),
    ],
)
def test_a_wrong_verdict_is_a_contradiction(
    text: str, verdict: str, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random_programs.judging.analyse", lambda text, **settings: claimed(verdict))
    assert [each.kind for each in judge(text).contradictions] == ([kind] if kind else [])


def test_a_request_without_a_prediction_is_a_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random_programs.judging.analyse", lambda text, **settings: Analysis())
    assert [each.kind for each in judge(SQUARE).contradictions] == ["no prediction"]


@pytest.mark.parametrize(("verdict", "kinds"), [("none", []), ("flows", ["number of sources"])])
def test_one_verdict_for_sources_of_unknown_number(
    verdict: str, kinds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random_programs.judging.analyse", lambda text, **settings: claimed(verdict))
    text = ROUNDED.replace("loss, w)", "loss, [w, w])")
    assert [each.kind for each in judge(text).contradictions] == kinds


def test_a_finding_needs_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = analysis.analyse(ROUNDED).findings
    assert findings
    monkeypatch.setattr(
        "random_programs.judging.analyse", lambda text, **settings: Analysis(findings, claimed("flows").predictions)
    )
    assert judge(SQUARE).contradictions
    monkeypatch.setattr(
        "random_programs.judging.analyse", lambda text, **settings: Analysis(findings, claimed("none").predictions)
    )
    assert not judge(ROUNDED).contradictions


def test_both_answers_of_the_command_line_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    text = SQUARE.replace("loss = ", "import sys\n    loss = tf.constant(1.0) if len(sys.argv) > 5 else ")
    assert "sys." in text
    source = SourcePrediction("w", "flows")
    prediction = Prediction(7, 8, "gradient", "flows", (source,))
    monkeypatch.setattr("random_programs.judging.analyse", lambda text, **settings: Analysis(predictions=(prediction,)))
    assert [each.kind for each in judge(text).contradictions] == ["gradient: flows, but flows/none"]


TWO_FILES = """\
import tensorflow as tf
import toolbox

w = tf.Variable([0.31, 0.74, 1.23])
seen = [tf.zeros(3)]
with tf.GradientTape() as tape:
    toolbox.add(seen, w)
    loss = seen[-1]
grad = tape.gradient(loss, w)
'toolbox.py'
def add(items, value):
    items.append(value)
"""


@pytest.mark.parametrize(("verdict", "kinds"), [("flows", []), ("none", ["gradient: none, but flows"])])
def test_a_program_of_two_files_is_run_with_both(
    verdict: str, kinds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    analysed: list[tuple[str, bool]] = []
    source = SourcePrediction("w", verdict)

    def analyse(text: str, resolver: Resolver | None) -> Analysis:
        analysed.append((text, resolver is not None))
        return Analysis(predictions=(Prediction(9, 8, "gradient", verdict, (source,)),))

    monkeypatch.setattr("random_programs.judging.analyse", analyse)
    # With the other module out of sight, and with it in sight.
    assert [each.kind for each in judge(TWO_FILES).contradictions] == kinds * 2
    program = TWO_FILES.partition("'toolbox.py'")[0]
    assert analysed == [(program, False), (program, True)]
    assert "toolbox" not in sys.modules


def test_what_is_not_known_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random_programs.judging.analyse", lambda text, **settings: claimed("unknown"))
    verdict = judge(SQUARE)
    assert (verdict.sources, verdict.unknown, verdict.contradictions) == (1, 1, [])


def test_a_failing_program_is_made_small() -> None:
    text = SQUARE + "\n".join(f"y{i} = (w + {i}.0) * tf.exp(w)" for i in range(12))
    small = reduced(text, lambda candidate: "tf.exp" in candidate)
    assert len(ast.parse(small).body) == 1
    assert len(small) < 20


def test_a_smaller_program_still_ends() -> None:
    text = "turn = 0\nwhile turn < 3:\n    turn += 1\n    print(turn)\n"
    assert "turn += 1" in reduced(text, lambda candidate: "while" in candidate)
    text = "rest = [1, 2]\nwhile len(rest) > 1:\n    rest.pop()\n    print(rest)\n"
    assert "rest.pop()" in reduced(text, lambda candidate: "while" in candidate)
