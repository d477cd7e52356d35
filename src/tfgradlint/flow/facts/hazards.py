"""Steps that leave the numbers for ordinary inputs: by their form, where nothing bounds what they are given."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.flow.graph.nodes import Formula, Node, Operand


class Hazard(NamedTuple):
    """What is wrong with a step: the gradient that is not a number goes on to what ``through`` was computed from."""

    cause: Cause
    detail: Unstable
    through: Node


def hazard_of(numbers: Numbers, node: Node) -> Hazard | None:
    """What is wrong with a step, where something is."""
    formula = node.formula
    judge = _JUDGES.get(formula.form) if formula is not None else None
    return judge(numbers, node, formula) if judge is not None and formula is not None else None


def _of_log(numbers: Numbers, node: Node, formula: Formula) -> Hazard | None:
    """The logarithm of a probability, which rounding makes zero."""
    for argument in _sources(formula.operands[0]):
        found = _probability(numbers, argument)
        if found is not None:
            return found
    return None


def _of_log1p(numbers: Numbers, node: Node, formula: Formula) -> Hazard | None:
    """The same of ``log1p(-p)``."""
    for argument in _sources(formula.operands[0]):
        if isinstance(argument, Node) and argument.formula is not None and argument.formula.form is Form.NEGATIVE:
            found = _complement(numbers, argument.formula.operands[0])
            if found is not None:
                return found
    return None


def _probability(numbers: Numbers, value: Operand) -> Hazard | None:
    """What becomes of the logarithm of ``value``."""
    formula = value.formula if isinstance(value, Node) else None
    if formula is None or not isinstance(value, Node):
        return None
    if formula.form is Form.SUBTRACT and _is_one(numbers, formula.operands[0]):
        return _complement(numbers, formula.operands[1])
    format_ = numbers.format(value)
    if format_ is None:
        return None
    given = numbers.interval(formula.operands[0])
    if formula.form is Form.SIGMOID and given.low < format_.log_smallest:
        return _found(Way.SIGMOID, value, format_.log_smallest, format_.name)
    if formula.form is Form.SOFTMAX and given.high - given.low > -format_.log_smallest:
        return _found(Way.SOFTMAX, value, -format_.log_smallest, format_.name)
    return None


def _complement(numbers: Numbers, value: Operand) -> Hazard | None:
    """What becomes of the logarithm of one minus ``value``."""
    for each in _sources(value):
        if not isinstance(each, Node) or each.formula is None:
            continue
        format_ = numbers.format(each)
        if format_ is None:
            continue
        formula, limit = each.formula, -format_.log_half_step
        given = numbers.interval(formula.operands[0])
        if formula.form is Form.SIGMOID and given.high > limit:
            return _found(Way.NOT_SIGMOID, each, limit, format_.name)
        if formula.form is Form.SOFTMAX and given.high - given.low > limit:
            return _found(Way.NOT_SOFTMAX, each, limit, format_.name)
        squared = _squared(numbers, formula)
        bent = next((base for base in _sources(squared) if _has_form(base, Form.TANH)), None)
        if isinstance(bent, Node) and bent.formula is not None:
            given = numbers.interval(bent.formula.operands[0])
            limit = (limit + math.log(4)) / 2  # 1 - tanh(x) ** 2 is about 4 * exp(-2 * x)
            if given.high > limit or given.low < -limit:
                return _found(Way.NOT_TANH_SQUARED, bent, limit, format_.name)
    return None


def _squared(numbers: Numbers, formula: Formula) -> Operand | None:
    """What a formula is the square of."""
    if formula.form is Form.SQUARE:
        return formula.operands[0]
    if formula.form is Form.POWER and numbers.interval(formula.operands[1]).within(2.0, 2.0):
        return formula.operands[0]
    if formula.form is Form.MULTIPLY and numbers.same(*formula.operands):
        return formula.operands[0]
    return None


def _found(way: Way, inner: Node, limit: float, dtype: str) -> Hazard:
    return Hazard(Cause.LOG_OF_PROBABILITY, Unstable(way, inner.site, limit, dtype), inner)


def _is_one(numbers: Numbers, value: Operand) -> bool:
    return numbers.interval(value).within(1.0, 1.0)


def _has_form(value: Operand | None, form: Form) -> bool:
    return isinstance(value, Node) and value.formula is not None and value.formula.form is form


def _sources(value: Operand | None) -> Iterator[Operand]:
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
            waiting += formula.operands[:0:-1]
        else:
            yield each


#: Nobody nests as many choices.
_MOST = 50

_Judge = Callable[[Numbers, Node, Formula], "Hazard | None"]
_JUDGES: dict[Form, _Judge] = {Form.LOG: _of_log, Form.LOG1P: _of_log1p}
#: What may be one.
DANGEROUS = frozenset(_JUDGES)
