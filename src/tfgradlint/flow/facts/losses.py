"""Small numbers that rounding takes away, which were to keep a step from zero."""

from __future__ import annotations

from typing import NamedTuple

from tfgradlint.flow.facts.intervals import Reach
from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.patterns import Hazard, divisor, formula_of, is_one, sources
from tfgradlint.flow.facts.rounding import Format
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.forms import Form, Mode
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.flow.graph.nodes import Formula, Node, Operand

_SUMS = (Form.ADD, Form.SUBTRACT, Form.NEGATIVE)
#: Sums of more than two numbers and a value are looked at no further.
_MOST = 8


def of_singular(numbers: Numbers, node: Node, formula: Formula) -> Hazard | None:
    """A logarithm, or a quotient, of ``1 - p`` with a small number that is lost."""
    for argument in sources(divisor(formula)):
        format_ = numbers.format(argument) if isinstance(argument, Node) else None
        if isinstance(argument, Node) and format_ is not None and formula_of(argument) is not None:
            found = (
                _of_sum(numbers, argument, format_)
                or _of_bound(numbers, argument, format_)
                or _vanished(numbers, argument, format_)
            )
            if found is not None:
                return found
    return None


class _Term(NamedTuple):
    """A summand; ``negative`` where it is subtracted."""

    value: Operand
    negative: bool


def _of_sum(numbers: Numbers, total: Node, format_: Format) -> Hazard | None:
    """``c - p + epsilon``, where ``c + epsilon`` is ``c``, and ``p`` may be."""
    terms = _terms(total)
    values = [each for each in terms if _number(numbers, each) is None]
    constants = [number for each in terms if (number := _number(numbers, each)) is not None]
    if len(values) != 1 or not values[0].negative or not isinstance(values[0].value, Node):
        return None
    whole = format_.rounded(sum(constants))
    interval = numbers.interval(values[0].value)
    if interval.high != whole or interval.at_high is not Reach.MASS:
        return None
    if len(constants) == 1 and constants[0] != whole and constants[0] > whole:
        return _found(total, Way.ABSORBED, total, constants[0] - whole, format_, values[0].value)
    if len(constants) != 2 or min(constants) <= 0 or max(constants) != whole:
        return None
    late = _added_last(numbers, total, min(constants))
    if late is None:
        return _found(total, Way.ABSORBED, total, min(constants), format_, values[0].value)
    mode = total.formula.mode if total.formula is not None else Mode.UNKNOWN
    first = total.formula is not None and total.formula.operands[0] is late and _is_difference(late)
    if mode is Mode.GRAPH or (mode is Mode.XLA and first):
        found = _found(total, Way.FOLDED, late, min(constants), format_, values[0].value)
        # What a graph has another use for it leaves as it is.
        return found._replace(alone=late if mode is Mode.GRAPH else None)
    return None


def _added_last(numbers: Numbers, total: Node, small: float) -> Node | None:
    """What the small number is added to, where that is all the rest: the difference of the others is taken before."""
    formula = total.formula
    if formula is None or formula.form not in (Form.ADD, Form.SUBTRACT):
        return None
    one, other = formula.operands
    for rest, last in ((one, other), (other, one)):
        interval = numbers.interval(last)
        if isinstance(rest, Node) and interval.single and abs(interval.low) == small:
            return rest
    return None


def _is_difference(node: Node) -> bool:
    return node.formula is not None and node.formula.form is Form.SUBTRACT


def _terms(total: Operand) -> list[_Term]:
    """The summands of sums and differences."""
    found: list[_Term] = []
    waiting = [_Term(total, False)]
    while waiting and len(found) < _MOST:
        term = waiting.pop()
        formula = formula_of(term.value)
        if formula is None or formula.form not in _SUMS:
            found.append(term)
            continue
        turned = formula.form in (Form.SUBTRACT, Form.NEGATIVE)
        for place, each in enumerate(formula.operands):
            last = place == len(formula.operands) - 1
            waiting.append(_Term(each, term.negative is not (turned and last)))
    return found


def _number(numbers: Numbers, term: _Term) -> float | None:
    """The number that a summand is."""
    if isinstance(term.value, float):
        return -term.value if term.negative else term.value
    formula = formula_of(term.value)
    interval = numbers.interval(term.value)
    if formula is None or formula.form is not Form.LITERAL or not interval.single:
        return None
    return -interval.low if term.negative else interval.low


def _of_bound(numbers: Numbers, argument: Node, format_: Format) -> Hazard | None:
    """``1 - clip(p, low, high)``, where ``high`` is one after rounding."""
    formula = argument.formula
    if formula is None or formula.form is not Form.SUBTRACT or not is_one(numbers, formula.operands[0]):
        return None
    for bounded in sources(formula.operands[1]):
        interval = numbers.interval(bounded)
        clip, bound = _upper_bound(bounded)
        if clip is None or interval.high != 1 or interval.at_high is not Reach.MASS:
            continue
        if bound < 1 and format_.rounded(bound) == 1:
            return _found(clip, Way.BOUND, clip, 1 - bound, format_, clip)
    return None


def _upper_bound(value: Operand) -> tuple[Node | None, float]:
    """The step that keeps a value below a number that is written out."""
    formula = formula_of(value)
    for _ in range(_MOST):
        if formula is None or not isinstance(value, Node):
            break
        numbers = [each for each in formula.operands if isinstance(each, float)]
        if formula.form is Form.CLIP and isinstance(formula.operands[2], float):
            return value, formula.operands[2]
        if formula.form is Form.MINIMUM and numbers:
            return value, numbers[0]
        if formula.form is not Form.MAXIMUM or not numbers:
            break
        value = next(each for each in formula.operands if each is not numbers[0])
        formula = formula_of(value)
    return None, 0.0


def _vanished(numbers: Numbers, total: Node, format_: Format) -> Hazard | None:
    """``p + epsilon``, where ``epsilon`` is zero in half precision, and ``p`` may be."""
    formula = total.formula
    if formula is None or formula.form is not Form.ADD:
        return None
    small = next((each for each in formula.operands if isinstance(each, float)), 0.0)
    value = next((each for each in formula.operands if isinstance(each, Node)), None)
    if value is None or small <= 0 or format_.rounded(small) != 0:
        return None
    interval = numbers.interval(value)
    if interval.low != 0 or interval.at_low is not Reach.MASS:
        return None
    return _found(total, Way.VANISHED, value, small, format_, value)


def _found(at: Node, way: Way, inner: Node, lost: float, format_: Format, through: Node) -> Hazard:
    return Hazard(Cause.LOST_IN_ROUNDING, Unstable(way, inner.site, lost, format_.name), through, at.site)
