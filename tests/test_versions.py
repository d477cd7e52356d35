"""The data of several versions of TensorFlow: which one is chosen, how they are kept, and how they are told apart."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from itertools import pairwise, permutations
from pathlib import Path

import pytest
from processes import FAULTY, command, flake8, python

import tfgradlint
from tfgradlint.knowledge import Case, Knowledge, OperationFacts, Output, Param, load, versions
from tfgradlint.knowledge.differences import changes
from tfgradlint.knowledge.layers import load_layers

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src" / "tfgradlint" / "knowledge"
sys.path.insert(0, str(ROOT))  # tools/ is not installed

from tools.measure import writing  # noqa: E402

MEASURED = (2, 15), (2, 16), (2, 18), (2, 20), (2, 21)
#: TensorFlow 2.15 raises LookupError where 2.21 gives None: the operation behind it had no gradient registered.
DIFFERS = """\
import tensorflow as tf

w = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.quantization.fake_quant_with_min_max_args_gradient(w, w))
gradient = tape.gradient(loss, w)
"""


@pytest.fixture
def differing(tmp_path: Path) -> Path:
    (tmp_path / "differs.py").write_text(DIFFERS)
    return tmp_path


# -- which version


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ("2.15", (2, 15)),
        ("2.16.1", (2, 16)),
        ("2.17.0", (2, 16)),
        ("2.18.0rc1", (2, 18)),
        ("2.19", (2, 18)),
        ("2.20.0-rc0", (2, 20)),
        (" 2.21 ", (2, 21)),
        ("2.99", (2, 21)),
        ("3.0", (2, 21)),
        ("2.22.0.dev20260101", (2, 21)),
        ("2.15.0+nv24.3", (2, 15)),
        ("2.9", (2, 15)),
        ("1.15.5", (2, 15)),
    ],
)
def test_the_nearest_at_or_below_is_chosen_and_else_the_oldest(asked: str, chosen: tuple[int, int]) -> None:
    assert versions.choose(asked) == chosen


def test_the_versions_that_are_there() -> None:
    assert versions.available() == MEASURED
    assert versions.newest() == MEASURED[-1]


@pytest.mark.parametrize(
    "text", ["", "2", "two", "2.x", "v2.15", "2.15 or 2.16", "2..15", "2.15;", "-2.15", f"2.1{'a' * 99};", "٢.١٥"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(versions.VersionError, match=r"is no version of TensorFlow such as 2\.21; measured are 2\.15, "):
        versions.parse(text)
    for ask in (tfgradlint.check, tfgradlint.predict):
        with pytest.raises(ValueError, match="is no version"):
            ask(FAULTY, tensorflow_version=text)


def install(folder: Path, distribution: str, version: str) -> None:
    """Makes a folder look to Python as if a distribution were installed in it."""
    info = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder from which this process imports; what it needs has been imported."""
    importlib.metadata.version("flake8")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path


def installed() -> str | None:
    """What is found now, not what was found before."""
    found: str | None = versions.installed.__wrapped__()
    return found


@pytest.mark.parametrize("distribution", ["tensorflow", "tensorflow-cpu", "tensorflow-intel", "tf-nightly"])
def test_the_installed_version_is_that_of_the_metadata(site: Path, distribution: str) -> None:
    assert installed() is None
    install(site, distribution, "2.16.2")
    assert installed() == "2.16.2"


def test_what_is_named_alike_is_not_tensorflow(site: Path) -> None:
    install(site, "tensorflow-datasets", "4.9.9")
    install(site, "tensorflow-probability", "0.25.0")
    assert installed() is None


def test_a_version_that_is_none_is_passed_over(site: Path) -> None:
    install(site, "tensorflow", "unknown")
    install(site, "tf-nightly", "2.18.0.dev20240901")
    assert installed() == "2.18.0.dev20240901"


def test_the_installed_version_is_gone_by_and_the_newest_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "installed", lambda: "2.16.2")
    assert versions.choose() == (2, 16)
    assert versions.choose("2.20") == (2, 20)
    monkeypatch.setattr(versions, "installed", lambda: None)
    assert versions.choose() == (2, 21)
    assert load() is load("2.21")
    assert load() is not load("2.20")


