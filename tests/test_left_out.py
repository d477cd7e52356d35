"""What takes more steps than the budget allows is said, costs nothing else its verdict, and may have done anything."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from editor import Editor
from lsprotocol.types import DiagnosticSeverity
from processes import FAULTY, REPAIRED, command, flake8
from test_formats import SCHEMA
from test_server import NAME, edit

from tfgradlint.analysis import analysis
from tfgradlint.analysis.analysis import analyse
from tfgradlint.analysis.results import Analysis

#: Each calls the one before it twice: a call of the last one takes more steps than any budget has.
HELPERS = "import tensorflow as tf\n\n\ndef f0(x):\n    return tf.tanh(x)\n\n\n" + "".join(
    f"def f{n}(x):\n    return f{n - 1}(x) + f{n - 1}(x)\n\n\n" for n in range(1, 40)
)
#: What nothing calls, and takes too long by itself.
TUNE = """
def tune(w):
    with tf.GradientTape() as tape:
        loss = f39(w)
    return tape.gradient(loss, w)
"""
#: Where ``tune`` begins in a file of these two, and how many lines they have.
PLACE = HELPERS.count("\n") + 2
LEFT_OUT = HELPERS + TUNE
WHY = "was not judged in full: more steps than the budget allows"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part has its own steps only."""
    monkeypatch.setattr(analysis, "_STEPS", 0)
    monkeypatch.setattr(analysis, "_STEPS_PER_CHARACTER", 0)


def verdicts(found: Analysis) -> list[str]:
    return [each.verdict for each in found.predictions]


def lines(found: Analysis) -> list[tuple[str, int]]:
    return [(each.code, each.position.line) for each in found.left_out]


# -- what it costs


def test_a_function_costs_no_other_its_verdict(small: None) -> None:
    other = TUNE.replace("tune", "sound").replace("f39(w)", "f1(tf.round(w))")
    found = analyse(LEFT_OUT + other + TUNE.replace("tune", "again"))
    assert verdicts(found) == ["unknown", "none", "unknown"]
    assert [each.code for each in found.findings] == ["TFG301"]
    assert lines(found) == [("TFG002", PLACE), ("TFG002", PLACE + other.count("\n") + TUNE.count("\n"))]
    assert found.left_out[0].message.startswith(f"tune {WHY}")


def test_a_statement_costs_no_other_its_verdict(small: None) -> None:
    script = """
w = tf.Variable(1.0)
with tf.GradientTape() as tape:
    loss = f39(w)
first = tape.gradient(loss, w)
with tf.GradientTape() as tape:
    rounded = tf.round(w)
second = tape.gradient(rounded, w)
"""
    found = analyse(HELPERS + script)
    assert verdicts(found) == ["unknown", "none"]
    assert lines(found) == [("TFG002", PLACE + 1)]


def test_many_nested_loops_are_no_more_than_the_budget_allows() -> None:
    script = FAULTY
    for depth, name in enumerate("abcdef"):
        script += "    " * depth + f"for {name} in range(3):\n"
    script += " " * 24 + "print(w * x)\n" + FAULTY.partition("np.float32))\n")[2]
    found = analyse(script)
    assert verdicts(found) == ["none", "none"]
    assert found.left_out == ()


# -- what it may have done


BEHIND = {
    "a name is bound": ("other = tf.stop_gradient(w)", "other = f39(w)", "tf.square(other)"),
    "a name is bound in a loop": ("b = tf.stop_gradient(w)", "for i in range(f39(w)):\n    b = w", "tf.square(b)"),
    "a name is bound by an import": ("math = tf.round", "with f39(w):\n    from tensorflow import math", "math(w)"),
    "a list is filled": ("b = [tf.stop_gradient(w)]", "for i in range(f39(w)):\n    b[0] = w", "tf.square(b[0])"),
    "a list is filled in a function": (
        "b = [tf.stop_gradient(w)]\ndef fill():\n    b[0] = w",
        "for i in range(f39(w)):\n    fill()",
        "tf.square(b[0])",
    ),
    "an attribute is set": (
        "class B: pass\nb = B()\nb.c = tf.stop_gradient(w)",
        "for i in range(f39(w)):\n    b.c = w",
        "tf.square(b.c)",
    ),
    "a global name is bound": (
        "b = tf.stop_gradient(w)\ndef bind():\n    global b\n    b = w",
        "for i in range(f39(w)):\n    bind()",
        "tf.square(b)",
    ),
}


@pytest.mark.parametrize("name", BEHIND)
def test_it_may_have_changed_what_it_reaches(small: None, name: str) -> None:
    before, left_out, target = BEHIND[name]
    script = f"""
w = tf.Variable(1.0)
with tf.GradientTape(persistent=True) as tape:
    w_ = tf.square(w)
{before}
{left_out}
gradient = tape.gradient({target}, w)
with tf.GradientTape() as later:
    loss = {target}
gradient = later.gradient(loss, w)
"""
    found = analyse(HELPERS + script)
    assert len(found.left_out) == 1
    assert verdicts(found) == ["unknown", "unknown"]
    assert found.findings == ()


