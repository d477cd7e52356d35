"""``tf.data``: an input pipeline runs on its own, outside of every tape. Its elements are tensors, never variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect, Node, trainable
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.tape import Active
from tfgradlint.flow.values.base import NONE, Array, Const, Scalar, Tensor, Value, Variable
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import LibraryObject
from tfgradlint.flow.values.walk import fold, leaves_of, nodes_of
from tfgradlint.libraries.measured.details import operation

DATASET = "tf.data.Dataset"
#: What an element of a dataset is like.
_ELEMENT: Note[Value] = Note("element")
#: Methods that hand their elements on, in another order, number or shape.
_SAME = frozenset(
    "batch shuffle repeat prefetch cache take skip padded_batch with_options filter shard unbatch rebatch snapshot "
    "ragged_batch ignore_errors take_while distinct".split()
)


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A function that makes a dataset; None for anything else."""
    if not path.startswith(DATASET + "."):
        return None
    name = path.removeprefix(DATASET + ".")
    if name in ("from_tensor_slices", "from_tensors"):
        given = args[0] if args else kwargs.get("tensors", NONE)
        element = _sliced(interp, given, path)
        return _dataset(element) if element is not None else None
    if name == "range":
        return _dataset(Tensor(interp.recorder.op([], "int64")))
    if name == "zip":
        return _zipped(args[0] if len(args) == 1 else Items(tuple(args)))
    return None


def method(
    interp: Context, receiver: LibraryObject, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A method of a dataset."""
    element = _ELEMENT.certain(receiver)
    if name in _SAME:
        return _dataset(element)
    if name == "map" and args:
        return _dataset(_mapped(interp, args[0], element))
    if name == "enumerate":
        return _dataset(Items((Tensor(interp.recorder.op([], "int64")), element)))
    if name == "get_single_element":
        return element
    return None


def element_of(value: Value) -> Value | None:
    """What an element of a dataset is like; None for anything else."""
    return _ELEMENT.of(value) if isinstance(value, LibraryObject) else None


def _dataset(element: Value) -> LibraryObject:
    made = LibraryObject(DATASET)
    _ELEMENT.begin(made, element)
    return made


def _zipped(given: Value) -> Value | None:
    content = given.structure
    elements = [element_of(each) for each in content.items] if isinstance(content, Items) else [None]
    return _dataset(Items(tuple(each for each in elements if each))) if None not in elements else None


def _sliced(interp: Context, value: Value, path: str) -> Value | None:
    """A tensor for each thing that is given; None where its structure is not known."""
    if leaves_of(value) is None:
        return None  # too large, as where a nest holds one part many times over

    def leaf(each: Value) -> Value | None:
        one = isinstance(each, (Tensor, Variable, Array, Scalar, Const))
        listed = isinstance(each, ListObject) and isinstance(each.structure, Items)  # a list is one tensor
        return _tensor(interp, each, path) if one or listed else None

    return fold(value, _parts, leaf, _alike)


def _parts(value: Value, level: int) -> Sequence[Value] | None:
    if isinstance(value, Items):
        return value.items
    return [*value.keyed().values()] if isinstance(value, DictObject) and value.nested() is not None else None


def _alike(holder: Value, parts: list[Value | None]) -> Value | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return (
        Items(tuple(known))
        if isinstance(holder, Items)
        else DictObject(DictContent(dict(zip(holder.keyed(), known, strict=True))))
    )


def _tensor(interp: Context, value: Value, path: str) -> Tensor:
    nodes = nodes_of(value)
    edges = [_edge(node, value, path) for node in nodes]
    dtype = nodes[0].dtype if len(nodes) == 1 else None
    node = interp.recorder.plain(edges, dtype)
    node.dense = False  # elements may be ragged
    return Tensor(node)


def _edge(node: Node, value: Value, path: str) -> Edge:
    if isinstance(value, (Array, Scalar)) or not trainable(node.dtype):
        return Edge(node, Effect.PLAIN)
    return Edge(node, Effect.NONE, Cause.NO_GRADIENT, operation(path))


def _mapped(interp: Context, function: Value, element: Value) -> Value:
    """The function on an element: compiled, and no tape is recording."""
    args = list(element.items) if isinstance(element, Items) else [element]
    return off_tape(interp, lambda: interp.calls.call(function, args, {}))


def off_tape(interp: Context, run: Callable[[], Value]) -> Value:
    """Run something that TensorFlow compiles and executes later, outside of the tapes that are open now."""
    tapes = interp.recorder.tapes
    active = tapes.active
    interp.state.set(tapes, "active", Active())
    interp.recorder.level += 1
    try:
        return run()
    finally:
        interp.recorder.level -= 1
        interp.state.set(tapes, "active", active)
