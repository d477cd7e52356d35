"""``tfgradlint confirm``: programs are run under TensorFlow, and held against what was predicted of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from processes import TIMEOUT, Finished, python

from tfgradlint.analysis.results import Prediction, SourcePrediction
from tfgradlint.confirm import child
from tfgradlint.confirm.comparing import AGREES, CONTRADICTED, NOT_EVALUATED, UNKNOWN, Observed, Row
from tfgradlint.confirm.observations import Order, Report

HELPER = """\
import tensorflow as tf


def rounded(w):
    return tf.reduce_sum(tf.reshape(tf.round(w), tf.shape(w)))
"""
STORY = """\
import sys

import numpy as np
import tensorflow as tf
from helper import rounded

w = tf.Variable(np.linspace(0.0, 2.0, 2, dtype=np.float32))
c = tf.constant([3.0, 4.0])
before = w * 2.0


def ask(loss, source):
    with tf.GradientTape() as tape:
        value = loss()
    return tape.gradient(value, source)  # 15


def root():
    return tf.reduce_sum(tf.sqrt(w))  # 19


ask(root, w)

with tf.GradientTape() as tape:
    loss = rounded(w)
tape.gradient(loss, w)  # 26

with tf.GradientTape() as tape:
    loss = tf.reduce_sum(before)
tape.gradient(loss, w)  # 30

with tf.GradientTape() as tape:
    loss = tf.reduce_sum(c * c)
tape.gradient(loss, c)  # 34

with tf.GradientTape() as tape:
    loss = tf.reduce_sum(np.square(w) * w)
    other = tf.reduce_sum(np.square(w))
tape.gradient(loss, w)  # 39


@tf.function
def step():
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(w * w)
    return tape.gradient(loss, w)  # 46


for turn in range(int(sys.argv[1])):
    step()