def test_a_tape_that_it_sees_may_watch(small: None) -> None:
    script = """
x = tf.constant(1.0)
tape = tf.GradientTape()
tape.__enter__()
if f39(x) > 0:
    tape.watch(x)
loss = x * x
tape.__exit__(None, None, None)
gradient = tape.gradient(loss, x)
"""
    assert verdicts(analyse(HELPERS + script)) == ["unknown"]


def test_what_it_called_is_known_in_part_only(small: None) -> None:
    script = """
w = tf.Variable(1.0)

def step(x):
    with tf.GradientTape() as tape:
        loss = w * x
    return tape.gradient(loss, w)

for turn in range(3):
    step(1.0)
    f39(w)
"""
    assert verdicts(analyse(HELPERS + script)) == ["unknown"]


# -- how it is told


@pytest.fixture
def folder(tmp_path: Path, small: None) -> Path:
    (tmp_path / "search.py").write_text(LEFT_OUT)
    (tmp_path / "faulty.py").write_text(FAULTY)
    (tmp_path / "sound.py").write_text(REPAIRED)
    return tmp_path


NOTE = f"search.py:{PLACE}:1: note: tune {WHY}"


def test_check_tells_it_in_a_note_that_is_no_finding(folder: Path) -> None:
    run = command("check", "search.py", "sound.py", cwd=folder)
    assert run.returncode == 0
    assert run.stdout.startswith(NOTE)
    assert run.stdout.count("\n") == 1
    for name in ("text", "full"):
        run = command("check", "--output-format", name, ".", cwd=folder)
        assert run.stdout.splitlines()[-1].startswith(f"./{NOTE}")
        assert run.returncode == 1


def test_a_comment_silences_the_note(folder: Path) -> None:
    (folder / "search.py").write_text(LEFT_OUT.replace("def tune(w):", "def tune(w):  # noqa: TFG002"))
    assert command("check", "search.py", cwd=folder).stdout == ""


def test_the_last_line_counts_the_file(folder: Path) -> None:
    run = command("check", "search.py", cwd=folder, counted=True)
    assert run.stderr.endswith("; 1 file not judged in full\n")


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ((), False),
        (("--select", "TFG"), False),
        (("--select", "TFG0"), False),
        (("--extend-select", "TFG9"), False),
        (("--extend-select", "TFG002"), True),
        (("--select", "TFG002"), True),
    ],
)
def test_it_is_a_finding_where_its_code_is_named(folder: Path, flags: tuple[str, ...], found: bool) -> None:
    ours, theirs = (
        run(*start, *flags, "search.py", cwd=folder) for run, start in ((command, ("check",)), (flake8, ()))
    )
    place = f"search.py:{PLACE}:1: TFG002 tune {WHY}"
    assert ours.stdout.startswith(place) is found
    assert ("note:" in ours.stdout) is not found
    assert (place in theirs.stdout) is found
    assert ours.returncode == int(found)


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_every_object_of_the_file_has_it(folder: Path, name: str) -> None:
    (folder / "search.py").write_text(FAULTY + LEFT_OUT)
    for run in ("check", "predict"):
        told = command(run, "--output-format", name, "search.py", "faulty.py", cwd=folder).stdout
        rows = json.loads(told) if name == "json" else list(map(json.loads, told.splitlines()))
        assert {row["path"] for row in rows} == {"search.py", "faulty.py"}
        for row in rows:
            parts = [(part["line"], part["column"]) for part in row["left_out"]]
            assert parts == ([(PLACE + FAULTY.count("\n"), 1)] if row["path"] == "search.py" else [])


def test_predict_tells_it_behind_the_requests(folder: Path) -> None:
    run = command("predict", "search.py", cwd=folder)
    assert run.stdout.splitlines()[-1].startswith(NOTE)
    assert "w: unknown" in run.stdout


def test_sarif_has_a_notification(folder: Path) -> None:
    report = json.loads(command("check", "--output-format", "sarif", "search.py", cwd=folder).stdout)
    jsonschema.Draft4Validator(SCHEMA).validate(report)
    (told,) = report["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].startswith("tune was not judged in full")
    assert report["runs"][0]["results"] == []


def test_github_gets_a_notice(folder: Path) -> None:
    (line,) = command("check", "--output-format", "github", "search.py", cwd=folder).stdout.splitlines()
    assert line.startswith(f"::notice file=search.py,line={PLACE},col=1,")


def test_the_editor_shows_it_with_the_lowest_severity(tmp_path: Path) -> None:
    async def use(editor: Editor) -> None:
        editor.open(NAME, LEFT_OUT)
        (found,) = await editor.version(NAME, 1)
        assert (found.code, found.severity) == ("TFG002", DiagnosticSeverity.Information)
        assert found.range.start.line == found.range.end.line == PLACE - 1

    edit(tmp_path, use)
