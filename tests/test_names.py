"""Names that are bound nowhere: Python raises ``NameError`` for each that the linter takes for one."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import pytest
from processes import command

from tfgradlint import predict
from tfgradlint.flow.machine.bound_names import BoundNames

#: Programs that use ``late``, which no statement of theirs binds.
NOWHERE = {
    "nothing binds it": "late",
    "a parameter of a function that is not running": "def f(late): return late\nlate",
    "an argument's name": "dict(late=1)\nlate",
    "an attribute": "class A: pass\nA.late = 1\nlate",
    "a part of a module's name": "import os.path as late_path\nlate",
    "the parameter of a lambda": "f = lambda late: late\nlate",
    "in a class body": "class A:\n    x = late",
}
#: Programs that use it and find it, or may find it.
BOUND = {
    "below": "def f(): return late\nlate = 1\nf()",
    "in a branch": "if True:\n    late = 1\nlate",
    "by a loop": "for late in (1, 2): pass\nlate",
    "by a function that says so": "def f():\n    global late\n    late = 1\nf()\nlate",
    "as a class": "class late: pass\nlate",
    "imported": "from math import tau as late\nlate",
    "imported with its parent": "import os.path\nos",
    "in an expression": "[late := 1]\nlate",
    "by a pattern": "match [1, 2]:\n    case [first, *late]: pass\nlate",
    "by a pattern of keys": "match {1: 2}:\n    case {**late}: pass\nlate",
    "by a handler": "try:\n    1 / 0\nexcept ZeroDivisionError as late:\n    late",
    "with a context": "import io\nwith io.StringIO() as late: pass\nlate",
    "through a star": "from math import *\npi",
    "through the table of names": "globals()['late'] = 1\nlate",
    "by a text": "exec('late = 1')\nlate",
    "through the module": "import sys\nsys.modules[__name__].late = 1\nlate",
    "of the module itself": "__name__\n__doc__",
}


def used(text: str) -> str:
    return next(name for name in ("pi", "os", "__doc__", "late") if name in text)


@pytest.mark.parametrize("text", NOWHERE.values(), ids=NOWHERE)
def test_python_raises_where_a_name_is_bound_nowhere(text: str) -> None:
    assert BoundNames(ast.parse(text)).nowhere("late")
    with pytest.raises(NameError, match="late"):
        exec(text, {"__name__": "program"})


@pytest.mark.parametrize("text", BOUND.values(), ids=BOUND)
def test_a_name_that_may_be_bound_is_not_taken_for_one(text: str) -> None:
    assert not BoundNames(ast.parse(text)).nowhere(used(text))
    program = ModuleType("program")
    with patch.dict(sys.modules, {"program": program}):
        exec(text, vars(program))


STEP = """import tensorflow as tf
w = tf.Variable([1.0, 2.0])
{before}
def step(x):
    with tf.GradientTape() as tape:
        {use}
        loss = tf.reduce_sum(w * x)
    return tape.gradient(loss, w)
step(tf.ones([2]))
"""
#: What stands before the step, what is used in it, and whether the request behind it may be reached.
USES = {
    "nowhere": ("", "prepared(x)", False),
    "in a test": ("", "y = 1 if prepared else 2", False),
    "in one branch of two": ("import sys", "y = prepared if len(sys.argv) > 99 else 2", True),
    "where it is expected": ("", "try: prepared\n        except NameError: pass", True),
    "given by a shell": ("", "display(x)", True),
    "a class with a metaclass": ("class M(type):\n    pass\nclass A(metaclass=M):\n    y = prepared", "pass", True),
    "a builtin": ("", "print(x)", True),
}


@pytest.mark.parametrize(("before", "use", "reached"), USES.values(), ids=USES)
def test_nothing_is_known_of_requests_behind_a_name_that_is_bound_nowhere(before: str, use: str, reached: bool) -> None:
    (request,) = predict(STEP.format(before=before, use=use))
    assert request.verdict == ("flows" if reached else "unknown")


def test_what_follows_at_the_top_of_a_module_is_judged_all_the_same() -> None:
    program = STEP.format(before="data = prepared(1)", use="pass")
    assert [request.verdict for request in predict(program)] == ["flows"]


@pytest.mark.parametrize(("magic", "verdict"), [("%run helpers.ipynb\n", "flows"), ("", "unknown")])
def test_a_magic_of_a_notebook_may_bind_any_name(tmp_path: Path, magic: str, verdict: str) -> None:
    source = magic + STEP.format(before="", use="prepared(x)")
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": source}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "program.ipynb").write_text(json.dumps(notebook))
    run = command("predict", "--output-format", "json", "program.ipynb", cwd=tmp_path)
    (request,) = json.loads(run.stdout)
    assert request["verdict"] == verdict