print("the program's own words")
sys.exit(3)
"""


def confirm(*arguments: str | Path, cwd: Path) -> Finished:
    return python("-m", "tfgradlint", "confirm", *arguments, cwd=cwd)


def requests(run: Finished) -> Mapping[int, dict[str, Any]]:
    """The requests of a run that gave JSON, by line."""
    return {each["line"]: each for each in json.loads(run.stdout)["requests"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    (folder / "helper.py").write_text(HELPER)
    (folder / "story.py").write_text(STORY)
    return folder


@pytest.fixture(scope="module")
def story(folder: Path) -> Finished:
    return confirm("--output-format", "json", "story.py", "4", cwd=folder)


def test_the_program_gets_its_arguments_and_keeps_its_exit_status(story: Finished) -> None:
    told = json.loads(story.stdout)
    assert told["program"]["status"] == 3
    assert told["program"]["stopped"] is None
    assert told["versions"].startswith("TensorFlow ")
    assert "the program's own words" in story.stderr
    assert requests(story)[46]["times"] == 4


def test_what_tensorflow_gave_stands_beside_what_was_predicted(story: Finished) -> None:
    seen = {line: (each["predicted"], each["observed"]) for line, each in requests(story).items()}
    assert seen[26] == seen[30] == seen[34] == ("none", "none")
    assert seen[39] == seen[46] == ("flows", "flows")
    assert seen[15][1] == "nonfinite"
    assert {each["state"] for line, each in requests(story).items() if line != 15} == {AGREES}


@pytest.mark.parametrize(
    ("line", "why", "step", "place"),
    [
        (15, "ends", "Sqrt", ("story.py", 19)),
        (26, "ends", "Round", ("helper.py", 5)),
        (30, "unrecorded", "ReadVariableOp", ("story.py", 9)),
        (34, "unwatched", None, (None, None)),
    ],
)
def test_the_step_is_found_at_which_a_gradient_was_lost(
    story: Finished, line: int, why: str, step: str | None, place: tuple[str | None, int | None]
) -> None:
    (lost,) = requests(story)[line]["lost"]
    assert (lost["why"], lost["step"], (lost["path"], lost["line"])) == (why, step, place)


def test_people_read_a_table_and_below_it_what_nobody_predicted(folder: Path) -> None:
    run = confirm("story.py", "1", cwd=folder)
    lines = run.stdout.splitlines()
    header = next(place for place, line in enumerate(lines) if line.startswith("request "))
    assert lines[header].split() == ["request", "predicted", "observed", "times"]
    assert any(line.split() == ["story.py:26:1:", "gradient", "none", "none", "1", "ok"] for line in lines)
    assert "story.py:15:12: gradient: the gradient is NaN or infinite for source" in lines
    assert "    story.py:19: Sqrt makes it NaN or infinite: return tf.reduce_sum(tf.sqrt(w))  # 19" in lines
    assert lines[-1].endswith("; the program ended with exit status 3")
    assert run.returncode == 1, "one gradient is NaN, and nothing said so before"


def test_a_training_is_stopped_once_enough_was_seen(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "train.py").write_text(
        "import sys\n"
        "import tensorflow as tf\n"
        "layer = tf.keras.layers.Dense(1)\n"
        "model = tf.keras.Sequential([tf.keras.Input((2,)), layer])\n"
        "model.compile('sgd', 'mse')\n"
        "assert sys.argv[1:] == ['--epochs', '9']\n"
        "model.fit(tf.ones((8, 2)), tf.zeros((8, 1)), epochs=10**9, verbose=0)\n"
        "raise ValueError('it ran to its end')\n"
    )
    arguments = ("--output-format", "json", "--requests", "3", "-m", "package.train", "--epochs", "9")
    run = confirm(*arguments, cwd=tmp_path)
    told = json.loads(run.stdout)
    assert told["program"]["stopped"] == "after 3 evaluations of each request"
    (fit,) = told["requests"]
    assert (fit["call"], fit["state"], fit["observed"]) == ("fit", AGREES, "flows")
    assert fit["times"] >= 3
    assert run.returncode == 0


def test_a_prediction_that_is_wrong_is_told_with_what_the_authors_need(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.tfgradlint]\ngradients = { "mylib.halve" = "flows" }\n')
    library = tmp_path / "library"
    library.mkdir()
    (library / "mylib.py").write_text("import tensorflow as tf\ndef halve(x): return tf.round(x / 2.0)\n")
    (tmp_path / "script.py").write_text(
        "import importlib, sys\n"
        "sys.path.append('library' + '')\n"
        "import tensorflow as tf\n"
        "import mylib\n"
        "w = tf.Variable(1.0)\n"
        "with tf.GradientTape() as tape:\n"
        "    loss = mylib.halve(w)\n"
        "gradient = tape.gradient(loss, w)\n"
    )
    run = confirm("script.py", cwd=tmp_path)
    assert "CONTRADICTED" in run.stdout
    report = run.stdout.partition("which is a fault of tfgradlint. Please report:\n")[2].splitlines()
    assert report[0].split()[:3] == ["tfgradlint", "0.1.0,", "TensorFlow"]
    assert report[1].strip() == "gradient = tape.gradient(loss, w)"
    assert report[2].strip() == "w: predicted flows, observed none"
    assert run.returncode == 1


def test_a_program_that_fails_is_told_apart_from_its_requests(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import tensorflow as tf\n"
        "w = tf.Variable(1.0)\n"
        "with tf.GradientTape() as tape:\n"
        "    loss = w * w\n"
        "gradient = tape.gradient(loss, w)\n"
        "def later():\n"
        "    raise KeyError('gone')\n"
        "later()\n"
    )
    run = confirm("script.py", cwd=tmp_path)
    assert run.returncode == 0
    assert "the program ended with exit status 1 (KeyError in script.py, line 7: 'gone')" in run.stdout
    assert "KeyError: 'gone'" in run.stderr
    assert "tfgradlint" not in run.stderr, "the traceback has the program's own frames"


def test_the_cells_of_a_notebook_run_as_one_program(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat", reason="notebooks are read with nbformat")
    cells = [
        "%matplotlib inline\nimport tensorflow as tf\nw = tf.Variable(2.0)",
        "with tf.GradientTape() as tape:\n    y = tf.floor(w)\nprint(tape.gradient(y, w))",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, str(tmp_path / "notebook.ipynb"))
    run = confirm("notebook.ipynb", cwd=tmp_path)
    assert [line for line in run.stdout.splitlines() if line.split()[-1:] == ["ok"]] == [
        "notebook.ipynb:cell 2:3:7: gradient  none       none      1      ok"
    ]
    assert run.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name a file, a notebook, or a module behind -m"),
        (("missing.py",), "missing.py: No such file"),
        (("-m", "missing.module"), "the program did not import TensorFlow, and ended with exit status 1"),
        (("--python", "missing-python", "plain.py"), "missing-python: No such file"),
        (("plain.py",), "plain.py: the program did not import TensorFlow, and ended with exit status 0"),
        (("broken.py",), "ended with exit status 1 (SyntaxError"),
        (("dies.py",), "dies.py: the process ended (exit status 7) and told nothing"),
        (("--requests", "0", "plain.py"), "'0' is no positive number"),
        (("--seconds", "soon", "plain.py"), "'soon' is no positive number of seconds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_run_is_said_in_a_line(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    (tmp_path / "plain.py").write_text("print(1)\n")
    (tmp_path / "broken.py").write_text("print(\n")
    (tmp_path / "dies.py").write_text("import os\nos._exit(7)\n")
    run = confirm(*arguments, cwd=tmp_path)
    assert told in run.stderr
    assert run.returncode == 2


def test_the_programs_python_needs_no_package_besides_its_own(tmp_path: Path) -> None:
    script, report = tmp_path / "script.py", tmp_path / "report.json"
    script.write_text("import sys\nassert not any('site-packages' in each for each in sys.path)\nsys.exit(5)\n")
    order = tmp_path / "order.json"
    Order(report=str(report), target=str(script), folder=str(tmp_path)).save(str(order))
    started = [sys.executable, "-I", "-S", child.__file__, str(order)]
    run = subprocess.run(started, timeout=TIMEOUT, capture_output=True, text=True, check=False)
    assert run.returncode == 5, run.stderr
    assert Report.load(str(report)).ending.status == 5


PYTEST = """\
import pytest
import tensorflow as tf