def test_looking_for_the_version_imports_nothing_of_tensorflow(tmp_path: Path) -> None:
    install(tmp_path, "tensorflow", "2.16.2")
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('imported')\n")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from tfgradlint.knowledge import load, versions; "
        "load(); print(versions.installed(), versions.choose(), 'tensorflow' in sys.modules)"
    )
    run = python("-c", program)
    assert (run.stdout, run.stderr) == ("2.16.2 (2, 16) False\n", "")


# -- asked for by the user


@pytest.mark.parametrize(("version", "verdict"), [("2.15", "raises"), ("2.21", "none")])
def test_the_command_goes_by_the_version_that_is_asked_for(differing: Path, version: str, verdict: str) -> None:
    run = command("predict", "--tensorflow-version", version, "differs.py", cwd=differing)
    assert run.stdout.splitlines()[0] == f"differs.py:6:12: gradient: {verdict}"
    codes = {"raises": "TFG304", "none": "TFG301"}
    run = command("check", "--tensorflow-version", version, "differs.py", cwd=differing)
    assert [line.split()[1] for line in run.stdout.splitlines()] == [codes[verdict]]


def test_so_does_the_function(differing: Path) -> None:
    for version, code in (("2.15.1", "TFG304"), ("2.21", "TFG301")):
        assert [finding.code for finding in tfgradlint.check(DIFFERS, tensorflow_version=version)] == [code]


@pytest.mark.parametrize("arguments", [["check", "differs.py"], ["predict", "differs.py"], ["op", "tf.round"]])
def test_the_command_refuses_what_is_no_version(differing: Path, arguments: list[str]) -> None:
    run = command(*arguments, "--tensorflow-version", "newest", cwd=differing)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("tfgradlint: --tensorflow-version: 'newest' is no version of TensorFlow such as ")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(("version", "code"), [("2.15", "TFG304"), ("2.21.0", "TFG301")])
def test_flake8_goes_by_its_option(differing: Path, version: str, code: str) -> None:
    run = flake8("--select", "TFG", "--tensorflow-version", version, "differs.py", cwd=differing)
    assert [line.split()[1] for line in run.stdout.splitlines()] == [code]


@pytest.mark.parametrize(("version", "code"), [("2.15", "TFG304"), ("2.21.0", "TFG301")])
@pytest.mark.parametrize("key", ["tensorflow-version", "tensorflow_version"])
def test_flake8_goes_by_its_configuration(differing: Path, version: str, code: str, key: str) -> None:
    (differing / "settings.cfg").write_text(f"[flake8]\nselect = TFG\n{key} = {version}\n")
    run = flake8("--config", "settings.cfg", "differs.py", cwd=differing)
    assert [line.split()[1] for line in run.stdout.splitlines()] == [code]
    run = flake8("--config", "settings.cfg", "--tensorflow-version", "2.15", "differs.py", cwd=differing)
    assert [line.split()[1] for line in run.stdout.splitlines()] == ["TFG304"]


def test_every_process_of_flake8_goes_by_it(differing: Path) -> None:
    for number in range(6):
        (differing / f"differs_{number}.py").write_text(DIFFERS)
    run = flake8("--select", "TFG", "--jobs", "3", "--tensorflow-version", "2.15", ".", cwd=differing)
    assert [line.split()[1] for line in run.stdout.splitlines()] == ["TFG304"] * 7


def test_flake8_refuses_what_is_no_version_in_one_line(differing: Path) -> None:
    run = flake8("--select", "TFG", "--tensorflow-version", "2", "differs.py", cwd=differing)
    assert run.returncode == 1
    assert "--tensorflow-version: '2' is no version of TensorFlow such as 2.21" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_the_tests_ask_for_a_tensorflow_that_was_measured() -> None:
    major, minor = MEASURED[-1]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    asked = [line.strip() for line in text.splitlines() if line.lstrip().startswith(('"tensorflow<', '"tf-keras<'))]
    assert asked == [f'"{name}<{major}.{minor + 1}",' for name in ("tensorflow", "tf-keras")]


