"""What no analysis can be proud of: broken, strange and huge input, in the real programs.

The program in each of these files is sound apart from the strange part, so any finding but TFG001 is wrong.
"""

from __future__ import annotations

import ast
import json
import re
import threading
from pathlib import Path

import pytest
from processes import FAULTY, REPAIRED, Finished, command, flake8, python

from tfgradlint import check

pytestmark = pytest.mark.python

HEAD = """\
import tensorflow as tf

w = tf.Variable(1.0)
with tf.GradientTape() as tape:
    loss = w * 2.0
"""
REQUEST = "gradient = tape.gradient(loss, w)\n"
SOUND = HEAD + REQUEST

#: Text that Python's own parser refuses, or that this version of it may refuse.
REFUSED: dict[str, str | bytes] = {
    "open bracket": HEAD + "x = (\n",
    "bad indentation": HEAD + "  x = 1\n" + REQUEST,
    "merge conflict": HEAD + "<<<<<<< ours\n" + REQUEST + "=======\n" + REQUEST + ">>>>>>> theirs\n",
    "Python 2": SOUND + "print 'done'\n",
    "NUL byte": SOUND + "x = 1\0\n",
    "ends in a backslash": SOUND + "x = 1 + \\",
    "5000 brackets": SOUND + "x = " + "(" * 5000 + "1" + ")" * 5000 + "\n",
    "5000 open brackets": SOUND + "x = " + "[" * 5000 + "\n",
    "5000 brackets without a request": "x = " + "(" * 5000 + "1" + ")" * 5000 + "\n",
    "5000 nested lists": SOUND + "x = " + "[" * 5000 + "]" * 5000 + "\n",
    "200 nested blocks": SOUND + "".join(" " * i + "if w:\n" for i in range(200)) + " " * 200 + "pass\n",
}

#: Text that Python accepts, up to its own limits.
STRANGE: dict[str, str | bytes] = {
    "empty": "",
    "one newline": "\n",
    "only a comment": "# GradientTape",
    "no newline at the end": SOUND.rstrip("\n"),
    "byte-order mark": b"\xef\xbb\xbf" + SOUND.encode(),
    "byte-order mark alone": b"\xef\xbb\xbf",
    "CRLF": SOUND.replace("\n", "\r\n"),
    "CR": SOUND.replace("\n", "\r"),
    "mixed newlines": SOUND.replace("\n", "\r\n", 3),
    "tabs": SOUND.replace("    ", "\t"),
    "form feeds": HEAD + "\f\n\f" + REQUEST,
    "latin-1": b"# -*- coding: latin-1 -*-\n" + SOUND.encode() + "s = 'caf\xe9'\n".encode("latin-1"),
    "names that are no ASCII": SOUND.replace("loss", "поте́ря"),
    "lone surrogate in a string": SOUND + "s = '\\ud800'\n",
    "150 brackets": SOUND + "x = " + "(" * 150 + "1" + ")" * 150 + "\n",
    "sum of 500 terms": HEAD + "    loss = " + " + ".join(["w"] * 500) + "\n" + REQUEST,
    "sum of 900 terms": HEAD + "    loss = " + " + ".join(["w"] * 900) + "\n" + REQUEST,
    "sum of 5000 terms": HEAD + "    loss = " + " + ".join(["w"] * 5000) + "\n" + REQUEST,
    "chain of 900 attributes": SOUND + "x = w" + ".y" * 900 + "\n",
    "chain of 5000 attributes": SOUND + "x = w" + ".y" * 5000 + "\n",
    "chain of 900 calls": SOUND + "x = w" + "(1)" * 900 + "\n",
    "900 elif": SOUND + "if w:\n    pass\n" + "elif w:\n    pass\n" * 900,
    "900 not": SOUND + "x = " + "not " * 900 + "w\n",
    "5000 signs": SOUND + "x = " + "-" * 5000 + "1\n",
    "90 lambdas": SOUND + "x = " + "lambda: " * 90 + "1\n",
    "300 conditional expressions": SOUND + "x = " + "1 if w else " * 300 + "2\n",
    "20000 list items": SOUND + "x = [" + "w, " * 20000 + "]\n",
    "3000 statements in the tape": HEAD + "    loss = loss + w\n" * 3000 + REQUEST,
    "function that calls itself": SOUND + "def f(x):\n    return f(x) + f(2 * x)\ny = f(w)\n",
    "functions that call each other": SOUND + "def f(x):\n    return g(x)\ndef g(x):\n    return f(x)\ny = f(w)\n",
    "lambda that calls itself": SOUND + "f = lambda x: f(f(x))\ny = f(w)\n",
    "class of itself": SOUND + "class A:\n    def __init__(self):\n        self.a = A()\na = A()\n",
    "list that holds itself": SOUND + "a = []\na.append(a)\nfor x in a:\n    y = tf.stack(a)\n",
    "helpers that branch ever more": SOUND
    + "def f0(x):\n    return x\n"
    + "".join(f"def f{n}(x):\n    return f{n - 1}(x) + f{n - 1}(x + 1)\n" for n in range(1, 40))
    + "y = f39(w)\n",
    "endless loop": SOUND + "while True:\n    loss = loss + w\n",
    "60 branches in a row": HEAD + "    if loss > 0:\n        loss = loss * w\n" * 60 + REQUEST,
    "20 nested loops": HEAD
    + "".join("    " * n + f"for i{n} in range(9):\n" for n in range(1, 20))
    + "    " * 20
    + "loss = loss + w\n"
    + REQUEST,
}

