"""The plugin in the real flake8."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import FAULTY, REPAIRED, command, flake8, python

pytestmark = pytest.mark.python

FOUND = "faulty.py:7:26: TFG202 "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "faulty.py").write_text(FAULTY)
    (tmp_path / "repaired.py").write_text(REPAIRED)
    return tmp_path


def with_comment(comment: str) -> str:
    """The faulty program with a comment on the line of the finding."""
    return FAULTY.replace("* x)", f"* x)  {comment}")


def test_reports_the_break_and_nothing_in_the_twin(folder: Path) -> None:
    run = flake8("--select", "TFG", "faulty.py", "repaired.py", cwd=folder, apart=True)
    assert run.stdout.startswith(FOUND)
    assert run.stdout.count("\n") == 1
    assert "tape.gradient(loss, w) on line 8 returns None" in run.stdout
    assert (run.returncode, run.stderr) == (1, "")


def test_is_selected_by_default_beside_the_other_checks(folder: Path) -> None:
    (folder / "faulty.py").write_text(FAULTY + "unused = lambda: None\n")
    run = flake8("faulty.py", cwd=folder)
    assert [line.split()[1] for line in run.stdout.splitlines()] == ["TFG202", "E731"]


@pytest.mark.parametrize(
    ("before", "column"),
    [
        pytest.param("", 26, id="plain"),
        pytest.param("ü = 'ключ'; ", 38, id="characters of several bytes count once"),
        pytest.param("s = '\U0001f9ee'; ", 35, id="characters beyond the basic plane count once"),
    ],
)
def test_column_counts_characters_from_one(tmp_path: Path, before: str, column: int) -> None:
    program = FAULTY.replace("    loss", f"    {before}loss")
    assert program.splitlines()[6].index("np.square") + 1 == column
    (tmp_path / "program.py").write_text(program, "utf-8")
    run = flake8("--select", "TFG", "program.py", cwd=tmp_path)
    assert run.stdout.startswith(f"program.py:7:{column}: TFG202 ")


def test_a_tab_is_one_column(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(FAULTY.replace("    loss", "\tloss"))
    assert flake8("--select", "TFG", "program.py", cwd=tmp_path).stdout.startswith("program.py:7:23: TFG202 ")


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: TFG202", "# NOQA:TFG2", "# noqa: E501,TFG202"])
def test_noqa_on_the_line_silences(tmp_path: Path, comment: str) -> None:
    (tmp_path / "program.py").write_text(with_comment(comment))
    run = flake8("--select", "TFG", "program.py", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (0, "")


@pytest.mark.parametrize("comment", ["# noqa: TFG301", "# noqa: E501", "# no quarrel"])
def test_other_comments_do_not(tmp_path: Path, comment: str) -> None:
    (tmp_path / "program.py").write_text(with_comment(comment))
    assert " TFG202 " in flake8("--select", "TFG", "program.py", cwd=tmp_path).stdout


def test_flake8_noqa_silences_the_file(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("# flake8: noqa\n" + FAULTY)
    assert flake8("--select", "TFG", "program.py", cwd=tmp_path).stdout == ""


def test_select_and_ignore_go_by_prefix(folder: Path) -> None:
    assert flake8("--select", "TFG2", "faulty.py", cwd=folder).stdout.startswith(FOUND)
    assert flake8("--select", "TFG3", "faulty.py", cwd=folder).stdout == ""
    assert flake8("--extend-ignore", "TFG20", "faulty.py", cwd=folder).stdout == ""


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (("--select", "TFG"), False),
        (("--extend-select", "TFG"), False),
        (("--select", "TFG,TFG9"), True),
        (("--extend-select", "TFG90"), True),
        (("--extend-select", "TFG901"), True),
        (("--extend-select", "TFG903"), False),
    ],
)
def test_an_opt_in_code_is_on_where_it_is_named_here_and_in_the_command(
    tmp_path: Path, flags: tuple[str, str], found: bool
) -> None:
    (tmp_path / "idle.py").write_text("x = 1  # noqa: TFG202\n")
    run = flake8(*flags, "idle.py", cwd=tmp_path)
    assert run.stdout.startswith("idle.py:1:16: TFG901 ") is found
    assert command("check", *flags, "idle.py", cwd=tmp_path).stdout == run.stdout


LOSS = """import tensorflow as tf


