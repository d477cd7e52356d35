"""Metrics: objects that keep what they are given in variables, where no gradient can follow."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect, Node, trainable
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Tensor, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.functions import Function, Method, Partial
from tfgradlint.flow.values.notes import Gathered
from tfgradlint.flow.values.objects import Instance, LibraryObject
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.flow.verdict.request import flatten
from tfgradlint.libraries.keras.state import SEEN
from tfgradlint.libraries.measured.details import operation


def is_metric(path: str) -> bool:
    """Whether a class below Keras' root is a metric's."""
    family, _, last = path.rpartition(".")
    return family == "metrics" and last[:1].isupper()


def method(
    interp: Context, receiver: LibraryObject, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A call of a metric, or of one of its methods."""
    if name in ("__call__", "update_state"):
        given = [node for value in (*args, *kwargs.values()) for node in nodes_of(value)]
        SEEN.put(interp.state, receiver, Gathered((*(SEEN.of(receiver) or ()), *given)[-_KEPT:]))
        return NONE if name == "update_state" else _result(interp, receiver, given)
    if name == "result":
        return _result(interp, receiver, [])
    if name in ("reset_state", "reset_states"):
        SEEN.put(interp.state, receiver, Gathered())
        return NONE
    return None


def update(interp: Context, options: dict[str, Value]) -> None:
    """Run the metrics of the module that a model was compiled with, as Keras does after each step."""
    given = [options[name] for name in ("metrics", "weighted_metrics") if name in options]
    for _, metric in flatten(Items(tuple(given)), ""):
        own = interp.attributes.of_class(metric.cls, "update_state") if isinstance(metric, Instance) else None
        callee = Method(own, metric) if isinstance(own, Function) and isinstance(metric, Instance) else metric
        if isinstance(callee, (Function, Method, Partial)):
            truth, prediction = (Tensor(interp.recorder.op([], "float32")) for _ in range(2))
            interp.calls.call(callee, [truth, prediction], {})


#: A metric in a loop is given ever more; the latest serve the messages.
_KEPT = 16


def _result(interp: Context, receiver: LibraryObject, given: list[Node]) -> Value:
    """A tensor read from the metric's variables."""
    nodes = dict.fromkeys([*(SEEN.of(receiver) or ()), *given])
    edges = [
        Edge(node, Effect.NONE, Cause.METRIC_AS_LOSS, operation(receiver.path))
        if trainable(node.dtype)
        else Edge(node, Effect.PLAIN)
        for node in nodes
    ]
    return Tensor(interp.recorder.op(edges))