w = tf.Variable([1.0, 2.0])


def ask(step):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(step(w))
    return tape.gradient(loss, w)


def test_flows():
    assert ask(tf.square) is not None


def test_none():
    ask(tf.round)


@pytest.mark.gradient(allow="none")
def test_allowed():
    ask(tf.round)


compiled = tf.function(lambda: ask(lambda w: tf.sqrt(w - 1.0)))


def test_nan():
    compiled()


def test_nan_again():
    compiled()


def test_not_asked():
    pass


@pytest.mark.gradient(allow="anything")
def test_of_a_wrong_mark():
    pass
"""


def test_a_test_fails_where_a_request_gave_what_it_does_not_expect(tmp_path: Path) -> None:
    (tmp_path / "test_gradients.py").write_text(PYTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tfgradlint.confirm.pytest_plugin", "--tfgradlint", "-rA"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        timeout=TIMEOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    ends = {
        line.split("::")[1].split(" ")[0]: line.partition(" ")[0]
        for line in run.stdout.splitlines()
        if line.startswith(("PASSED", "FAILED", "ERROR"))
    }
    assert ends == {
        "test_flows": "PASSED",
        "test_none": "FAILED",
        "test_allowed": "PASSED",
        "test_nan": "FAILED",
        "test_nan_again": "FAILED",
        "test_not_asked": "PASSED",
        "test_of_a_wrong_mark": "FAILED",
    }
    assert "test_gradients.py:10: gradient is None\n    test_gradients.py:9: Round passes no gradient on" in run.stdout
    assert "test_gradients.py:10: gradient is NaN or infinite" in run.stdout
    assert "'anything' is none of none, nonfinite" in run.stdout


def test_the_page_shows_what_the_command_says(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs/confirm.md").read_text(encoding="utf-8")
    program = page.partition("<!-- file: square_roots.py -->\n```python\n")[2].partition("```")[0]
    told = page.partition("<!-- output: confirm square_roots.py -->\n```text\n")[2].partition("```")[0]
    (tmp_path / "square_roots.py").write_text(program)
    run = confirm("square_roots.py", cwd=tmp_path)
    assert run.stdout.partition("request ")[1:] == ("request ", told.partition("request ")[2])


def row(predicted: str, *words: str, times: int = 1) -> Row:
    source = SourcePrediction("w", predicted)
    prediction = Prediction(1, 1, "gradient", predicted, (source,))
    return Row(("a.py", 1, 1, "gradient"), prediction, (Observed("w", predicted, words, source),), times)


@pytest.mark.parametrize(
    ("row", "state", "unexplained"),
    [
        (row("flows", "flows"), AGREES, ""),
        (row("flows", "flows", "zero"), AGREES, ""),
        (row("flows", "zero"), AGREES, "zero"),
        (row("flows", "flows", "nonfinite"), AGREES, "nonfinite"),
        (row("flows", "flows", "none"), CONTRADICTED, "none"),
        (row("flows", "raises:ValueError"), CONTRADICTED, "raises"),
        (row("arrives", "zero", "flows"), AGREES, ""),
        (row("none", "none"), AGREES, ""),
        (row("none", "zero"), CONTRADICTED, "zero"),
        (row("zero", "flows"), CONTRADICTED, ""),
        (row("raises", "raises:TypeError"), AGREES, ""),
        (row("raises", "flows"), CONTRADICTED, ""),
        (row("unknown", "none"), UNKNOWN, "none"),
        (row("unknown", "flows"), UNKNOWN, ""),
        (row("flows", times=0), NOT_EVALUATED, ""),
    ],
)
def test_numbers_contradict_nothing_and_a_lost_gradient_does(row: Row, state: str, unexplained: str) -> None:
    assert row.state == state
    assert [each.bad for each in row.unexplained] == ([unexplained] if unexplained else [])
