"""Names that a turn of a loop binds before anything reads them, and what that spares."""

from __future__ import annotations

import ast
import textwrap

import libcst as cst
import pytest

from tfgradlint.analysis import analysis
from tfgradlint.analysis.analysis import analyse
from tfgradlint.flow.machine.free_names import free_names
from tfgradlint.flow.python.interpreter import Interpreter
from tfgradlint.flow.python.liveness import Turn


def turn(text: str) -> Turn:
    """The first loop of a text."""
    loop = cst.parse_module(textwrap.dedent(text)).body[0]
    assert isinstance(loop, (cst.For, cst.While))
    return Turn(loop)


@pytest.mark.parametrize(
    ("text", "fresh"),
    [
        ("for i in x:\n    a = i\n    print(a)", {"i", "a"}),
        ("for i, (j, *k) in x:\n    pass", {"i", "j", "k"}),
        ("for i in x:\n    print(a)\n    a = i", {"i"}),
        ("for i in x:\n    a += i", {"i"}),
        ("for i in x:\n    a.b = c[i] = i", {"i"}),
        ("for i in x:\n    a: int\n    b: int = 1", {"i", "b"}),
        ("for i in x:\n    f(a=i)\n    a = x.a", {"i", "a"}),
        ("while a:\n    a = f()\n    b = a", {"b"}),
        ("for i in x:\n    if i:\n        a = b = 1\n    else:\n        a = 2", {"i", "a"}),
        ("for i in x:\n    if i:\n        a = 1\n    elif y:\n        a = 2", {"i"}),
        ("for i in x:\n    if i:\n        break\n    a = 1", {"i"}),
        ("for i in x:\n    if i:\n        continue\n    a = 1", {"i"}),
        ("for i in x:\n    if i:\n        raise E\n    a = 1", {"i", "a"}),
        ("for i in x:\n    a = 1\n    if i:\n        break", {"i", "a"}),
        ("for i in x:\n    for j in i:\n        a = j\n        if a: break\n    b = 1", {"i", "b"}),
        ("for i in x:\n    with f() as a, g(a):\n        b = a", {"i", "a", "b"}),
        ("for i in x:\n    try:\n        a = 1\n    except E:\n        b = a", {"i"}),
        ("for i in x:\n    try:\n        a = 1\n    except E:\n        raise", {"i", "a"}),
        (
            "for i in x:\n    try:\n        a = 1\n    except E:\n        a = 2\n    finally:\n        b = 1",
            {"i", "a", "b"},
        ),
        ("for i in x:\n    try:\n        a = 1\n    finally:\n        print(a)", {"i"}),
        ("for i in x:\n    a = [a for a in i]", {"i"}),
        ("for i in x:\n    print(a := i)", {"i"}),
        ("for i in x:\n    a = 1\n    eval(y)", set()),
        ("for i in x:\n    def a(): pass", {"i"}),
    ],
)
def test_names_that_are_bound_before_they_are_read(text: str, fresh: set[str]) -> None:
    assert turn(text).fresh == fresh


def test_names_of_its_own_are_counted() -> None:
    text = """
    for i in x:
        for j in i:
            a = j
            print(a + a)
        b = [c for c in i]
    """  # of what stands in a comprehension it is not told
    assert turn(text).own == {"j": 1, "a": 2, "b": 0}


def steps(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many steps a text takes."""
    runs: list[Interpreter] = []

    class Counted(Interpreter):
        def run(self) -> None:
            runs.append(self)
            super().run()

    monkeypatch.setattr(analysis, "Interpreter", Counted)
    assert analyse(text).left_out == ()
    return runs[0].taken


def nested(depth: int) -> str:
    """A step within so many loops."""
    text = "import tensorflow as tf\n\ndef search(w, n):\n"
    for level in range(depth):
        text += "    " * (level + 1) + f"for i{level} in range(n):\n"
    body = "with tf.GradientTape() as tape:\n    x = w * 2.0\n    y = x + 1.0\nprint(tape.gradient(y, w))\n"
    return text + textwrap.indent(body, "    " * (depth + 1))


def test_loops_that_change_nothing_take_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    once, deep = (steps(nested(depth), monkeypatch) for depth in (0, 6))
    assert deep < once + 6 * 20


def test_names_that_functions_read_of_the_module() -> None:
    text = """
def function(given, default=outside, own=own):
    local = given + read
    for each in several:
        local += each
    [turn for turn in listed]

    def inner(kept=kept):
        return local + deeper + given + kept

    global declared
    declared = 1
    return lambda argument: argument + last


class Kept:
    inside = of_class

    def method(self):
        return inside
"""
    names = {"inside", "outside"} | set("read several listed deeper declared last of_class kept own".split())
    assert free_names(ast.parse(text)) == names - {"outside", "own", "of_class"}


GRID = """
import numpy as np
import tensorflow as tf

data = np.load("data.npz")
results, best, best_score = {}, None, float("inf")
for seed in [0, 1, 2]:
    for units in [16, 32, 64, 128]:
        for rate in [1e-2, 1e-3, 1e-4]:
            for dropout in [0.0, 0.2]:
                scores = []
                for fold in range(5):
                    model = tf.keras.Sequential([
                        tf.keras.layers.Dense(units, activation="relu"),
                        tf.keras.layers.Dropout(dropout),
                        tf.keras.layers.Dense(1),
                    ])
                    optimizer = tf.keras.optimizers.Adam(rate)
                    for epoch in range(20):
                        total, count = 0.0, 0
                        for x, y in tf.data.Dataset.from_tensor_slices((data["x"], data["y"])).batch(32):
                            with tf.GradientTape() as tape:
                                loss = tf.reduce_mean(tf.square(model(x, training=True)[:, 0] - y))
                            gradients = tape.gradient(loss, model.trainable_variables)
                            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                            total += float(loss)
                            count += 1
                    scores.append(total / count)
                results[seed, units, rate, dropout] = np.mean(scores)
                if results[seed, units, rate, dropout] < best_score:
                    best, best_score = (units, rate, dropout), results[seed, units, rate, dropout]
print(best, best_score)
"""


def test_a_search_over_a_grid_is_judged_to_its_end() -> None:
    """Numbers that cost much to run through one by one are any of these from the second turn on."""
    found = analyse(GRID)
    assert found.left_out == ()
    assert [each.verdict for each in found.predictions] == ["flows"]
