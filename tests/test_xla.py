"""Branches and loops of the graph where XLA compiles a function, a part of it, or what calls it.

TensorFlow runs the programs as they are, without the harness's records: what XLA makes of a graph depends on all that
is in it. Wherever it raises, the linter must not say that the gradient flows.
"""

from __future__ import annotations

import linecache
import textwrap
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from tfgradlint import predict

STEPS = {
    "tf.cond": "return tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * v, lambda: x - v)",
    "tf.switch_case": "return tf.switch_case(tf.cast(x[0], tf.int32), [lambda: x - v, lambda: x * v])",
    "tf.while_loop": "return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * v), (tf.constant(0), x))[1]",
    "bounded": "return tf.while_loop(lambda y: y[0] < 9.0, lambda y: (y * v,), (x,), maximum_iterations=5)[0]",
    "if": "if x[0] > 0.0:\n    return x * v\nreturn x - v",
    "keras.ops.switch": "return keras.ops.switch(1, [lambda: x - v, lambda: x * v])",
    "keras.ops.fori_loop": "return keras.ops.fori_loop(0, 3, lambda i, y: y * v, x)",
    "operations": "return x * v",
}
#: Who is compiled: the function with the step, its caller, and the caller's caller.
COMPILED = {"-": "", "F": "@tf.function", "X": "@tf.function(jit_compile=True)"}
NESTS = ("X--", "XF-", "FX-", "XFF", "FXF", "XFX", "-XF")
#: Where the tape stands and is asked: in the caller, in the caller's caller, outside of all.
TAPES = (1, 2, 3)

HEAD = """import keras
import tensorflow as tf

v = tf.Variable(1.5)
"""


def program(step: str, nest: str, tape: int) -> str:
    """Functions f0, f1, f2, each called by the next; the one numbered ``tape`` holds the tape, 3 is the module."""
    parts = [HEAD]
    for level in range(3):
        call = f"f{level - 1}(x)"
        body = STEPS[step] if not level else f"return {call}"
        if level == tape:
            body = f"with tf.GradientTape() as tape:\n    loss = tf.reduce_sum({call})\nreturn tape.gradient(loss, v)"
        parts.append(f"{COMPILED[nest[level]]}\ndef f{level}(x):\n{textwrap.indent(body, '    ')}\n")
    if tape < 3:
        parts.append("grads = f2(tf.constant([1.0, 3.0]))\n")
    else:
        parts.append("with tf.GradientTape() as tape:\n    loss = tf.reduce_sum(f2(tf.constant([1.0, 3.0])))\n")
        parts.append("grads = tape.gradient(loss, v)\n")
    return "\n".join(parts)


def gradient(text: str, path: Path) -> str:
    """What TensorFlow gives: ``flows``, or the exception that ends the program."""
    path.write_text(text, encoding="utf-8")  # AutoGraph reads the text of a function
    linecache.checkcache(str(path))
    names: dict[str, Any] = {}
    try:
        exec(compile(text, str(path), "exec"), names)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
        return type(error).__name__
    return "flows" if names["grads"] is not None and float(names["grads"]) else "lost"


@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("step", STEPS)
def test_no_gradient_is_promised_where_tensorflow_raises(step: str, nest: str, tmp_path: Path) -> None:
    for tape in TAPES:
        text = program(step, nest, tape)
        given = gradient(text, tmp_path / f"program_{tape}.py")
        (request,) = predict(text)
        assert given != "lost"
        assert request.verdict in (("flows", "unknown") if given == "flows" else ("unknown",)), given


@pytest.mark.parametrize("step", ["tf.cond", "if"])
@pytest.mark.parametrize("nest", ["XFX", "FX-", "-FX"])
def test_branches_flow_where_no_graph_calls_what_xla_compiles(step: str, nest: str, tmp_path: Path) -> None:
    text = program(step, nest, 3)
    assert gradient(text, tmp_path / "program.py") == "flows"
    assert [request.verdict for request in predict(text)] == ["flows"]
