"""Forms that rules look for: what a value is made of, in whatever order and shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.hazards import Unstable
from tfgradlint.flow.graph.nodes import Formula, Node, Operand, Site


class Hazard(NamedTuple):
    """What is wrong with a step: the gradient that is not a number goes on to what ``through`` was computed from.

    ``site`` is where the program has to change. ``alone``: it is only wrong where nothing else is computed of this.
    ``root``: only where what comes back from behind is not zero. ``scattered``: some elements alone are no numbers, or
    a step may choose others. ``proven``: they are none, whatever the inputs are, however the program runs.
    """

    cause: Cause
    detail: Unstable
    through: Node
    site: Site
    alone: Node | None = None
    root: bool = False
    scattered: bool = False
    proven: bool = False


def formula_of(value: Operand | None) -> Formula | None:
    """What a value is computed as."""
    return value.formula if isinstance(value, Node) else None


def is_one(numbers: Numbers, value: Operand) -> bool:
    return numbers.interval(value).within(1.0, 1.0)


def has_form(value: Operand | None, form: Form) -> bool:
    return isinstance(value, Node) and value.formula is not None and value.formula.form is form


def sources(value: Operand | None) -> Iterator[Operand]:
    """What a value is, in whatever order and shape: what it was chosen from, element by element."""
    waiting = [value] if value is not None else []
    for _ in range(_MOST):
        if not waiting:
            return
        each = waiting.pop()
        formula = each.formula if isinstance(each, Node) else None
        if formula is not None and formula.form in (Form.SAME, Form.PART):
            waiting.append(formula.operands[0])
        elif formula is not None and formula.form is Form.WHERE:
            condition, *branches = formula.operands
            waiting += [branch for branch in reversed(branches) if not _guarded(condition, branch)]
        else:
            yield each


def _guarded(condition: Operand, value: Operand) -> bool:
    """Whether a value is chosen by what it is itself: then it may be chosen where it does no harm."""
    own = {value}
    formula = formula_of(value)
    while formula is not None and formula.operands and len(own) < _MOST:
        own.update(formula.operands)
        formula = formula_of(formula.operands[-1])
    seen = {condition}
    stack = [condition]
    while stack and len(seen) < _HISTORY:
        each = stack.pop()
        for node in (edge.node for edge in each.edges) if isinstance(each, Node) else ():
            if node not in seen:
                seen.add(node)
                stack.append(node)
    return bool(stack) or any(isinstance(each, Node) and each in seen for each in own)


#: Nobody nests as many choices.
_MOST = 50
#: Of a condition with a longer history nothing is known.
_HISTORY = 500


def squared(numbers: Numbers, formula: Formula) -> Operand | None:
    """What a formula is the square of."""
    if formula.form is Form.SQUARE:
        return formula.operands[0]
    if formula.form is Form.POWER and numbers.interval(formula.operands[1]).within(2.0, 2.0):
        return formula.operands[0]
    if formula.form is Form.MULTIPLY and numbers.same(*formula.operands):
        return formula.operands[0]
    return None


def divisor(formula: Formula) -> Operand | None:
    """What a step has no value for at zero, or no slope."""
    return formula.operands[-1] if formula.form in DIVIDING else None


#: Functions that have no value at zero.
DIVIDING = frozenset({Form.LOG, Form.DIVIDE, Form.RECIPROCAL, Form.RSQRT})
