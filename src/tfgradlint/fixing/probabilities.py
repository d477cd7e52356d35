"""The logarithms of probabilities as functions of their own."""

from __future__ import annotations

import libcst as cst

from tfgradlint.analysis.results import Fix
from tfgradlint.fixing.code import Code
from tfgradlint.fixing.scene import Scene

#: By the name of the function that makes the probability.
_LOGS = {"sigmoid": "math.log_sigmoid", "softmax": "nn.log_softmax"}
_PARAMETERS = ("x", "logits")


def stable_log(scene: Scene) -> Fix | None:
    """``tf.math.log(tf.sigmoid(x))`` as ``tf.math.log_sigmoid(x)``: safe, the same where it was a number."""
    call, code = scene.call, scene.code
    if call is None or len(call.args) != 1 or not _of_tensorflow(code, call):
        return None
    taken = call.args[0].value
    inner, minus = (_subtracted(taken), "-") if isinstance(taken, cst.BinaryOperation) else (taken, "")
    if not isinstance(inner, cst.Call) or not inner.args or not _of_tensorflow(code, inner):
        return None
    name = code.source(inner.func).rpartition(".")[2]
    first = inner.args[0]
    known = first.keyword is None or first.keyword.value in _PARAMETERS
    if name not in _LOGS or not known or any(each.star for each in inner.args):
        return None
    if minus and name != "sigmoid":
        return None
    given = code.source(first.value)
    if minus:
        given = f"-{given if isinstance(first.value, _WHOLE) or first.value.lpar else f'({given})'}"
    more = "".join(f", {code.source(each).strip().rstrip(',')}" for each in inner.args[1:])
    written = f"{code.tensorflow}.{_LOGS[name]}({given}{more})"
    return Fix("safe", f"compute it by {code.tensorflow}.{_LOGS[name]}()", (code.replace(call, written),))


#: Expressions that a minus may stand before.
_WHOLE = (cst.Name, cst.Attribute, cst.Call, cst.Subscript)


def _of_tensorflow(code: Code, call: cst.Call) -> bool:
    return code.tensorflow is not None and code.source(call.func).startswith(f"{code.tensorflow}.")


def _subtracted(expression: cst.BinaryOperation) -> cst.BaseExpression | None:
    """What is subtracted from one."""
    left = expression.left
    if not isinstance(expression.operator, cst.Subtract) or not isinstance(left, (cst.Integer, cst.Float)):
        return None
    return expression.right if left.evaluated_value == 1 else None
