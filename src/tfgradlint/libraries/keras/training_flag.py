"""The training flag: the outermost call says whether a model trains, and Keras hands that on to all layers inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tfgradlint.flow.graph.details import EdgeNote
from tfgradlint.flow.graph.nodes import Edge, Effect, Node
from tfgradlint.flow.values.base import NONE, Const, Value

if TYPE_CHECKING:
    from tfgradlint.flow.machine.context import Context

_TRAINING: WeakKeyDictionary[Context, Value] = WeakKeyDictionary()


def asked(interp: Context, kwargs: dict[str, Value]) -> Value:
    """The flag that a call goes by: its own, or that of the call around it."""
    given = kwargs.get("training", NONE)
    return _TRAINING.get(interp, NONE) if isinstance(given, Const) and given.value is None else given


@contextmanager
def training_as(interp: Context, flag: Value) -> Iterator[None]:
    """Layers that are called inside and are not told otherwise go by this flag."""
    before = _TRAINING.get(interp, NONE)
    _TRAINING[interp] = flag
    try:
        yield
    finally:
        _TRAINING[interp] = before


def unless_training(interp: Context, node: Node) -> Edge:
    """An edge across a layer that normalises by the batch while it trains."""
    if _infers(interp) and not node.placeholder:
        return Edge(node)
    return Edge(node, Effect.UNKNOWN, None, EdgeNote.UNLESS_TRAINING)


def once_more(interp: Context, node: Node, edge: Edge) -> Edge:
    """The same edge when a model of inputs and outputs runs on what it is given."""
    if edge.detail is EdgeNote.UNLESS_TRAINING and _infers(interp) and not node.placeholder:
        return Edge(node)
    return Edge(node, *edge[1:])


def _infers(interp: Context) -> bool:
    flag = _TRAINING.get(interp, NONE)
    return isinstance(flag, Const) and not flag.value
