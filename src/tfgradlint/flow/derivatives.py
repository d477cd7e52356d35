"""What a gradient itself depends on: the inputs of the steps it was computed through."""

from __future__ import annotations

from tfgradlint.flow.causes import AGAIN, Cause
from tfgradlint.flow.graph import OP, PHI, Edge, Effect, Node, trainable
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
    each other is not known. What the steps behind it contributed comes to a step as the gradient from above; some do
    not pass that on, and some raise. A step whose gradient has no gradient itself raises, and is told as that step.
    """
    between = _between(tape, targets, sources)
    arriving: dict[Node, list[Node]] = {}
    #: What a target's gradient comes to whichever branch was taken.
    certain = set(targets)
    for node in reversed(between):
        if node in sources:
            continue
        above = list(dict.fromkeys(arriving.get(node, [])))
        inputs = [edge for edge in node.edges if edge.effect is not Effect.PLAIN and trainable(edge.node.dtype)]
        for edge in inputs:
            if edge.node not in between or edge.effect not in _PASSING:
                continue
            if node in certain and node.kind != PHI and edge.effect is not Effect.UNKNOWN:
                certain.add(edge.node)
            if node.kind != OP:
                arriving.setdefault(edge.node, []).extend(above)
                continue
            siblings = [other.node for other in inputs if other is not edge]
            parts = _contributed(recorder, node, edge, siblings, above, node in certain)
            if len(parts) == 1 and parts[0].effect is Effect.FLOWS:
                arriving.setdefault(edge.node, []).append(parts[0].node)
            elif parts:
                arriving.setdefault(edge.node, []).append(recorder.op(parts, edge.node.dtype, node.site))
    found = dict.fromkeys(each for source in sources for each in arriving.get(source, []))
    return [Edge(node) for node in found]


def _contributed(
    recorder: Recorder, node: Node, edge: Edge, siblings: list[Node], above: list[Node], certain: bool
) -> list[Edge]:
    """What the gradient of a step with respect to one input depends on."""
    words, _, operation = edge.detail.partition(" ")
    own, _, passed = words.partition("/")
    told = f"{AGAIN} {operation}".rstrip()
    parts: dict[Node, Edge] = {}

    def depends(on: Node, word: str) -> None:
        if word.startswith("raises"):
            refused = Edge(on, Effect.RAISES, Cause.UNREGISTERED, f"{word.partition(':')[2]} {told}")
            made = recorder.op([refused], edge.node.dtype, node.site)
            # On one of several alternatives it may raise, or may not.
            parts[on] = Edge(made if certain else recorder.phi([made, on]))
        elif word == STRAIGHT and on in above:
            parts[on] = Edge(on, Effect.NONE, Cause.NO_GRADIENT, told)
        elif word == CURVED:
            parts[on] = Edge(on)
        elif word != STRAIGHT:
            parts.setdefault(on, Edge(on, Effect.UNKNOWN))

    for each in above:
        depends(each, passed or CURVED)
    depends(edge.node, own)
    for sibling in siblings:
        parts.setdefault(sibling, Edge(sibling, Effect.UNKNOWN))
    return list(parts.values())


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