# -- how the data is kept


def measured(version: str, entries: dict[str, str], aliases: dict[str, str] | None = None) -> writing.Measured:
    """Made-up data of a version: the word for the gradient of each callable."""
    made = {
        name: {"params": ["x"], "cases": [{"outputs": [{"effects": {"x": word}}]}]} for name, word in entries.items()
    }
    return writing.Measured({"tensorflow": version}, aliases or {}, made, {})


OLD = measured("2.1.0", {"tf.gone": "none", "tf.same": "flows", "tf.changed": "none"}, {"tf.other": "tf.same"})
MIDDLE = measured("2.3.1", {"tf.same": "flows", "tf.changed": "none", "tf.new": "zero"}, {"tf.other": "tf.same"})
NEW = measured("2.4.0", {"tf.same": "flows", "tf.changed": "flows", "tf.new": "zero"}, {"tf.more": "tf.new"})


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("order", list(permutations((OLD, MIDDLE, NEW))))
def test_versions_may_be_measured_in_any_order(tmp_path: Path, order: tuple[writing.Measured, ...]) -> None:
    for one in order:
        writing.add(one, tmp_path)
    found = writing.stored(tmp_path)
    assert {version: (one.aliases, one.entries) for version, one in found.items()} == {
        one.version: (one.aliases, one.entries) for one in (OLD, MIDDLE, NEW)
    }
    assert set(files(tmp_path)) == {
        *("tensorflow.json", "unmeasured.txt", "older/2.3.json", "older/2.3.txt"),
        *("older/2.1.json", "older/2.1.txt"),
    }
    older = json.loads((tmp_path / "older" / "2.1.json").read_text("utf-8"))
    assert older["callables"] == {"tf.gone": OLD.entries["tf.gone"], "tf.new": None}, "only what differs from 2.3"
    assert older["aliases"] == {}
    before = files(tmp_path)
    writing.add(MIDDLE, tmp_path)
    assert files(tmp_path) == before


def test_the_loader_reads_what_was_written(tmp_path: Path) -> None:
    for one in (OLD, NEW, MIDDLE):
        writing.add(one, tmp_path)
    newest = tmp_path / "tensorflow.json"
    middle, old = tmp_path / "older" / "2.3.json", tmp_path / "older" / "2.1.json"
    for paths, one in (([newest], NEW), ([newest, middle], MIDDLE), ([newest, middle, old], OLD)):
        data = Knowledge(paths)
        assert set(data.names()) == set(one.entries)
        assert dict(data.aliases()) == one.aliases
        assert data.measured == one.distributions
        for name, entry in one.entries.items():
            known = data.get(name)
            assert known is not None
            assert known.cases[0].outputs[0].effects == entry["cases"][0]["outputs"][0]["effects"]


def test_another_leading_name_is_no_difference(tmp_path: Path) -> None:
    writing.add(measured("2.4.0", {"tf.long": "flows"}, {"tf.short": "tf.long"}), tmp_path)
    writing.add(measured("2.3.0", {"tf.short": "flows"}, {"tf.long": "tf.short"}), tmp_path)
    older = json.loads((tmp_path / "older" / "2.3.json").read_text("utf-8"))
    assert (older["aliases"], older["callables"]) == ({}, {})


def test_what_is_unmeasured_in_the_newest_too_is_not_repeated(tmp_path: Path) -> None:
    for version, reasons in (("2.4.0", {"tf.a": "why"}), ("2.3.0", {"tf.a": "why", "tf.b": "not there: why"})):
        writing.add(writing.Measured({"tensorflow": version}, {}, dict(NEW.entries), reasons), tmp_path)
    lines = (tmp_path / "older" / "2.3.txt").read_text("utf-8").splitlines()
    assert lines[2:] == ["tf.b: not there: why"]
    assert writing.stored(tmp_path)[2, 3].unmeasured == {"tf.b": "not there: why"}


