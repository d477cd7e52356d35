"""The logarithm of a probability, which rounding makes zero."""

from __future__ import annotations

import math

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.patterns import Hazard, has_form, is_one, sources, squared
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.flow.graph.nodes import Formula, Node, Operand


def of_log(numbers: Numbers, node: Node, formula: Formula) -> Hazard | None:
    """The logarithm of a probability, which rounding makes zero."""
    for argument in sources(formula.operands[0]):
        found = _probability(numbers, argument, node)
        if found is not None:
            return found
    return None


def of_log1p(numbers: Numbers, node: Node, formula: Formula) -> Hazard | None:
    """The same of ``log1p(-p)``."""
    for argument in sources(formula.operands[0]):
        if isinstance(argument, Node) and argument.formula is not None and argument.formula.form is Form.NEGATIVE:
            found = _complement(numbers, argument.formula.operands[0], node)
            if found is not None:
                return found
    return None


def _probability(numbers: Numbers, value: Operand, step: Node) -> Hazard | None:
    """What becomes of the logarithm of ``value``."""
    formula = value.formula if isinstance(value, Node) else None
    if formula is None or not isinstance(value, Node):
        return None
    if formula.form is Form.SUBTRACT and is_one(numbers, formula.operands[0]):
        return _complement(numbers, formula.operands[1], step)
    format_ = numbers.format(value)
    if format_ is None:
        return None
    given = numbers.interval(formula.operands[0])
    if formula.form is Form.SIGMOID and given.low < format_.log_smallest:
        return _found(step, Way.SIGMOID, value, format_.log_smallest, format_.name)
    if formula.form is Form.SOFTMAX and given.high - given.low > -format_.log_smallest:
        return _found(step, Way.SOFTMAX, value, -format_.log_smallest, format_.name)
    return None


def _complement(numbers: Numbers, value: Operand, step: Node) -> Hazard | None:
    """What becomes of the logarithm of one minus ``value``."""
    for each in sources(value):
        if not isinstance(each, Node) or each.formula is None:
            continue
        format_ = numbers.format(each)
        if format_ is None:
            continue
        formula, limit = each.formula, -format_.log_half_step
        given = numbers.interval(formula.operands[0])
        if formula.form is Form.SIGMOID and given.high > limit:
            return _found(step, Way.NOT_SIGMOID, each, limit, format_.name)
        if formula.form is Form.SOFTMAX and given.high - given.low > limit:
            return _found(step, Way.NOT_SOFTMAX, each, limit, format_.name)
        base = squared(numbers, formula)
        bent = next((each for each in sources(base) if has_form(each, Form.TANH)), None)
        if isinstance(bent, Node) and bent.formula is not None:
            given = numbers.interval(bent.formula.operands[0])
            limit = (limit + math.log(4)) / 2  # 1 - tanh(x) ** 2 is about 4 * exp(-2 * x)
            if given.high > limit or given.low < -limit:
                return _found(step, Way.NOT_TANH_SQUARED, bent, limit, format_.name)
    return None


def _found(step: Node, way: Way, inner: Node, limit: float, dtype: str) -> Hazard:
    return Hazard(Cause.LOG_OF_PROBABILITY, Unstable(way, inner.site, limit, dtype), inner, step.site)
