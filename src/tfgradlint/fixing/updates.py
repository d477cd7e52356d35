"""Repairs of how variables are updated."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tfgradlint.analysis.results import Fix
from tfgradlint.fixing.code import Code
from tfgradlint.fixing.scene import Scene

_AUGMENTED: tuple[tuple[type[cst.BaseAugOp], str], ...] = (
    (cst.SubtractAssign, "assign_sub"),
    (cst.AddAssign, "assign_add"),
)
_BINARY: tuple[tuple[type[cst.BaseBinaryOp], str], ...] = ((cst.Subtract, "assign_sub"), (cst.Add, "assign_add"))
#: More than one value.
_SEVERAL = (cst.Tuple, cst.List, cst.Dict, cst.BaseComp)


def in_place(scene: Scene) -> Fix | None:
    """Write ``w -= x``, ``w = w - x`` and ``w = f(w)`` as an update of the variable."""
    statement = scene.site.statement
    if not isinstance(statement, cst.SimpleStatementLine):
        return None
    small = scene.step or (statement.body[0] if len(statement.body) == 1 else None)
    while small is not None and not isinstance(small, cst.BaseSmallStatement):
        small = scene.code.parent(small)  # type: ignore[assignment]
    code = scene.code
    if isinstance(small, cst.AugAssign):
        method = next((name for kind, name in _AUGMENTED if isinstance(small.operator, kind)), "")
        return _update(code, small, small.target, method, small.value) if method else None
    if not isinstance(small, cst.Assign) or len(small.targets) != 1:
        return None
    target, value = small.targets[0].target, small.value
    if isinstance(target, (cst.Tuple, cst.List)) or isinstance(value, _SEVERAL):
        return None
    if code.source(value).startswith(f"{code.source(target)}.assign"):
        return Fix("safe", "keep the variable", (code.replace(small, code.source(value)),))
    if isinstance(value, cst.BinaryOperation) and code.source(value.left) == code.source(target):
        method = next((name for kind, name in _BINARY if isinstance(value.operator, kind)), "")
        if method:
            return _update(code, small, target, method, value.right)
    return _update(code, small, target, "assign", value)


def _update(
    code: Code, statement: cst.CSTNode, target: cst.BaseExpression, method: str, value: cst.BaseExpression
) -> Fix | None:
    if not isinstance(target, (cst.Name, cst.Attribute, cst.Subscript)) or isinstance(value, cst.Yield):
        return None
    bare = value.with_changes(lpar=(), rpar=()) if len(value.lpar) == 1 else value  # the call has brackets of its own
    text = f"{code.source(target)}.{method}({code.source(bare)})"
    return Fix("safe", f"update the variable with {method}()", (code.replace(statement, text),))


def minimized(scene: Scene) -> Fix | None:
    """Write ``optimizer.minimize(loss, variables)`` with a tape."""
    code, call = scene.code, scene.call
    if call is None or not isinstance(call.func, cst.Attribute) or len(call.args) > 3:
        return None
    loss, variables = scene.argument(call, 0, "loss"), scene.argument(call, 1, "var_list")
    tape = scene.argument(call, 3, "tape")
    if loss is None or variables is None or m.findall(variables.value, m.Call()):
        return None
    optimizer, trained = code.source(call.func.value), code.source(variables.value)
    if tape is not None:
        text = _applied(optimizer, code.source(tape.value), code.source(loss.value), trained)
        return Fix("safe", "ask the tape, and apply the gradients", (code.replace(call, text),))
    return _with_a_tape(code, call, loss.value, optimizer, trained) if len(call.args) == 2 else None


def _with_a_tape(code: Code, call: cst.Call, loss: cst.BaseExpression, optimizer: str, trained: str) -> Fix | None:
    statement = code.statement(call)
    alone = m.SimpleStatementLine(body=[m.Expr(value=m.Call())])
    if code.tensorflow is None or statement is None or not code.block(statement) or not m.matches(statement, alone):
        return None
    scope = code.scope(call)
    tape = "tape" if not m.findall(scope, m.Name("tape")) else "loss_tape"
    target = "target" if not m.findall(scope, m.Name("target")) else "loss_target"
    value = code.source(loss.body) if isinstance(loss, cst.Lambda) else f"{code.source(loss)}()"
    indent = code.indent(statement)
    text = (
        f"with {code.tensorflow}.GradientTape() as {tape}:\n{indent}{code.default_indent}{target} = {value}\n"
        f"{indent}{_applied(optimizer, tape, target, trained)}"
    )
    return Fix("safe", "record the loss with a tape, and apply its gradients", (code.replace(call, text),))


def _applied(optimizer: str, tape: str, target: str, variables: str) -> str:
    return f"{optimizer}.apply_gradients(zip({tape}.gradient({target}, {variables}), {variables}))"