def test_nothing_that_is_equal_is_repeated() -> None:
    everything = sorted(writing.stored().items(), reverse=True)
    assert tuple(version for version, _ in reversed(everything)) == MEASURED
    for (_, newer), (version, _) in pairwise(everything):
        text = (FOLDER / "older" / f"{versions.name(version)}.json").read_text("utf-8")
        data = json.loads(text)
        for part, whole in ((data["aliases"], newer.aliases), (data["callables"], newer.entries)):
            assert list(part) == sorted(part)
            assert not [name for name, value in part.items() if whole.get(name) == value]
        assert text.count("\n") == 7 + max(1, len(data["aliases"])) + max(1, len(data["callables"])), "a line for each"


def test_older_versions_are_nearly_as_well_known() -> None:
    for version in MEASURED:
        data = load(versions.name(version))
        assert data.measured["tensorflow"].startswith(f"{versions.name(version)}.")
        own = [name for name in data.names() if name.startswith(("tf.", "numpy."))]
        assert len(own) > 1100, version
    assert load("2.15").get("keras.ops.mean") is None, "Keras 2 has none"
    assert load("2.16").get("keras.ops.mean") is not None


# -- how versions are told apart


def known(*cases: Case) -> OperationFacts:
    params = (Param("x", "positional", True), Param("method", "positional", False, "'a'"))
    return OperationFacts("tf.f", params, (*cases, Case({}, "single", (), (Output(effects={"x": "flows"}),))))


def case(word: str, *methods: str) -> Case:
    return Case({"method": methods} if methods else {}, "single", (), (Output(effects={"x": word}),))


def test_a_condition_written_in_another_way_is_no_change() -> None:
    one = OperationFacts("tf.f", known().params, (case("none", "b", "c"), case("flows", "a")))
    other = OperationFacts("tf.f", known().params, (case("none", "c"), case("none", "b"), case("flows", "a")))
    assert changes(one, other) == ()


def test_a_change_is_told_where_it_is() -> None:
    one = OperationFacts("tf.f", known().params, (case("none", "b", "c"), case("flows", "a")))
    other = OperationFacts("tf.f", known().params, (case("flows", "b"), case("none", "c"), case("flows", "a")))
    (change,) = changes(one, other)
    assert (change.what(), change.before, change.after) == (
        "gradient with respect to x, where method='b'",
        *("none", "flows"),
    )
    (change,) = changes(
        OperationFacts("tf.f", known().params, (case("zero"),)), OperationFacts("tf.f", known().params, (case("none"),))
    )
    assert (change.what(), change.before, change.after) == ("gradient with respect to x", "zero", "none")


def test_what_one_version_does_not_tell_is_no_change() -> None:
    empty = Case({}, "single", (), (Output(),))
    assert changes(OperationFacts("tf.f", known().params, (empty,)), known()) == ()


def test_a_call_that_raises_is_a_change() -> None:
    raising = OperationFacts("tf.f", known().params, (Case({}, "raises:AttributeError", (), ()),))
    (change,) = changes(raising, known())
    assert (change.what(), change.before, change.after) == ("the call", "raises:AttributeError", "returns")


def test_another_form_of_the_gradient_is_a_change() -> None:
    dense, sparse = (Output(effects={"x": "flows"}, slices=slices) for slices in ((), ("x",)))
    one, other = (
        OperationFacts("tf.f", known().params, (Case({}, "single", (), (each,)),)) for each in (dense, sparse)
    )
    (change,) = changes(one, other)
    assert (change.what(), change.before, change.after) == (
        "form of the gradient with respect to x",
        *("dense", "IndexedSlices"),
    )
    assert changes(one, one) == ()


@pytest.mark.parametrize("major", [2, 3])
def test_layers_are_those_of_the_nearest_measured_version(major: int) -> None:
    for version in MEASURED:
        measured = versions.parse(load_layers(major, version).measured["tensorflow"])
        assert measured <= version or measured == min(
            versions.parse(load_layers(major, other).measured["tensorflow"]) for other in MEASURED
        )
    assert versions.parse(load_layers(major, (2, 99)).measured["tensorflow"]) == MEASURED[-1]
    assert load_layers(2, (2, 15)).measured["keras"].startswith("2.")
    assert load_layers(3, (2, 16)).measured["keras"].startswith("3.")
