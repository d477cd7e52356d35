"""Functions of einops: what they are given first decides whether TensorFlow or NumPy computes."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Array, Const, HostObject, Scalar, Symbol, Tensor, Value, Variable
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.functions import Function, Method, NativeFunction, Partial
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.einops import data, patterns
from tfgradlint.libraries.measured.apply import applied, bind, interp_unknown
from tfgradlint.libraries.measured.curvature import joint
from tfgradlint.libraries.measured.details import operation
from tfgradlint.libraries.numpy.core import without_content

_CALLABLE = (Function, Method, NativeFunction, Partial, Symbol)
#: A list that is unpacked into more parts than these is not followed part by part.
_PARTS = 64
_SEQUENCES = (ListObject, Items)


def call(interp: Context, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The result of a function; None where it is not described, or called in a way that is not."""
    handler = HANDLERS.get(name)
    if handler is None or any(isinstance(value, Repeated) for value in args):
        return None
    for place, value in enumerate(args):
        if isinstance(value, Union):

            def run(each: Value, place: int = place) -> Value:
                made = call(interp, name, [*args[:place], each, *args[place + 1 :]], kwargs)
                return made if made is not None else interp.unknown(origins.call_of(f"einops.{name}"), *args)

            return interp.calls.any_of(value.values, run)
    return handler(interp, name, args, kwargs)


def _carrier(value: Value, sequences: tuple[type[Value], ...] = ()) -> type[Tensor] | type[Array] | None:
    """What a function computes with that is given this first; None where that is not known.

    A variable of Keras 3 is refused: for einops it is no tensor of any kind.
    """
    if isinstance(value, (Tensor, Variable)):
        return Tensor if isinstance(value, Tensor) or value.library != "keras" else None
    if isinstance(value, Array) and not isinstance(value, HostObject):
        return Array
    if not isinstance(value, sequences):
        return None
    content = value.fields["content"] if isinstance(value, ListObject) else value
    if isinstance(content, Items) and content.items:
        return _carrier(content.items[0])
    return _carrier(content.element) if isinstance(content, Repeated) else None


def _measured(interp: Context, name: str, carrier: type[Tensor] | type[Array] | None, bound: dict[str, Value]) -> Value:
    """What the measured data says of a call, by what it computes with."""
    if carrier is Tensor:
        return applied(interp, data.function(name), bound)
    if carrier is None:
        return interp_unknown(interp, data.function(name), bound)
    parts = [part for value in bound.values() for part in _parts(value)]
    if any(without_content(interp, part) for part in parts):
        exception = "NotImplementedError" if interp.graph_level else "ValueError"
        interp.raise_here(Cause.PYTHON_VALUE, exception, operation(name))
    if all(isinstance(part, (Array, Const)) for part in parts):
        edges = [Edge(node, Effect.PLAIN) for value in bound.values() for node in nodes_of(value)]
        return Array(interp.recorder.plain(edges), True)
    return applied(interp, data.function(name, data.ARRAY), bound)


def _parts(value: Value) -> tuple[Value, ...]:
    content = value.fields["content"] if isinstance(value, ListObject) else value
    return content.items if isinstance(content, Items) else (content,)


def _acting(made: Value, like: str) -> Value:
    """The inputs act together as those of an operation of TensorFlow do: on that depends a second derivative."""
    if isinstance(made, Tensor):
        made.node.joint = joint(like, len(made.node.edges))
    return made


# -- the functions


