"""Which shape a call makes, where its arguments say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tfgradlint.flow.facts.shapes import broadcast, product, reduced, reshaped, shape_of, stretched_at, swapped
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.nodes import Formula
from tfgradlint.flow.graph.shape import ANY_SHAPE, Shape
from tfgradlint.flow.values.base import NONE, Const, GraphValue, Value, Variable
from tfgradlint.flow.values.containers import Items, Slice

#: The result has an element for each of what is given, stretched to a common shape.
_ELEMENTWISE = frozenset(
    {
        Form.ADD,
        Form.SUBTRACT,
        Form.MULTIPLY,
        Form.DIVIDE,
        Form.POWER,
        Form.NEGATIVE,
        Form.ABS,
        Form.SQUARE,
        Form.EXP,
        Form.LOG,
        Form.LOG1P,
        Form.SQRT,
        Form.RSQRT,
        Form.RECIPROCAL,
        Form.MAXIMUM,
        Form.MINIMUM,
        Form.CLIP,
        Form.RELU,
        Form.RELU6,
        Form.SIGMOID,
        Form.TANH,
        Form.SOFTPLUS,
        Form.LOG_SIGMOID,
        Form.SOFTMAX,
        Form.LOG_SOFTMAX,
        Form.UNIT,
        Form.NORMALISED,
        Form.WHERE,
        Form.XLOGY,
        Form.COMPLEX,
        Form.GREATER,
        Form.LESS,
    }
)
_REDUCTIONS = frozenset({Form.SUM, Form.MEAN, Form.MAX, Form.MIN, Form.VARIANCE, Form.DEVIATION, Form.NORM})
#: Calls that are given the shape of what they make, or something of the same shape.
_SHAPED = frozenset(
    {
        "tf.zeros",
        "tf.ones",
        "tf.fill",
        "tf.random.normal",
        "tf.random.uniform",
        "tf.random.truncated_normal",
        "tf.random.stateless_normal",
        "tf.random.stateless_uniform",
        "keras.ops.zeros",
        "keras.ops.ones",
        "keras.random.normal",
        "keras.random.uniform",
        "numpy.zeros",
        "numpy.ones",
        "numpy.random.normal",
        "numpy.random.uniform",
    }
)
_ALIKE = frozenset({"tf.zeros_like", "tf.ones_like", "tf.cast", "tf.identity", "tf.stop_gradient"})


def shape_of_call(name: str, computed: Formula | None, bound: Mapping[str, Value]) -> Shape:
    """The shape of what a call returns."""
    if name in _SHAPED:
        wanted = lengths(bound.get("shape", bound.get("dims", bound.get("size", NONE))))
        return ANY_SHAPE if wanted is None else Shape(tuple(wanted))
    if name in _ALIKE:
        return _given(bound)
    family, _, last = name.rpartition(".")
    if last in _BY_NAME and family in _FAMILIES:
        return _BY_NAME[last](bound)
    if computed is None:
        return ANY_SHAPE
    if computed.form in _ELEMENTWISE:
        return broadcast(map(shape_of, computed.operands))
    if computed.form in _REDUCTIONS:
        return _reduction(bound)
    return _product(computed, bound) if computed.form is Form.MATMUL else ANY_SHAPE


_FAMILIES = frozenset({"tf", "tf.Tensor", "tf.Variable", "keras.Variable", "keras.ops"})


def lengths(value: Value | None) -> list[int | None] | None:
    """The lengths of a shape that is written out; None for each that is not, and for no shape at all."""
    if isinstance(value, Const):
        return [value.value] if type(value.value) is int else None
    content = value.structure if value is not None else NONE
    if not isinstance(content, Items):
        return None
    numbers = [each.value if isinstance(each, Const) else None for each in content.items]
    return [each if type(each) is int else None for each in numbers]


def _axes(bound: Mapping[str, Value]) -> _Axes:
    """The axes that a call is given."""
    value = bound.get("axis", NONE)
    if isinstance(value, Const) and value.value is None:
        return _Axes(None, True)
    found = lengths(value) or []
    read = [each for each in found if each is not None]
    return _Axes(read, bool(read) and len(read) == len(found))


class _Axes(NamedTuple):
    """Axes, None for all of them, and whether they are written out."""

    axes: Sequence[int] | None
    read: bool


def _given(bound: Mapping[str, Value]) -> Shape:
    value = next(iter(bound.values()), NONE)
    return shape_of(value.node) if isinstance(value, (GraphValue, Variable)) else ANY_SHAPE


def _reduction(bound: Mapping[str, Value]) -> Shape:
    axes, kept = _axes(bound), bound.get("keepdims", Const(False))
    if not axes.read or not isinstance(kept, Const):
        return ANY_SHAPE
    return reduced(_given(bound), axes.axes, bool(kept.value))


def _product(computed: Formula, bound: Mapping[str, Value]) -> Shape:
    sides = [shape_of(each) for each in computed.operands]
    for name, value in list(bound.items())[2:]:
        if name == "name" or (isinstance(value, Const) and not value.value):
            continue
        side = {"transpose_a": 0, "transpose_b": 1}.get(name)
        if side is None or not isinstance(value, Const):
            return ANY_SHAPE
        sides[side] = swapped(sides[side])
    return product(*sides)


def _reshape(bound: Mapping[str, Value]) -> Shape:
    values = list(bound.values())
    return reshaped(_given(bound), lengths(values[1])) if len(values) > 1 else ANY_SHAPE


def _expand_dims(bound: Mapping[str, Value]) -> Shape:
    axes = _axes(bound).axes
    return stretched_at(_given(bound), axes[0]) if axes is not None and len(axes) == 1 else ANY_SHAPE


def _squeeze(bound: Mapping[str, Value]) -> Shape:
    axes, shape = _axes(bound), _given(bound)
    if axes.read and axes.axes is not None:
        return reduced(shape, axes.axes, kept=False)
    if not axes.read or shape.number is None:
        return ANY_SHAPE
    return Shape(tuple(each for each in shape.dims if each != 1))


def _transpose(bound: Mapping[str, Value]) -> Shape:
    shape = _given(bound)
    values = list(bound.values())
    order = None if len(values) < 2 else lengths(values[1])
    if shape.open or (len(values) > 1 and order is None):
        return ANY_SHAPE
    places = range(len(shape.dims))
    if order is None:
        return Shape(shape.dims[::-1])
    if sorted(each for each in order if each is not None) != list(places):
        return ANY_SHAPE
    return Shape(tuple(shape.dims[each] for each in order if each is not None))


def _one_hot(bound: Mapping[str, Value]) -> Shape:
    depth = bound.get("depth", NONE)
    plain = "axis" not in bound and isinstance(depth, Const) and type(depth.value) is int
    return Shape((depth.value,), True) if plain and isinstance(depth, Const) else ANY_SHAPE


def _item(bound: Mapping[str, Value]) -> Shape:
    """``x[:, None]``, ``x[0]``, ``x[..., :1]``."""
    values = list(bound.values())
    shape = _given(bound)
    if len(values) < 2:
        return ANY_SHAPE
    index = values[1]
    parts = list(index.items) if isinstance(index, Items) else [index]
    before: list[int | None] = []
    place, left = 0, sum(not _adds(each) for each in parts)
    if shape.open:
        behind = _skips(parts[0]) and all(map(_adds, parts[1:]))
        return Shape((*shape.dims, *(1 for _ in parts[1:])), True) if behind else ANY_SHAPE
    for part in parts:
        if _skips(part):
            skipped = len(shape.dims) - place - (left - 1)
            before += shape.dims[place : place + skipped]
            place, left = place + skipped, left - 1
            continue
        if _adds(part):
            before.append(1)
            continue
        if place >= len(shape.dims):
            return ANY_SHAPE
        if isinstance(part, Slice):
            before.append(_length(part, shape.dims[place]))
        elif not (isinstance(part, Const) and type(part.value) is int):
            return ANY_SHAPE
        place, left = place + 1, left - 1
    return Shape((*before, *shape.dims[place:]))


def _skips(part: Value) -> bool:
    return isinstance(part, Const) and part.value is Ellipsis


def _adds(part: Value) -> bool:
    return isinstance(part, Const) and part.value is None


def _length(part: Slice, whole: int | None) -> int | None:
    bounds = [each.value for each in part.parts if isinstance(each, Const) and type(each.value) in (int, type(None))]
    if len(bounds) < len(part.parts):
        return None
    start, stop, step = bounds
    if whole is None or step == 0:
        return whole if bounds == [None, None, None] else None
    return len(range(whole)[start:stop:step])


_BY_NAME: dict[str, Callable[[Mapping[str, Value]], Shape]] = {
    "reshape": _reshape,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "transpose": _transpose,
    "one_hot": _one_hot,
    "__getitem__": _item,
}
