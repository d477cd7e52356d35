"""The training flag: the outermost call says whether a model trains, and Keras hands that on to all layers inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tfgradlint.flow.graph.details import EdgeNote
from tfgradlint.flow.graph.nodes import Edge, Effect, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Value
from tfgradlint.libraries.keras.state import keras_state


def asked(interp: Context, kwargs: dict[str, Value]) -> Value:
    """The flag that a call goes by: its own, or that of the call around it."""
    given = kwargs.get("training", NONE)
    return keras_state(interp).training if isinstance(given, Const) and given.value is None else given


@contextmanager
def training_as(interp: Context, flag: Value) -> Iterator[None]:
    """Layers that are called inside, and are given no flag of their own, go by this one."""
    state = keras_state(interp)
    before, state.training = state.training, flag
    try:
        yield
    finally:
        state.training = before


def unless_training(interp: Context, node: Node) -> Edge:
    """An edge across a layer that normalises by the batch while it trains: of one example nothing is left."""
    return perhaps_trained(interp, Edge(node), node)


def perhaps_trained(interp: Context, edge: Edge, given: Node) -> Edge:
    """An edge across a layer that leaves nothing of what it is given where it trains."""
    if infers(interp) and not given.placeholder:
        return edge
    return Edge(edge.node, Effect.ARRIVES, None, EdgeNote.UNLESS_TRAINING)


def once_more(interp: Context, node: Node, edge: Edge) -> Edge:
    """The same edge when a model of inputs and outputs runs on what it is given."""
    if edge.detail is EdgeNote.UNLESS_TRAINING and infers(interp) and not node.placeholder:
        return Edge(node)
    return Edge(node, *edge[1:])


def infers(interp: Context) -> bool:
    """Whether what runs now certainly does not train."""
    flag = keras_state(interp).training
    return isinstance(flag, Const) and not flag.value