def _patterned(interp: Context, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``rearrange``, ``repeat`` and ``reduce``. The sizes of axes are whole numbers, wherever they come from."""
    known = data.function(name)
    needed = [param.name for param in known.params if param.required]
    bound = bind(known, args, {key: value for key, value in kwargs.items() if key in needed})
    if bound is None or len(bound) < len(needed):
        return None
    first, pattern = bound["tensor"], _text(bound.pop("pattern"))
    carrier = _carrier(first, (ListObject,))
    reduction = bound.get("reduction")
    if reduction is not None and not isinstance(reduction, Const):
        followed = carrier is not None and isinstance(reduction, _CALLABLE) and patterns.drops(pattern)
        return _reduced(interp, first, pattern, reduction) if followed else None
    stacked = isinstance(first, ListObject)
    if patterns.stays(pattern) and carrier is Tensor and not stacked:
        return first
    made = _measured(interp, name, carrier, bound)
    if stacked:
        return _acting(made, "tf.stack")
    certain = patterns.drops if name == "reduce" else patterns.moves
    return made if certain(pattern) or carrier is not Tensor else _perhaps_same(interp, first, made)


def _perhaps_same(interp: Context, first: Value, made: Value) -> Value:
    """Either something new, or the tensor itself."""
    if not isinstance(first, (Tensor, Variable)) or not isinstance(made, Tensor):
        return made
    node = interp.recorder.phi([first.node, made.node])
    node.maybe_alias = (first.node,)
    return Tensor(node)


def _text(value: Value) -> str:
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else ""


def _reduced(interp: Context, first: Value, pattern: str, reduction: Value) -> Value:
    """A reduction of the program's own is called once, with a tensor and the numbers of the axes to be reduced."""
    carrier = _carrier(first, (ListObject,))
    given = first
    if isinstance(first, ListObject) or not patterns.in_order(pattern):
        given = _measured(interp, "rearrange", carrier, {"tensor": first})
        if carrier is Tensor and patterns.in_order(pattern) is None:
            given = _perhaps_same(interp, first, given)
    numbers = Repeated(Scalar(interp.recorder.leaf("int32"), "int"), "tuple")
    made = interp.calls.call(reduction, [given, numbers], {})
    both = patterns.sides(pattern)
    if both is None or not patterns.reshapes(both[1]):
        return made
    if carrier is Array:
        return interp.unknown(origins.arguments_of("einops.reduce"), made)
    return interp.calls.call(Symbol("tf.reshape"), [made, Const(-1)], {})


def _einsum(interp: Context, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if kwargs or len(args) < 2:
        return None
    given: dict[str, Value] = {"tensors_and_pattern": Items(tuple(args[:-1]))}
    return _acting(_measured(interp, name, _carrier(args[0]), given), "tf.einsum")


def _pack(interp: Context, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Tensors in one, and the shapes that they had: a list of as many."""
    bound = bind(data.function(name), args, kwargs)
    if bound is None or len(bound) < 2:
        return None
    tensors = bound["tensors"]
    made = _measured(interp, name, _carrier(tensors, _SEQUENCES), {"tensors": tensors})
    packed = made.items[0] if isinstance(made, Items) else made
    shape = Scalar(interp.recorder.leaf("int32"))
    content = tensors.fields["content"] if isinstance(tensors, ListObject) else tensors
    shapes = Items((shape,) * len(content.items), "list") if isinstance(content, Items) else Repeated(shape)
    return Items((_acting(packed, "tf.concat"), ListObject(shapes)))


def _unpack(interp: Context, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A list of as many tensors as there are shapes."""
    bound = bind(data.function(name), args, kwargs)
    if bound is None or len(bound) < 3:
        return None
    tensor = bound["tensor"]
    parts = _parts(bound["packed_shapes"])
    counted = isinstance(bound["packed_shapes"], _SEQUENCES) and not isinstance(parts[0], Repeated)

    def part() -> Value:
        made = _measured(interp, name, _carrier(tensor), {"tensor": tensor})
        content = made.fields["content"] if isinstance(made, ListObject) else made
        return content.element if isinstance(content, Repeated) else content

    if counted and len(parts) <= _PARTS:
        return ListObject(Items(tuple(part() for _ in parts), "list"))
    return ListObject(Repeated(part()))


def _asnumpy(interp: Context, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The value of a tensor; of an array it is the array."""
    bound = bind(data.function(name), args, kwargs)
    if not bound:
        return None
    carrier = _carrier(bound["tensor"])
    if carrier is Tensor and (interp.graph_level or without_content(interp, bound["tensor"])):
        exception = "AssertionError" if interp.graph_level else "RuntimeError"
        interp.raise_here(Cause.PYTHON_VALUE, exception, operation(name))
    return bound["tensor"] if carrier is Array else _measured(interp, name, carrier, bound)


def _parse_shape(interp: Context, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The sizes of the axes, by name: plain numbers."""
    given = {**dict(zip(("x", "pattern"), args, strict=False)), **kwargs}
    if len(args) > 2 or given.keys() != {"x", "pattern"}:
        return None
    size = Scalar(interp.recorder.leaf("int32"), "int")
    pattern = _text(given["pattern"])
    known = DictContent(dict.fromkeys(patterns.axes(pattern), size))
    return DictObject(known if pattern else DictContent({}, size))


_Handler = Callable[["Context", str, "list[Value]", "dict[str, Value]"], "Value | None"]

HANDLERS: dict[str, _Handler] = {
    **dict.fromkeys(("rearrange", "repeat", "reduce"), _patterned),
    "einsum": _einsum,
    "pack": _pack,
    "unpack": _unpack,
    "asnumpy": _asnumpy,
    "parse_shape": _parse_shape,
}