ALL = {**REFUSED, **STRANGE}


def save(folder: Path, text: str | bytes) -> Path:
    path = folder / "program.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return path


def accepted(text: str | bytes) -> bool:
    """Whether this Python's parser takes the text."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def lines_of(run: Finished) -> list[str]:
    """The findings put out, of the form that is promised, with no traceback; beside notes on what takes too long."""
    assert run.returncode in (0, 1), run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    lines = run.stdout.splitlines()
    notes = [line for line in lines if re.match(r"\S+:\d+:\d+: note: .* more steps than the budget allows", line)]
    found = [line for line in lines if line not in notes]
    assert [line for line in found if not re.match(r"\S+:\d+:\d+: (TFG001|E999|E902) \S", line)] == []
    return found


@pytest.mark.parametrize("name", ALL)
def test_check_reports_what_it_could_not_judge_and_no_more(tmp_path: Path, name: str) -> None:
    run = command("check", save(tmp_path, ALL[name]))
    lines = lines_of(run)
    assert run.stderr == ""
    assert run.returncode == bool(lines)
    if not accepted(ALL[name]):
        assert len(lines) == 1


@pytest.mark.parametrize("name", REFUSED)
def test_refused_text_is_refused(name: str) -> None:
    assert not accepted(REFUSED[name])


def test_predict_of_all_together(tmp_path: Path) -> None:
    for number, text in enumerate(ALL.values()):
        (tmp_path / str(number)).mkdir()
        save(tmp_path / str(number), text)
    run = command("predict", "--output-format", "json", tmp_path)
    assert "Traceback" not in run.stderr
    assert run.returncode == 2
    refused = {line.split(": ")[1].split(":")[0] for line in run.stderr.splitlines()}
    due = {str(tmp_path / str(number) / "program.py") for number, text in enumerate(ALL.values()) if not accepted(text)}
    assert due <= refused
    predicted = json.loads(run.stdout)
    assert {one["verdict"] for one in predicted} <= {"flows", "unknown"}
    assert not due & {one["path"] for one in predicted}


#: flake8 with pyflakes put to sleep: its own recursion ends flake8 on deep text, whatever our plugin does.
WITHOUT_PYFLAKES = """
import sys
from flake8.plugins.pyflakes import FlakesChecker
from flake8.main.cli import main
def rest(self, tree, filename):
    pass
