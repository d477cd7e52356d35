"""``tf.lookup``: what a table gives back is not followed, neither to its values nor to the keys."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect, trainable
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Tensor, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.objects import HOLDS, LibraryObject
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.measured.details import operation

TABLE = "tf.lookup"
_CLASSES = frozenset(
    "tf.lookup.StaticHashTable tf.lookup.KeyValueTensorInitializer tf.lookup.experimental.MutableHashTable "
    "tf.lookup.experimental.DenseHashTable".split()
)


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A table, or what one is made from; None for anything else."""
    if path not in _CLASSES or "**" in kwargs:
        return None
    made = LibraryObject(TABLE)
    HOLDS.begin(made, Items((*args, *kwargs.values())))
    return made


def method(interp: Context, receiver: LibraryObject, name: str, args: list[Value]) -> Value | None:
    """A method of a table."""
    held = HOLDS.certain(receiver)
    if name in ("lookup", "__getitem__") and args:
        return found(interp, receiver, args[0])
    if name == "insert" and len(args) == 2:
        HOLDS.put(interp.state, receiver, Items((held, *args)))
        return NONE
    if name == "size":
        return Tensor(interp.recorder.leaf("int64"))
    return None


def found(interp: Context, table: LibraryObject, keys: Value) -> Tensor:
    """What stands in a table under the keys."""
    lookup = operation("lookup")
    edges = [
        Edge(node, Effect.NONE, Cause.NO_GRADIENT, lookup) if trainable(node.dtype) else Edge(node, Effect.PLAIN)
        for node in (*nodes_of(keys), *nodes_of(HOLDS.certain(table)))
    ]
    return Tensor(interp.recorder.op(edges))
