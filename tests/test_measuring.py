"""The measuring program: numerical differences under TensorFlow, the journal of an interrupted run, its reports."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "src" / "tfgradlint" / "knowledge"
sys.path.insert(0, str(ROOT))  # tools/ is not installed

from tools.measure import exclusions, numerical, reporting, supervising, writing  # noqa: E402
from tools.measure.cases import Entry, build  # noqa: E402
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


def test_what_is_no_function_of_tensors_is_left_out() -> None:
    for name in ("numpy.fft.test", "numpy.linalg.test", "numpy.test", "tf.ragged.map_flat_values"):
        assert exclusions.reason(name), name
    for name in ("numpy.fft.fft", "numpy.linalg.det", "tf.ragged.stack"):
        assert exclusions.reason(name) is None, name


def test_the_page_of_coverage_keeps_a_line_for_every_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "DOCS", tmp_path)
    table = reporting.counts(["tf.abs", "tf.exp"], ["tf.odd"], ["tf.map_fn"], ["tf.abs", "tf.exp", "tf.odd"])
    for version, newest in (("2.4.0", True), ("2.3.1", False), ("2.1.0", False), ("2.3.1", False), ("2.4.0", True)):
        reporting.write_coverage(table, {"tensorflow": version}, {"tf.map_fn": "why"}, newest)
    page = (tmp_path / "coverage.md").read_text(encoding="utf-8")
    assert page.count("# What is measured") == 1
    rows = [line for line in page.splitlines() if line.startswith("| 2.")]
    assert rows == [f"| {version} | 3 | 2 | 66 % | 0 | 1 |" for version in ("2.4.0", "2.3.1", "2.1.0")]


def test_an_older_version_leaves_the_page_of_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "DOCS", tmp_path)
    names = (["tf.abs"], [], [], ["tf.abs"])
    reporting.write_coverage(reporting.counts(*names), {"tensorflow": "2.4.0"}, {})
    reporting.write_coverage(reporting.counts([], ["tf.abs"], [], ["tf.abs"]), {"tensorflow": "2.3.0"}, {}, False)
    page = (tmp_path / "coverage.md").read_text(encoding="utf-8")
    assert "| tf | 1 | 1 | 100 % |" in page
    assert "| 2.3.0 | 1 | 0 | 0 % | 0 | 0 |" in page


def test_gradients_that_were_not_compared_are_written_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "DOCS", tmp_path)
    monkeypatch.setattr(writing, "FOLDER", tmp_path)
    note = [0, "x", numerical.WRONG, "generic", 1.0, 2.0]
    reporting.write_wrong({"tf.abs": [note]}, {"tf.odd": "ValueError: a | b"})
    page = (tmp_path / "wrong-gradients.md").read_text(encoding="utf-8")
    assert "| `tf.abs` | `x` | 0 | generic | 1 | 2 |" in page
    assert "| `tf.odd` | ValueError: a \\| b |" in page
    assert "wrong; tf.abs; x; 0; generic" in (tmp_path / "wrong_gradients.txt").read_text(encoding="utf-8")


def test_what_is_finite_and_wrong_is_listed() -> None:
    lines = (FOLDER / "wrong_gradients.txt").read_text(encoding="utf-8").splitlines()
    assert "wrong; tf.math.cumprod; x; 0; an element is zero" in lines
    assert any(line.startswith("straight-through; tf.quantization.fake_quant") for line in lines)
    assert not [line for line in lines if "ClipByValue" in line or "DynamicStitch" in line], "calls that make sense"
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


def test_a_saturated_sample_is_told_from_a_flat_one() -> None:
    import tensorflow as tf

    @tf.custom_gradient
    def lost(x: object) -> object:
        return tf.nn.relu(x - 1.0), lambda upstream: tf.zeros_like(upstream)

    # Flat below one, where some of the samples lie, and steep above: nothing is said of it.
    saturated = measured(lost)
    assert kinds(saturated) == [(numerical.SATURATED, "generic")]
    assert kinds(measured(tf.sign)) == []


def test_what_could_not_be_compared_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    def refuses(*_: object, **__: object) -> None:
        raise ValueError("not here")

    assert measured(tf.exp).uncompared == ""
    monkeypatch.setattr(numerical, "slopes", refuses)
    assert measured(tf.exp).uncompared == "ValueError: not here"
    assert measured(tf.floor).uncompared == "", "there is no gradient to be compared"


def test_a_fault_of_the_program_is_not_taken_for_the_librarys(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    def faulty(*_: object, **__: object) -> None:
        raise NameError("slope")

    monkeypatch.setattr(numerical, "slopes", faulty)
    with pytest.raises(NameError):
        measured(tf.exp)


def test_members_that_change_their_variable_are_not_compared() -> None:
    assert not numerical.comparable("tf.Variable.assign_add")
    assert not numerical.comparable("tf.random.normal")
    assert numerical.comparable("tf.Tensor.__add__")


def built(function: object, *parameters: Parameter) -> Entry:
    assert callable(function)
    entry = build(Measurement(Target("tf.sample", function, (Parameter("x"), *parameters))))
    assert entry is not None
    return entry


def words(entry: Entry) -> list[tuple[dict[str, object], str]]:
    return [(case.when, case.observation.outputs[0].effects["x"]) for case in entry.cases]


FIRST, SECOND = (Parameter(name, "positional", "False", False) for name in ("first", "second"))


def test_options_that_change_one_anothers_outcome_have_a_case_together() -> None:
    import tensorflow as tf

    def stops_at_both(x: object, first: bool = False, second: bool = False) -> object:
        return tf.stop_gradient(x) if first and second else tf.exp(x)

    assert words(built(stops_at_both, FIRST, SECOND)) == [({"first": [True], "second": [True]}, "none"), ({}, "flows")]


def test_options_that_do_not_need_no_case_together() -> None:
    import tensorflow as tf

    def stops(x: object, first: bool = False, second: bool = False) -> object:
        return tf.stop_gradient(tf.exp(x)) if first else tf.exp(x)

    assert words(built(stops, FIRST, SECOND)) == [({"first": [True]}, "none"), ({"first": [False]}, "flows")]


def test_indexed_slices_and_watching_are_noted() -> None:
    import tensorflow as tf

    (case,) = built(lambda x: tf.gather(x, [0, 2])).cases
    assert case.observation.outputs[0].slices == {"x"}
    assert case.observation.unwatched == ()
    (case,) = built(tf.stop_gradient).cases
    assert case.observation.unwatched == ("x",)


def test_what_hands_the_only_element_through_is_noted() -> None:
    import tensorflow as tf

    def facts(function: object, call: str) -> str:
        assert callable(function)
        found = Measurement(Target("tf.sample", function, (Parameter("x"),))).facts({"x": call})
        assert found is not None
        return found.single

    assert facts(tf.add_n, "[f(4), f(4)]") == "x"
    assert facts(tf.stack, "[f(4), f(4)]") == ""
    assert facts(tf.exp, "f(4)") == ""
    assert facts(tf.convert_to_tensor, "f(4)") == "", "no list"
