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


def derivative_edges(recorder: Recorder, tape: Tape, targets: list[Node], sources: list[Node]) -> list[Edge]:
    """The edges of a gradient taken by ``tape``, for a tape around it.

    The gradient is a product of what each step between target and source contributes. A step that is curved in its
    input makes it depend on that input; a step that is linear in its only input adds nothing; what two inputs do to
    each other is not known. A step whose gradient has no gradient itself raises, and is told as that step.
    """
    edges: dict[Node, Effect] = {}
    between = _between(tape, targets, sources)
    for node in between:
        if node.kind != OP or node in sources:
            continue
        inputs = [edge for edge in node.edges if edge.effect is not Effect.PLAIN and trainable(edge.node.dtype)]
        for edge in inputs:
            if edge.node not in between or edge.effect not in _PASSING:
                continue
            if edge.detail.startswith("raises"):
                refused = Edge(edge.node, Effect.RAISES, Cause.UNREGISTERED, edge.detail.partition(":")[2])
                edges[recorder.op([refused], edge.node.dtype, node.site)] = Effect.FLOWS
            elif edge.detail == CURVED:
                edges[edge.node] = Effect.FLOWS
            elif edge.detail != STRAIGHT:
                edges.setdefault(edge.node, Effect.UNKNOWN)
            for sibling in inputs:
                if sibling is not edge:
                    edges.setdefault(sibling.node, Effect.UNKNOWN)
    return [Edge(node, effect) for node, effect in edges.items()]


_PASSING = (Effect.FLOWS, Effect.ZERO, Effect.UNKNOWN)


def _between(tape: Tape, targets: list[Node], sources: list[Node], limit: int = 4000) -> dict[Node, None]:
    """The nodes on the recorded ways from the targets to the sources, in the order of their making."""
    seen = dict.fromkeys(targets)
    stack = list(targets)
    while stack and len(seen) < limit:
        node = stack.pop()
        if node in sources or (node.kind == OP and not recorded(tape, node)):
            continue
        for edge in node.edges:
            if edge.effect in _PASSING and edge.node not in seen:
                seen[edge.node] = None
                stack.append(edge.node)
    leading: dict[Node, None] = {}
    for node in sorted(seen, key=lambda node: node.seq):
        if node in sources or (
            any(edge.node in leading and edge.effect in _PASSING for edge in node.edges)
            and not (node.kind == OP and not recorded(tape, node))
        ):
            leading[node] = None
    return leading
