"""Loops come to an end of their turns soon: what is not read again makes no turn another one."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

from tfgradlint.analysis import analysis
from tfgradlint.flow.python.interpreter import Interpreter

START = "import tensorflow as tf\n\nw = tf.Variable(2.0)\noptimizer = tf.keras.optimizers.SGD()\n"
#: One step of training, in a function that opens the tape.
STEP = """

def step(x):
    with tf.GradientTape() as tape:
        loss = tf.square(w * x)
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    return loss
"""
#: Loops with the steps that they may take: what they take, and a little more.
LOOPS = {
    "a step that is called": (STEP + "\n\nfor x in tf.data.Dataset.range(9):\n    step(1.0)\n", 120),
    "until it breaks": (STEP + "\n\nwhile True:\n    if step(1.0) < 0.1:\n        break\n", 600),
    "a list of constants": ("\nfor x in tf.data.Dataset.range(9):\n    kinds = [['a', 1], ['b', 2]]\n", 60),
    "loops in loops": (
        STEP
        + "\n\nfor a in tf.data.Dataset.range(9):\n    for b in tf.data.Dataset.range(9):\n"
        + "        while True:\n            if step(1.0) < 0.1:\n                break\n",
        2500,
    ),
    "a tape that a global name keeps": (
        STEP.replace("    with", "    global last\n    with").replace(
            "    return loss", "    last = tape\n    return loss"
        )
        + "\n\nlast = None\nfor epoch in range(unknown):\n    for x in tf.data.Dataset.range(9):\n"
        + "        while step(x) > 0.1:\n            step(2.0)\n",
        1200,
    ),
    "compiled, until the data ends": (
        STEP.replace("\ndef step", "\n@tf.function\ndef step")
        + "\n\ndata = tf.data.Dataset.range(9)\niterator = iter(data)\nwhile True:\n    for turn in range(5):\n"
        + "        try:\n            step(next(iterator))\n        except StopIteration:\n"
        + "            iterator = iter(data)\n            break\n",
        6000,
    ),
}


def steps(text: str) -> int:
    runs: list[Interpreter] = []

    class Counted(Interpreter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            runs.append(self)

    with mock.patch.object(analysis, "Interpreter", Counted):
        analysis.analyse(text)
    return runs[-1].taken


@pytest.mark.parametrize(("loop", "most"), LOOPS.values(), ids=[*LOOPS])
def test_loops_settle(loop: str, most: int) -> None:
    assert steps(START + loop) <= most
