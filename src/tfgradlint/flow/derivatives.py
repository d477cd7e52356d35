"""What a gradient itself depends on: the inputs of the steps it was computed through."""

from __future__ import annotations

from tfgradlint.flow.causes import Cause
from tfgradlint.flow.graph import OP, Edge, Effect, Node, trainable
from tfgradlint.flow.recorder import Recorder
from tfgradlint.flow.tape import Tape, recorded

#: Said of an edge by the measured data: the gradient across it depends on its own input.
CURVED = "flows"
#: The gradient across it depends on the input's siblings at most.
STRAIGHT = "none"


def derivative_edges(recorder: Recorder, tape: Tape, targets: list[Node], limit: int = 2000) -> list[Edge]:
    """The edges of a gradient taken by ``tape``, for a tape around it.

    The gradient is a product of what each recorded step contributes. A step that is curved in an input makes it
    depend on that input; a step that is linear in its only input adds nothing; what two inputs do to each other is
    not known. A step whose gradient has no gradient itself raises, and is told as that step.
    """
    edges: dict[Node, Effect] = {}
    seen = set(targets)
    stack = list(targets)
    while stack and len(seen) < limit:
        node = stack.pop()
        if node.kind == OP and not recorded(tape, node):
            continue
        inputs = [edge for edge in node.edges if edge.effect is not Effect.PLAIN and trainable(edge.node.dtype)]
        for edge in inputs:
            if node.kind == OP and edge.effect is Effect.FLOWS and edge.detail.startswith("raises"):
                refused = Edge(edge.node, Effect.RAISES, Cause.UNREGISTERED, edge.detail.partition(":")[2])
                edges[recorder.op([refused], edge.node.dtype, node.site)] = Effect.FLOWS
            elif node.kind == OP:
                _contribute(edges, edge, len(inputs))
            if edge.effect in (Effect.FLOWS, Effect.UNKNOWN) and edge.node not in seen:
                seen.add(edge.node)
                stack.append(edge.node)
        if node.kind != OP and not node.edges and node.why:
            edges.setdefault(node, Effect.UNKNOWN)
    return [Edge(node, effect) for node, effect in edges.items()]


def _contribute(edges: dict[Node, Effect], edge: Edge, inputs: int) -> None:
    if edge.effect is Effect.FLOWS and edge.detail == CURVED:
        edges[edge.node] = Effect.FLOWS
    elif not (edge.effect is Effect.FLOWS and edge.detail == STRAIGHT and inputs == 1):
        edges.setdefault(edge.node, Effect.UNKNOWN)
