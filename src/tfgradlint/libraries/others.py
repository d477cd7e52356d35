"""Libraries that compute with numbers of their own, and the ways that lead there: no tape follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.causes import Cause
from tfgradlint.flow.graph import Edge, Effect, Node, trainable
from tfgradlint.flow.values import (
    Array,
    Class,
    Function,
    Held,
    Instance,
    Items,
    Listing,
    Mapping,
    Method,
    Partial,
    Scalar,
    Symbol,
    Thunk,
    Unknown,
    Value,
    nodes_of,
)

if TYPE_CHECKING:
    from tfgradlint.flow.interpreter import Interpreter

#: Libraries whose functions take the numbers out of whatever they are given.
ROOTS = frozenset({"scipy", "sklearn", "pandas", "PIL", "cv2", "skimage"})
#: Keras' and TensorFlow's own ways out, below their roots.
LEAVING = frozenset(
    "keras.ops.convert_to_numpy keras.backend.get_value keras.backend.eval "
    "keras.utils.array_to_img keras.utils.img_to_array "
    "keras.preprocessing.image.array_to_img keras.preprocessing.image.img_to_array tf.make_ndarray "
    "tf.make_tensor_proto".split()
)
_CALLBACKS = (Function, Method, Partial, Instance, Thunk, Class, Symbol)


def call(interp: Interpreter, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A function or class of another library, or a way to one; None for anything else."""
    if path.partition(".")[0] not in ROOTS and path.removeprefix("tf.") not in LEAVING and path not in LEAVING:
        return None
    given = [*args, *kwargs.values()]
    if any(isinstance(value, _CALLBACKS) for value in given):
        return None  # it may call back, with arrays
    if path.startswith("pandas.") and any(_nested(value) for value in given):
        return interp.somehow(path, given)  # a frame keeps tensors in a list as the objects they are
    return Held(interp.recorder.plain(_edges(path, given)), path)


def _nested(value: Value) -> bool:
    nodes = nodes_of(value) if isinstance(value, (Listing, Mapping, Items, Unknown)) else []
    return any(trainable(node.dtype) for node in nodes)


def attribute(interp: Interpreter, receiver: Held, name: str) -> Value:
    """An attribute of what another library made: it may be called, too."""
    return Held(interp.recorder.plain([Edge(receiver.node, Effect.PLAIN)]), f"{receiver.path}.{name}")


def called(interp: Interpreter, callee: Held, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A method of what another library made: it may keep what it is given."""
    given = [*args, *kwargs.values()]
    if any(isinstance(value, _CALLBACKS) for value in given):
        return interp.unknown(f"call of {callee.path}", callee, *given)
    edges = _edges(callee.path, given)
    made = Held(interp.recorder.plain([Edge(callee.node, Effect.PLAIN), *edges]), callee.path)
    if edges:
        for edge in callee.node.edges[:1]:
            edge.node.edges = (*edge.node.edges, Edge(made.node, Effect.PLAIN))
    return made


def _edges(path: str, given: list[Value]) -> list[Edge]:
    return [_edge(path, value, node) for value in given for node in nodes_of(value)]


def _edge(path: str, value: Value, node: Node) -> Edge:
    if not trainable(node.dtype) or isinstance(value, (Array, Scalar)):
        return Edge(node, Effect.PLAIN)
    return Edge(node, Effect.NONE, Cause.OTHER_LIBRARY, path)
