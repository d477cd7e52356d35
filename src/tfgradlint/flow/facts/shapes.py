"""What steps do to shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tfgradlint.flow.graph.nodes import PHI, Formula, Node, Operand
from tfgradlint.flow.graph.shape import ANY_SHAPE, SCALAR, Shape


def shape_of(operand: Operand) -> Shape:
    """The shape of a value; of one of several values what they have in common."""
    if not isinstance(operand, Node):
        return SCALAR
    if operand.kind != PHI or operand.shape is not ANY_SHAPE:
        return operand.shape
    shapes = [each.node.shape for each in operand.edges]
    common = shapes[0] if shapes else ANY_SHAPE
    for each in shapes[1:]:
        common = meet(common, each)
    return common


def meet(one: Shape, other: Shape) -> Shape:
    """What holds of a value that has either shape."""
    if one == other:
        return one
    dims = tuple(a if a == b else None for a, b in zip(one.dims[::-1], other.dims[::-1], strict=False))[::-1]
    return Shape(dims, one.open or other.open or len(one.dims) != len(other.dims))


def broadcast(shapes: Iterable[Shape]) -> Shape:
    """The shape of what is computed element by element."""
    found = SCALAR
    for each in shapes:
        found = _both(found, each)
    return found


def _both(one: Shape, other: Shape) -> Shape:
    longest = max(len(one.dims), len(other.dims))
    dims = [_stretched(_from_behind(one, place), _from_behind(other, place)) for place in range(1, longest + 1)]
    return Shape(tuple(reversed(dims)), one.open or other.open)


def _from_behind(shape: Shape, place: int) -> int | None:
    if place <= len(shape.dims):
        return shape.dims[-place]
    return None if shape.open else 1


def _stretched(one: int | None, other: int | None) -> int | None:
    if one == 1 or one == other:
        return other
    if other == 1:
        return one
    return one if other is None else other if one is None else None


def product(one: Shape, other: Shape) -> Shape:
    """The shape of a product of matrices."""
    dims = (one.along(-2), other.along(-1))
    if one.open or other.open or len(one.dims) < 2 or len(other.dims) < 2:
        return Shape(dims, True) if other.open or len(other.dims) > 1 else ANY_SHAPE
    stack = broadcast((Shape(one.dims[:-2]), Shape(other.dims[:-2])))
    return Shape((*stack.dims, *dims))


def swapped(shape: Shape) -> Shape:
    """A matrix that is turned over."""
    if len(shape.dims) < 2:
        return ANY_SHAPE
    return Shape((*shape.dims[:-2], shape.dims[-1], shape.dims[-2]), shape.open)


def reduced(shape: Shape, axes: Sequence[int] | None, kept: bool) -> Shape:
    """The shape of what is left along all other axes; with ``kept`` of one element along these."""
    if axes is None:
        return Shape((1,) * len(shape.dims), shape.open) if kept else SCALAR
    if shape.open and any(axis >= 0 for axis in axes):
        return ANY_SHAPE
    shape = _longer(shape, -min(axes, default=0))
    if any(not -len(shape.dims) <= axis < len(shape.dims) for axis in axes):
        return ANY_SHAPE
    gone = {axis % len(shape.dims) for axis in axes}
    dims = (1 if place in gone else each for place, each in enumerate(shape.dims) if kept or place not in gone)
    return Shape(tuple(dims), shape.open)


def _longer(shape: Shape, least: int) -> Shape:
    """The same shape with so many axes, if it may have as many."""
    return Shape((None,) * (least - len(shape.dims)) + shape.dims, True) if shape.open else shape


def stretched_at(shape: Shape, axis: int) -> Shape:
    """The shape with one more axis of one element."""
    if shape.open and axis >= 0:
        return ANY_SHAPE
    shape = _longer(shape, -axis - 1)
    place = axis if axis >= 0 else len(shape.dims) + 1 + axis
    if not 0 <= place <= len(shape.dims):
        return ANY_SHAPE
    return Shape((*shape.dims[:place], 1, *shape.dims[place:]), shape.open)


def reshaped(shape: Shape, wanted: Sequence[int | None] | None) -> Shape:
    """The same elements in another shape, of which one length may be -1: what is left."""
    if wanted is None:
        return ANY_SHAPE
    number, rest = shape.number, 1
    for each in wanted:
        if each is None:
            number = None
        elif each > 0:
            rest *= each
    left = number // rest if number is not None and -1 in wanted and number % rest == 0 else None
    return Shape(tuple(left if each == -1 else each for each in wanted))


def axes_of(formula: Formula) -> Sequence[int] | None:
    """Along which axes a function goes that takes the last one unless told; None where that is not known."""
    axes: list[int] = []
    for option in formula.options:
        name, value = option if isinstance(option, tuple) and len(option) == 2 else ("", None)
        if name == "axis" and value != _UNTOLD:
            if not isinstance(value, tuple) or value[0] != "int":
                return None
            axes.append(int(value[1]))
        elif name not in ("axis", "keepdims", "ord"):
            return None
    return axes or [-1]


_UNTOLD = ("NoneType", "None")
