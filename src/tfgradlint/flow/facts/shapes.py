"""How many elements the last axis of a value has."""

from __future__ import annotations

from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.nodes import OP, Node, Operand

#: They keep the shape of what they are given.
_ELEMENTWISE = frozenset(
    {
        Form.NEGATIVE,
        Form.ABS,
        Form.SQUARE,
        Form.EXP,
        Form.LOG,
        Form.LOG1P,
        Form.SQRT,
        Form.RSQRT,
        Form.RECIPROCAL,
        Form.RELU,
        Form.RELU6,
        Form.SIGMOID,
        Form.TANH,
        Form.SOFTPLUS,
        Form.LOG_SIGMOID,
        Form.SOFTMAX,
        Form.LOG_SOFTMAX,
    }
)
#: They do so with a number on the other side.
_WITH_NUMBERS = frozenset({Form.ADD, Form.SUBTRACT, Form.MULTIPLY, Form.DIVIDE, Form.MAXIMUM, Form.MINIMUM, Form.POWER})
#: Whoever puts more of them behind each other is not followed.
_DEEPEST = 50


def width_of(operand: Operand) -> int | None:
    """How many elements the last axis has; None where that is not known."""
    for _ in range(_DEEPEST):
        if not isinstance(operand, Node) or operand.width is not None:
            break
        formula = operand.formula
        if formula is None or operand.kind != OP:
            return None
        tensors = [each for each in formula.operands if isinstance(each, Node)]
        alike = formula.form in _ELEMENTWISE or formula.form in _WITH_NUMBERS
        if not alike or len(tensors) != 1:
            return None
        operand = tensors[0]
    return operand.width if isinstance(operand, Node) else None