def miss_loss(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_true - tf.round(y_pred)))
"""


@pytest.mark.parametrize(
    ("flags", "found"),
    [((), False), (("--select", "TFG"), False), (("--extend-select", "TFG903"), True), (("--select", "TFG9"), True)],
)
def test_losses_are_tried_where_they_are_asked_for_here_and_in_the_command(
    tmp_path: Path, flags: tuple[str, ...], found: bool
) -> None:
    (tmp_path / "losses.py").write_text(LOSS, encoding="utf-8")
    for run in (flake8("losses.py", *flags, cwd=tmp_path), command("check", "losses.py", *flags, cwd=tmp_path)):
        assert ("losses.py:5:43: TFG903 tf.round() leaves this loss" in run.stdout) is found


def test_per_file_ignores_and_configuration_file(folder: Path) -> None:
    (folder / "other.py").write_text(FAULTY)
    (folder / "setup.cfg").write_text("[flake8]\nselect = TFG\nper-file-ignores =\n    faulty.py: TFG202\n")
    run = flake8("--config", "setup.cfg", "faulty.py", "other.py", cwd=folder)
    assert [line.split()[0] for line in run.stdout.splitlines()] == ["other.py:7:26:"]


def test_standard_input(folder: Path) -> None:
    run = flake8("--select", "TFG", "--stdin-display-name", "notes.py", "-", stdin=FAULTY, cwd=folder)
    assert run.stdout.startswith("notes.py:7:26: TFG202 ")
    assert run.returncode == 1


def test_several_jobs_give_what_one_gives(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"program{number}.py").write_text(FAULTY if number % 2 else REPAIRED)
    one, two = (flake8("--select", "TFG", "--jobs", jobs, ".", cwd=tmp_path) for jobs in "12")
    assert one.stdout == two.stdout
    assert one.stdout.count(" TFG202 ") == 4
    assert two.stderr == ""


#: Runs flake8 with an analysis that fails on every file.
FAILING = """
import sys
import tfgradlint.analysis.analysis
def fail(text, *options, **named):
    raise RecursionError("too deep\\nin two lines")
tfgradlint.analysis.analysis.analyse = fail
from flake8.main.cli import main
sys.exit(main(["--isolated", "--jobs=1", "--select=TFG,F", "faulty.py", "unused.py"]))
"""


def test_a_fault_of_the_analysis_is_one_finding_a_file(folder: Path) -> None:
    (folder / "unused.py").write_text("import os\n" + REPAIRED)
    run = python("-c", FAILING, cwd=folder)
    codes = [line.split()[:2] for line in run.stdout.splitlines()]
    assert codes == [["faulty.py:1:1:", "TFG001"], ["unused.py:1:1:", "F401"], ["unused.py:1:1:", "TFG001"]]
    assert "RecursionError: too deep in two lines" in run.stdout
    assert (run.returncode, run.stderr) == (1, "")


HEAVY = ("libcst", "numpy", "tensorflow", "keras", "tfgradlint.analysis.analysis", "tfgradlint.flow")

#: Prints the heavy modules that were imported, first after the import, then after an irrelevant file.
IMPORTED = f"""
import ast, sys
from tfgradlint.plugin import Plugin
print([name for name in {HEAVY!r} if name in sys.modules])
text = "import os\\nprint(os.name)\\n"
assert list(Plugin(ast.parse(text), text.splitlines(True), "program.py").run()) == []
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_imports_nothing_heavy_until_a_file_asks_for_gradients(tmp_path: Path) -> None:
    run = python("-c", IMPORTED, cwd=tmp_path)
    assert run.stdout == "[]\n[]\n", run.stderr


def test_never_imports_tensorflow_nor_the_users_code(tmp_path: Path) -> None:
    text = "import marker\n" + FAULTY
    (tmp_path / "marker.py").write_text("raise SystemExit('the user code was imported')")
    program = (
        "import ast, sys; from tfgradlint.plugin import Plugin; text = sys.stdin.read();"
        "print(len(list(Plugin(ast.parse(text), text.splitlines(True), '-').run())));"
        "print([name for name in ('tensorflow', 'numpy', 'keras', 'marker') if name in sys.modules])"
    )
    run = python("-c", program, stdin=text, cwd=tmp_path)
    assert run.stdout == "1\n[]\n", run.stderr
