"""Values that are written out, element by element, and what simple functions make of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.shapes import shape_of
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.nodes import Node, Operand

#: Whoever computes more steps with numbers that are written out is not followed.
_DEEPEST = 30


class Written(NamedTuple):
    """The elements in their order, one for all where they are the same; ``initial``: variables begin with them."""

    numbers: tuple[float, ...]
    initial: bool

    @property
    def has_zero(self) -> bool:
        """Whether one of them is zero."""
        return 0.0 in self.numbers


def written(numbers: Numbers, operand: Operand, depth: int = 0) -> Written | None:
    """The elements of a value; None where they are not written out."""
    if not isinstance(operand, Node):
        return Written((operand,), False)
    formula = operand.formula
    if formula is None or depth > _DEEPEST or (operand.variable is not None and numbers.trained):
        return None
    if formula.form is Form.LITERAL:
        given = formula.options[0] if formula.options else formula.operands
        found = _in_format(numbers, operand, tuple(given)) if isinstance(given, tuple) else ()
        return Written(_shortest(found), operand.variable is not None) if found else None
    if formula.form is Form.SAME and not isinstance(formula.operands[0], Node):
        return None
    function = _FUNCTIONS.get(formula.form)
    parts = [written(numbers, each, depth + 1) for each in formula.operands] if function is not None else [None]
    known = [each for each in parts if each is not None]
    if function is None or len(known) < len(parts):
        return None
    length = max(len(each.numbers) for each in known)
    if length > 1 and not all(
        len(each.numbers) == 1 or (len(each.numbers) == length == shape_of(of).number)
        for each, of in zip(known, formula.operands, strict=True)
    ):
        return None
    rows = zip(*(each.numbers * (length if len(each.numbers) == 1 else 1) for each in known), strict=True)
    try:
        computed = tuple(function(*row) for row in rows)
    except (ArithmeticError, ValueError):
        return None
    return Written(_shortest(_in_format(numbers, operand, computed)), any(each.initial for each in known))


def _in_format(numbers: Numbers, node: Node, given: tuple[object, ...]) -> tuple[float, ...]:
    format_ = numbers.format(node)
    found = [each for each in given if isinstance(each, float) and math.isfinite(each)]
    if len(found) < len(given):
        return ()
    return tuple(found if format_ is None else map(format_.rounded, found))


def _shortest(given: tuple[float, ...]) -> tuple[float, ...]:
    return given[:1] if len(set(given)) == 1 else given


_FUNCTIONS: dict[Form, Callable[..., float]] = {
    Form.ADD: lambda x, y: x + y,
    Form.SUBTRACT: lambda x, y: x - y,
    Form.MULTIPLY: lambda x, y: x * y,
    Form.NEGATIVE: lambda x: -x,
    Form.ABS: abs,
    Form.SQUARE: lambda x: x * x,
    Form.MAXIMUM: max,
    Form.MINIMUM: min,
    Form.TANH: math.tanh,
}