FlakesChecker.__init__ = rest
FlakesChecker.run = lambda self: iter(())
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("name", ALL)
def test_plugin(tmp_path: Path, name: str) -> None:
    path = save(tmp_path, ALL[name])
    run = python("-c", WITHOUT_PYFLAKES, "--isolated", "--jobs=1", "--select=TFG,E9", path)
    # flake8's own call of ast.parse ends it, the second on older Pythons
    if "maximum recursion depth exceeded during" in run.stderr or "cannot contain null bytes" in run.stderr:
        assert not accepted(ALL[name])
        assert "tfgradlint" not in run.stderr
        return
    assert (bool(lines_of(run)), run.stderr) == (run.returncode == 1, "")


@pytest.mark.parametrize(
    "deep",
    [
        "x = " + " + ".join(["a"] * 500),
        "x = a" + ".b" * 500,
        "x = " + "-" * 500 + "1",
        "x = a" + "(1)" * 500,
        "if a:\n        pass\n" + "    elif a:\n        pass\n" * 400,
    ],
    ids=["sum", "attributes", "signs", "calls", "elif"],
)
def test_one_deep_function_does_not_hide_a_fault_elsewhere(tmp_path: Path, deep: str) -> None:
    text = FAULTY + f"\n\ndef deep(a):\n    {deep}\n    return 0\n"
    run = command("check", save(tmp_path, text))
    assert "program.py:7:26: TFG202 " in run.stdout
    assert {line.split()[1] for line in run.stdout.splitlines()} <= {"TFG202", "TFG001"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-8 CRLF"])
def test_position_does_not_depend_on_the_encoding(tmp_path: Path, encoding: str) -> None:
    coding = "# coding: latin-1\n" if encoding == "latin-1" else "# a comment\n"
    text = coding + FAULTY.replace("    loss", "    é = 1; loss")
    data = text.replace("\n", "\r\n").encode() if encoding.endswith("CRLF") else text.encode(encoding)
    path = save(tmp_path, data)
    for run in (command("check", path), flake8("--select", "TFG", path)):
        assert f"{path}:8:33: TFG202 " in run.stdout


def test_undecodable_text_is_an_error_of_the_command_and_no_crash_of_flake8(tmp_path: Path) -> None:
    path = save(tmp_path, REPAIRED.encode() + b"s = '\xff\xfe'\n")
    run = command("check", path)
    assert (run.returncode, run.stdout) == (2, "")
    line = REPAIRED.count("\n") + 1
    assert run.stderr == f"tfgradlint: {path}: line {line} is not utf-8; name the encoding in a coding line\n"
    assert flake8("--select", "TFG,E9", path).stderr == ""


@pytest.mark.parametrize("coding", ["nonsense", "hex"])
def test_an_unknown_coding_line_is_an_error_of_the_command(tmp_path: Path, coding: str) -> None:
    run = command("check", save(tmp_path, f"# coding: {coding}\n{SOUND}"))
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.count("\n") == 1
    assert coding in run.stderr


def test_a_missing_file(tmp_path: Path) -> None:
    missing = tmp_path / "missing.py"
    run = command("check", missing)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"tfgradlint: {missing}: No such file or directory\n"
    assert "E902" in flake8("--select", "TFG,E9", missing).stdout


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "a_broken.py").write_text("x = (\n")
    (tmp_path / "b_faulty.py").write_text(FAULTY)
    run = command("check", ".", cwd=tmp_path)
    assert [line.split()[:2] for line in run.stdout.splitlines()] == [
        ["./a_broken.py:1:5:", "TFG001"],
        ["./b_faulty.py:7:26:", "TFG202"],
    ]


def test_a_warning_of_python_about_the_text_is_not_printed(tmp_path: Path) -> None:
    run = command("check", save(tmp_path, SOUND + "s = '\\d'\nassert (1, 'x')\n"))
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_a_deep_file_is_not_judged_where_there_is_no_memory_for_its_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    deep = "x = " + "-" * 400 + "1\n"  # more than what is parsed on the stack that is there
    [finding] = check("import tensorflow as tf\ntape = tf.GradientTape()\n" + deep)
    assert finding.code == "TFG001"
    assert "there is no memory for the stack" in finding.message
