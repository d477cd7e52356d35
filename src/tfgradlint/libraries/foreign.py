"""Libraries that compute with numbers of their own, and the ways that lead there: no tape follows."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect, Node, trainable
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Array, HostObject, Scalar, Symbol, Unknown, Value
from tfgradlint.flow.values.containers import DictObject, Items, ListObject
from tfgradlint.flow.values.functions import Function, Method, NativeFunction, Partial
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.measured.details import operation
from tfgradlint.libraries.registry import Library

#: Libraries whose functions take the numbers out of whatever they are given.
ROOTS = frozenset({"scipy", "sklearn", "pandas", "PIL", "cv2", "skimage"})
#: Keras' and TensorFlow's own ways out, below their roots.
LEAVING = frozenset(
    "keras.ops.convert_to_numpy keras.backend.get_value keras.backend.eval "
    "keras.utils.array_to_img keras.utils.img_to_array "
    "keras.preprocessing.image.array_to_img keras.preprocessing.image.img_to_array tf.make_ndarray "
    "tf.make_tensor_proto".split()
)
_CALLBACKS = (Function, Method, Partial, Instance, NativeFunction, Class, Symbol)


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A function or class of another library, or a way to one; None for anything else."""
    if path.partition(".")[0] not in ROOTS and path.removeprefix("tf.") not in LEAVING and path not in LEAVING:
        return None
    given = [*args, *kwargs.values()]
    callbacks: list[Value] = [value for value in given if isinstance(value, _CALLBACKS)]
    if callbacks:
        if not path.startswith("scipy.") or not all(isinstance(value, (Function, Method)) for value in callbacks):
            return None  # it may call back, with arrays, or keep what it is given for later
        given = [value for value in given if value not in callbacks]
        given += _called_back(interp, path, callbacks, plainly=not any(_nested(value) for value in given))
    if path.startswith("pandas.") and any(_nested(value) for value in given):
        # A frame keeps tensors in a list as the objects they are.
        return interp.opaque_result_of(origins.returned_by(path), given)
    return HostObject(interp.recorder.plain(_edges(path, given)), path)


def _called_back(interp: Context, path: str, callbacks: list[Value], plainly: bool) -> list[Value]:
    """What functions return that SciPy calls at once, as often as it likes: it makes numbers of that.

    ``plainly``: with nothing but numbers of its own.
    """
    returned: list[Value] = []

    def run(function: Value) -> bool:
        made = function.function if isinstance(function, Method) else function
        assert isinstance(made, Function)
        needed = sum(each.default is None for each in made.node.params.params) - (made is not function)
        values: list[Value] = [
            HostObject(interp.recorder.leaf(), path) if plainly else interp.unknown(origins.argument_from(path))
            for _ in range(needed)
        ]
        returned.append(interp.calls.call(function, values, {}))
        return True

    for function in callbacks:
        for _ in range(2):
            interp.alternatives([lambda function=function: run(function), lambda: True])  # type: ignore[misc]
    return returned


def _nested(value: Value) -> bool:
    nodes = nodes_of(value) if isinstance(value, (ListObject, DictObject, Items, Unknown)) else []
    return any(trainable(node.dtype) for node in nodes)


def attribute(interp: Context, receiver: HostObject, name: str) -> Value:
    """An attribute of what another library made: it may be called, too."""
    return HostObject(interp.recorder.plain([Edge(receiver.node, Effect.PLAIN)]), f"{receiver.path}.{name}")


def called(interp: Context, callee: HostObject, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A method of what another library made: it may keep what it is given."""
    given = [*args, *kwargs.values()]
    if any(isinstance(value, _CALLBACKS) for value in given):
        return interp.unknown(origins.call_of(callee.path), callee, *given)
    edges = _edges(callee.path, given)
    made = HostObject(interp.recorder.plain([Edge(callee.node, Effect.PLAIN), *edges]), callee.path)
    if edges:
        for edge in callee.node.edges[:1]:
            edge.node.edges = (*edge.node.edges, Edge(made.node, Effect.PLAIN))
    return made


def _edges(path: str, given: list[Value]) -> list[Edge]:
    return [_edge(path, value, node) for value in given for node in nodes_of(value)]


def _edge(path: str, value: Value, node: Node) -> Edge:
    if not trainable(node.dtype) or isinstance(value, (Array, Scalar)):
        return Edge(node, Effect.PLAIN)
    return Edge(node, Effect.NONE, Cause.OTHER_LIBRARY, operation(path))


class _Foreign(Library):
    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return call(context, path, args, kwargs)

    def attribute(self, context: Context, receiver: Value, name: str) -> Value | None:
        return attribute(context, receiver, name) if isinstance(receiver, HostObject) else None

    def call_object(self, context: Context, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return called(context, callee, args, kwargs) if isinstance(callee, HostObject) else None


LIBRARY = _Foreign({root: root for root in ROOTS})
