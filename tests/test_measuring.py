"""The measuring program: numerical differences under TensorFlow, the journal of an interrupted run, its reports."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "src" / "tfgradlint" / "knowledge"
sys.path.insert(0, str(ROOT))  # tools/ is not installed

from tools.measure import numerical, supervising  # noqa: E402
from tools.measure.entries import Measurement  # noqa: E402
from tools.measure.names import Parameter, Target  # noqa: E402


def measured(function: object, call: str = "f(4)") -> Measurement:
    """A measurement of a function of one tensor, compared at a call."""
    assert callable(function)
    measurement = Measurement(Target("tf.sample", function, (Parameter("x"),)))
    facts = measurement.facts({"x": call})
    assert facts is not None
    measurement.compare({"x": call}, facts)
    return measurement


def kinds(measurement: Measurement) -> list[tuple[str, str]]:
    return [(note.kind, note.where) for note in measurement.notes]


def test_right_gradients_are_not_noted() -> None:
    import tensorflow as tf

    for function in (tf.exp, tf.abs, tf.nn.relu, tf.reduce_max, tf.sign, tf.nn.softmax, tf.sort):
        assert not kinds(measured(function)), function


def test_a_wrong_gradient_is_noted() -> None:
    import tensorflow as tf

    @tf.custom_gradient
    def doubled(x: object) -> object:
        return tf.sin(x), lambda upstream: 2.0 * upstream * tf.cos(x)

    assert kinds(measured(doubled)) == [(numerical.WRONG, "generic")]


def test_a_gradient_that_is_wrong_beside_a_zero_is_noted() -> None:
    import tensorflow as tf

    # x[0] * x[1] * ... by way of logarithms and signs: right only where no factor is zero.
    assert kinds(measured(tf.math.cumprod)) == [(numerical.WRONG, "an element is zero")]


def test_a_straight_through_gradient_is_noted() -> None:
    import tensorflow as tf

    @tf.custom_gradient
    def rounded(x: object) -> object:
        return tf.round(x), lambda upstream: upstream

    assert kinds(measured(rounded)) == [(numerical.STRAIGHT, "generic")]


def test_a_zero_that_is_not_flat_is_noted() -> None:
    import tensorflow as tf

    @tf.custom_gradient
    def lost(x: object) -> object:
        return tf.exp(x), lambda upstream: tf.zeros_like(upstream)

    assert kinds(measured(lost)) == [(numerical.FLAT, "generic")]


def test_a_random_function_is_not_compared() -> None:
    import tensorflow as tf

    assert not kinds(measured(lambda x: x * tf.random.uniform(x.shape, dtype=x.dtype)))


def test_a_journal_is_taken_up_where_it_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = supervising.Journal(path)
    assert list(journal.earlier()) == []
    events = [{"done": "tf.abs", "entry": {"cases": []}}, {"done": "tf.exp", "problem": "none"}]
    for event in events:
        journal.note(event)
    with path.open("a") as file:
        file.write('{"done": "tf.lo')
    again = supervising.Journal(path)
    assert list(again.earlier()) == events
    again.note({"done": "tf.log", "problem": "none"})
    assert [event["done"] for event in supervising.Journal(path).earlier()] == ["tf.abs", "tf.exp", "tf.log"]
    again.end()
    assert not path.exists()


def test_a_journal_of_another_program_is_not_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    journal = supervising.Journal(path)
    list(journal.earlier())
    journal.note({"done": "tf.abs", "problem": "none"})
    monkeypatch.setattr(supervising, "versions", lambda: {"tensorflow": "0.1"})
    assert list(supervising.Journal(path).earlier()) == []


def test_what_is_finite_and_wrong_is_listed() -> None:
    lines = (FOLDER / "wrong_gradients.txt").read_text(encoding="utf-8").splitlines()
    assert "wrong; tf.math.cumprod; x; 0; an element is zero" in lines
    assert any(line.startswith("straight-through; tf.quantization.fake_quant") for line in lines)
    names = {line.split("; ")[1] for line in lines[1:]}
    data: set[str] = set()
    for path in FOLDER.glob("*.json"):
        data |= set(json.loads(path.read_text(encoding="utf-8"))["callables"])
    assert names <= data


def test_of_what_takes_floats_nearly_all_is_measured() -> None:
    page = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]
    table = {row[0]: row for row in rows}
    assert float(table["all"][3].removesuffix(" %")) >= 95
    assert int(table["tf.raw_ops"][2]) >= 450
