"""Values of which some element is certainly zero, and why."""

from __future__ import annotations

from typing import NamedTuple

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.patterns import formula_of
from tfgradlint.flow.facts.shapes import axes_of, shape_of
from tfgradlint.flow.facts.written import written
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.hazards import Way
from tfgradlint.flow.graph.nodes import Formula, Node, Operand

#: They make zero of zero.
_KEEPING = frozenset({Form.SAME, Form.NEGATIVE, Form.ABS, Form.SQUARE, Form.SQRT, Form.TANH})
_REDUCTIONS = frozenset({Form.SUM, Form.MEAN, Form.MAX, Form.MIN})
#: Whoever puts more steps between a zero and what has no value there is not followed.
_DEEPEST = 30


class Zero(NamedTuple):
    """Why an element is zero, and where it became so.

    ``all``: every element is. ``pair``: the first of two neighbouring axes along which it is the diagonal. ``initial``:
    variables begin with it.
    """

    way: Way
    at: Node
    all: bool = False
    pair: int | None = None
    initial: bool = False


def zero_of(numbers: Numbers, value: Operand | None, depth: int = 0) -> Zero | None:
    """The zero that is certainly among the elements of a value."""
    formula = formula_of(value)
    if formula is None or not isinstance(value, Node) or depth > _DEEPEST:
        return None
    known = written(numbers, value)
    if known is not None:
        way = Way.ZERO_AT_FIRST if known.initial else Way.ZERO_WRITTEN
        return Zero(way, value, known.numbers == (0.0,), None, known.initial) if known.has_zero else None
    form, operands = formula.form, formula.operands
    if form is Form.SUBTRACT:
        return _difference(numbers, value, formula)
    if form is Form.MULTIPLY:
        return _product(numbers, value, formula, depth)
    if form in _KEEPING or (form is Form.PART and _converts(formula)):
        found = zero_of(numbers, operands[0], depth + 1)
        moved = form is Form.SAME and found is not None and found.pair is not None
        return found._replace(pair=None) if moved and found is not None else found
    if form in (Form.MAXIMUM, Form.MINIMUM):
        other = next((each for each in operands if isinstance(each, Node)), None)
        bound = next((each for each in operands if isinstance(each, float)), None)
        stays = bound is not None and (bound <= 0 if form is Form.MAXIMUM else bound >= 0)
        return zero_of(numbers, other, depth + 1) if stays else None
    if form is Form.POWER and isinstance(operands[1], float) and operands[1] > 0:
        return zero_of(numbers, operands[0], depth + 1)
    if form in _REDUCTIONS:
        return _reduced(numbers, formula, depth)
    return None


def _difference(numbers: Numbers, value: Node, formula: Formula) -> Zero | None:
    """``x - x``, and the differences of all pairs."""
    one, other = formula.operands
    if isinstance(one, Node) and numbers.equal(one, other):
        return Zero(Way.ITSELF, value, all=True)
    places = _added_axis(numbers, one), _added_axis(numbers, other)
    if places[0] is None or places[1] is None or not numbers.equal(places[0].of, places[1].of):
        return None
    first, second = sorted((places[0].place, places[1].place))
    return Zero(Way.PAIRS, value, pair=first) if second == first + 1 else None


class _Axis(NamedTuple):
    """An axis of one element that is added to a value, counted from the front."""

    of: Node
    place: int


def _added_axis(numbers: Numbers, value: Operand) -> _Axis | None:
    formula = formula_of(value)
    if formula is None or not isinstance(formula.operands[0], Node) or formula.form is not Form.SAME:
        return None
    given, index = formula.operands[0], _option(formula, "index")
    if isinstance(index, tuple) and index.count("+") == 1 and "..." not in index[: index.index("+")]:
        return _Axis(given, index.index("+"))
    axis = _option(formula, "axis")
    if _option(formula, "function") == "expand_dims" and isinstance(axis, tuple) and axis[0] == "int":
        place, shape = int(axis[1]), shape_of(given)
        if place < 0 and not shape.open:
            place += len(shape.dims) + 1
        return _Axis(given, place) if place >= 0 else None
    return None


def _option(formula: Formula, name: str) -> object:
    """An option of a formula, None where it has none of that name."""
    found = (option[1] for option in formula.options if isinstance(option, tuple) and option[0] == name)
    return next(found, None)


def _product(numbers: Numbers, value: Node, formula: Formula, depth: int) -> Zero | None:
    for each in formula.operands:
        found = zero_of(numbers, each, depth + 1)
        if found is not None:
            return found
    for each in formula.operands:
        inner = formula_of(each)
        if inner is not None and inner.form is Form.PART and _is_mask(inner) and isinstance(each, Node):
            return Zero(Way.MASKED, value)
    return None


def _converts(formula: Formula) -> bool:
    """Whether it is a cast, which leaves out no element."""
    return _option(formula, "dtype") is not None


def _is_mask(formula: Formula) -> bool:
    """Whether it makes numbers of what is true or false: that some of it is false is why it was written."""
    given = formula.operands[0]
    return _converts(formula) and isinstance(given, Node) and given.dtype == "bool"


def _reduced(numbers: Numbers, formula: Formula, depth: int) -> Zero | None:
    """The sum of zeros alone: of all of them, or beyond the axes of the diagonal."""
    found = zero_of(numbers, formula.operands[0], depth + 1)
    return found if found is not None and goes_over_zeros(formula, found) else None


def goes_over_zeros(formula: Formula, found: Zero) -> bool:
    """Whether a step that reduces an axis goes over zeros alone: all are, or those of a pair along other axes."""
    if found.all or found.pair is None:
        return found.all
    axes, shape = axes_of(formula), shape_of(formula.operands[0])
    if axes is None or len(axes) != 1 or _option(formula, "axis") is None:
        return False
    least = max(0 if shape.open else len(shape.dims), _ranked(formula.operands[0]))
    return axes[0] > found.pair + 1 or (axes[0] < 0 and least + axes[0] > found.pair + 1)


def _ranked(value: Operand) -> int:
    """How many axes a value has at least, by the way it is indexed."""
    most = 0
    stack: list[Operand] = [value]
    for _ in range(_DEEPEST):
        if not stack:
            break
        formula = formula_of(stack.pop())
        if formula is None:
            continue
        index = _option(formula, "index")
        if isinstance(index, tuple):
            most = max(most, sum(each != "..." for each in index))
        elif formula.form in (*_KEEPING, Form.SUBTRACT, Form.POWER, Form.MULTIPLY):
            stack += formula.operands
    return most
