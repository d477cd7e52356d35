"""Straight-through estimators: the hard value goes on, and the gradient passes as if the step were none."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tfgradlint.analysis.results import Fix
from tfgradlint.fixing.code import Code
from tfgradlint.fixing.scene import Scene

#: Functions of TensorFlow that give a number near the one that they are given.
_NEAR = frozenset({"round", "floor", "sign", "math.rint", "math.ceil", "math.floor", "math.round", "math.sign", "ceil"})
_HARD = (cst.GreaterThan, cst.GreaterThanEqual, cst.LessThan, cst.LessThanEqual)
#: Expressions that may be written out several times: they are cheap, and give the same each time.
_PLAIN = m.Name() | m.Attribute() | m.Integer() | m.Float()


def straight_through(scene: Scene) -> Fix | None:
    """``tf.round(x)`` as ``x + tf.stop_gradient(tf.round(x) - x)``: the values stay as they are."""
    code, step = scene.code, scene.step
    if code.tensorflow is None or step is None:
        return None
    if isinstance(step, cst.Comparison):
        return _comparison(code, step)
    call = scene.call
    if call is None or len(call.args) != 1 or call.args[0].keyword is not None or call.args[0].star:
        return None
    name = code.source(call.func).removeprefix(f"{code.tensorflow}.")
    given = call.args[0].value
    if name not in _NEAR or not m.matches(given, _PLAIN):
        return None
    x = code.source(given)
    return _passing(code, call, x, code.source(call))


def _comparison(code: Code, step: cst.Comparison) -> Fix | None:
    """``tf.cast(a > b, tf.float32)``: the gradient is that of a sigmoid of the difference."""
    argument = code.parent(step)
    cast = code.parent(argument) if isinstance(argument, cst.Arg) else None
    if not isinstance(cast, cst.Call) or code.source(cast.func) != f"{code.tensorflow}.cast" or len(cast.args) != 2:
        return None
    dtype = code.source(cast.args[1].value)
    if len(step.comparisons) != 1 or "float" not in dtype or step is not cast.args[0].value:
        return None
    operator, right = step.comparisons[0].operator, step.comparisons[0].comparator
    if not isinstance(operator, _HARD) or not m.matches(step.left, _PLAIN) or not m.matches(right, _PLAIN):
        return None
    left, other = code.source(step.left), code.source(right)
    if isinstance(operator, (cst.LessThan, cst.LessThanEqual)):
        left, other = other, left
    return _passing(code, cast, f"{code.tensorflow}.sigmoid({left} - {other})", code.source(cast))


def _passing(code: Code, step: cst.Call, soft: str, hard: str) -> Fix:
    text = f"{soft} + {code.tensorflow}.stop_gradient({hard} - {soft})"
    holder = code.parent(step)
    alone = isinstance(holder, (cst.Arg, cst.Assign, cst.Return)) or (step.lpar and step.rpar)
    return Fix(
        "unsafe",
        "pass the gradient straight through",
        (code.replace(step, text if alone else f"({text})"),),
        beside=True,
    )
