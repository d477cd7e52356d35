"""Functions without a slope that is told from zero, at the numbers that a program has written."""

from __future__ import annotations

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.rounding import FLOAT32, Format
from tfgradlint.flow.facts.shapes import axes_of, shape_of
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.hazards import Way
from tfgradlint.flow.graph.nodes import Formula, Node

#: A little before a slope is rounded to zero.
_NEARLY = 0.9


def is_flat(numbers: Numbers, formula: Formula) -> bool:
    """Whether a function may have no slope at all that it is given, or certainly has none."""
    given = numbers.interval(formula.operands[0]) if formula.operands else None
    if formula.form is Form.DIVIDE:
        return numbers.equal(*formula.operands)
    if formula.form in (Form.VARIANCE, Form.DEVIATION):
        return is_over_one(formula)
    if given is None or formula.form not in _FLAT:
        return False
    format_ = _format(numbers, formula)
    once = -format_.log_half_step * _NEARLY
    below, above = -format_.log_largest * _NEARLY, format_.log_largest * _NEARLY
    if formula.form in _AT_ZERO:
        power = formula.form is not Form.POWER or numbers.interval(formula.operands[1]).low > 1
        return power and given.within(0.0, 0.0)
    if formula.form is Form.SIGMOID:
        return given.low >= once or given.high <= below
    if formula.form is Form.TANH:
        return given.low >= once / 2 or given.high <= -once / 2
    if formula.form is Form.LOG_SIGMOID:
        return given.low >= above
    if formula.form in (Form.RELU, Form.RELU6):
        return given.high <= 0 or (formula.form is Form.RELU6 and given.low >= 6)
    if formula.form is Form.SOFTMAX:
        return _written(formula) and given.high - given.low >= once
    return given.high <= below


#: Squares, powers and absolute values have none at zero.
_AT_ZERO = frozenset({Form.SQUARE, Form.POWER, Form.ABS})
_FLAT = _AT_ZERO | {
    Form.SIGMOID,
    Form.TANH,
    Form.LOG_SIGMOID,
    Form.RELU,
    Form.RELU6,
    Form.SOFTMAX,
    Form.EXP,
    Form.SOFTPLUS,
}


def is_over_one(formula: Formula) -> bool:
    """Whether a reduction goes over one element."""
    axes, shape = axes_of(formula), shape_of(formula.operands[0])
    told = any(isinstance(option, tuple) and option[0] == "axis" for option in formula.options)
    return axes is not None and all((shape.along(axis) if told else shape.number) == 1 for axis in axes)


def _format(numbers: Numbers, formula: Formula) -> Format:
    given = formula.operands[0]
    return (numbers.format(given) if isinstance(given, Node) else None) or FLOAT32


def _written(formula: Formula) -> bool:
    """Whether the numbers that it is given are written out."""
    given = formula.operands[0]
    return isinstance(given, Node) and given.formula is not None and given.formula.form is Form.LITERAL


def dead_end(numbers: Numbers, formula: Formula) -> Way | None:
    """Why nothing comes back from a step, and nothing that it computes with is ever changed by what does."""
    if formula.form is Form.SUBTRACT and isinstance(formula.operands[0], Node):
        return Way.ITSELF if formula.operands[0] is formula.operands[1] else None
    if formula.form in (Form.MULTIPLY, Form.MATMUL):
        one, other = formula.operands
        both = one is not other and all(isinstance(each, Node) for each in (one, other))
        zeros = both and all(numbers.interval(each).within(0.0, 0.0) for each in (one, other))
        return Way.BOTH_ZERO if zeros and not numbers.same(one, other) else None
    return Way.BEYOND if _is_beyond(numbers, formula) else None


def _is_beyond(numbers: Numbers, formula: Formula) -> bool:
    """Whether all that a step bounds lies beyond the bound: what is chosen is the bound."""
    bounded = _bounded_by(formula)
    if bounded is None:
        return False
    value, low, high = bounded
    given = numbers.interval(value)
    return (low is not None and given.high < numbers.interval(low).low) or (
        high is not None and given.low > numbers.interval(high).high
    )


def _bounded_by(formula: Formula) -> tuple[Node, Node | float | None, Node | float | None] | None:
    """What a step bounds, from below and from above, by numbers that are written out."""
    if formula.form is Form.CLIP and isinstance(formula.operands[0], Node):
        return formula.operands[0], formula.operands[1], formula.operands[2]
    if formula.form not in (Form.MAXIMUM, Form.MINIMUM):
        return None
    value = next((each for each in formula.operands if isinstance(each, Node)), None)
    bound = next((each for each in formula.operands if isinstance(each, float)), None)
    if value is None or bound is None:
        return None
    return (value, bound, None) if formula.form is Form.MAXIMUM else (value, None, bound)
