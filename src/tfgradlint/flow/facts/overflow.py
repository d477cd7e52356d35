"""Exponentials that overflow: a logarithm undoes them too late, and their sum is infinite as well."""

from __future__ import annotations

from collections.abc import Iterator

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.patterns import Hazard, formula_of, is_one
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.flow.graph.nodes import Formula, Node, Operand

#: Formats in which what a softmax is given is large enough.
_NARROW = frozenset({"float16"})


def of_log(numbers: Numbers, node: Node, formula: Formula) -> Hazard | None:
    """``log(sum(exp(x)))`` and ``log(1 + exp(x))``."""
    terms = list(_terms(formula.operands[0]))
    for term in terms:
        inner = _plain(term)
        found = formula_of(inner)
        summed = found is not None and found.form in (Form.SUM, Form.MEAN)
        if summed and found is not None:
            inner = _plain(found.operands[0])
        overflow = _overflow(numbers, inner) if summed or len(terms) > 1 else None
        if overflow is not None:
            one = not summed and any(is_one(numbers, each) for each in terms)
            return _found(Way.SOFTPLUS if one else Way.LOG_SUM_EXP, node, *overflow)
    return None


def of_log1p(numbers: Numbers, node: Node, formula: Formula) -> Hazard | None:
    """``log1p(exp(x))``."""
    overflow = _overflow(numbers, _plain(formula.operands[0]))
    return None if overflow is None else _found(Way.SOFTPLUS, node, *overflow)


def of_quotient(numbers: Numbers, node: Node, formula: Formula) -> Hazard | None:
    """``exp(x) / sum(exp(x))`` in half precision."""
    above, below = map(formula_of, map(_plain, formula.operands))
    if (
        above is None
        or below is None
        or below.form is not Form.SUM
        or not numbers.same(_plain(formula.operands[0]), _plain(below.operands[0]))
    ):
        return None
    overflow = _overflow(numbers, _plain(formula.operands[0]))
    if overflow is None or overflow[2] not in _NARROW:
        return None
    return _found(Way.EXP_BY_SUM, node, *overflow)


def _overflow(numbers: Numbers, value: Operand) -> tuple[Node, float, str] | None:
    """The exponential that a value is, where nothing keeps it from overflowing, and where it does so."""
    formula = formula_of(value)
    if not isinstance(value, Node) or formula is None or formula.form is not Form.EXP:
        return None
    format_ = numbers.format(value)
    if format_ is None or numbers.interval(formula.operands[0]).high <= format_.log_largest:
        return None
    return value, format_.log_largest, format_.name


def _found(way: Way, step: Node, inner: Node, limit: float, dtype: str) -> Hazard:
    return Hazard(Cause.OVERFLOW, Unstable(way, inner.site, limit, dtype), inner, step.site)


def _plain(value: Operand) -> Operand:
    """A value without what only changes its form."""
    formula = formula_of(value)
    while formula is not None and formula.form in (Form.SAME, Form.PART):
        value = formula.operands[0]
        formula = formula_of(value)
    return value


#: Nobody writes down as many summands.
_MOST = 50


def _terms(value: Operand) -> Iterator[Operand]:
    """The summands of a sum."""
    waiting = [value]
    for _ in range(_MOST):
        if not waiting:
            return
        each = _plain(waiting.pop())
        formula = formula_of(each)
        if formula is not None and formula.form is Form.ADD:
            waiting += formula.operands[::-1]
        else:
            yield each
