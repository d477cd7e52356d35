"""What a gradient itself depends on: the inputs of the steps it was computed through."""

from __future__ import annotations

from dataclasses import replace

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Curvature, EdgeNote, Operation, Raises, SecondDerivative
from tfgradlint.flow.graph.nodes import OP, Beyond, Edge, Effect, Node, cut_off, trainable
from tfgradlint.flow.tape.recorder import Recorder
from tfgradlint.flow.tape.search import HISTORY, ancestors
from tfgradlint.flow.tape.tape import Tape, recorded
from tfgradlint.flow.values.base import Value, Variable


def derivative_edges(recorder: Recorder, tape: Tape, targets: list[Node], sources: list[Node]) -> list[Edge] | None:
    """The edges of a gradient taken by ``tape``, for a tape around it.

    The gradient is a product of what each step between target and source contributes. A step that is curved in its
    input makes it depend on that input; a step that is linear in its only input adds nothing; of factors each depends
    on the others, of terms none does. What the steps behind it contributed comes to a step as the gradient from above;
    some do not pass that on, and some raise. A step whose gradient has no gradient itself raises, and is told as that
    step. None where the gradient may be made of slices, of which no tape gives a gradient.
    """
    between = _between(tape, targets, sources)
    if between is None or cut_off((*targets, *sources)):
        return [Edge(recorder.opaque(origins.GRADIENT_ACROSS_MANY), Effect.UNKNOWN)]
    if any(node.sparse and any(edge.node in sources for edge in node.edges) for node in between):
        return None
    contributions = _Contributions(recorder, tape, targets, sources, between)
    arriving: dict[Node, _Dependences] = {}
    for node in reversed(between):
        if node in sources:
            continue
        above = arriving.get(node, {})
        for place, edge in enumerate(node.edges):
            if edge.node not in between or edge.effect not in _PASSING:
                continue
            below = arriving.setdefault(edge.node, {})
            if node.kind != OP:
                below.update(above)
            elif edge.effect is not Effect.PLAIN and trainable(edge.node.dtype):
                below.update(contributions.passed(node, edge, above))
                below.update(contributions.own(node, place, edge))
    found = {each: None for source in sources for each in arriving.get(source, {})}
    result = [Edge(node, effect) for node, effect in found]
    if any(node.level > recorder.level for node in between):
        # Towards all that a compiled function takes its gradient is a tensor, if of zeros.
        result.append(Edge(recorder.opaque(origins.GRADIENT_OF_COMPILED), Effect.UNKNOWN))
    return result


def made_of_slices(targets: list[Node], source: Value) -> bool:
    """Whether a gradient that arrives certainly is made of slices: all steps that take the variable pick rows of it."""
    if not isinstance(source, Variable) or source.library != "tf":
        return False
    seen, waiting, taken = set(targets), list(targets), False
    while waiting:
        if len(seen) >= HISTORY or isinstance(waiting[-1], Beyond):
            return False
        node = waiting.pop()
        for each, *_ in node.edges:
            if each.variable is source:
                if not node.sliced or node.level:
                    return False
                taken = True
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return taken


#: On what a gradient depends, and how; in order.
_Dependences = dict[tuple[Node, Effect], None]


class _Contributions:
    """What each step between targets and sources contributes to the gradient."""

    def __init__(
        self, recorder: Recorder, tape: Tape, targets: list[Node], sources: list[Node], between: dict[Node, None]
    ) -> None:
        self._recorder = recorder
        self._firm = _firmly(tape, targets, between)
        self._mosaics = _mosaics(between)
        self._own = [node for node in sources if node in self._firm]

    def passed(self, node: Node, edge: Edge, above: _Dependences) -> _Dependences:
        """What becomes of the gradient from above on its way through a step."""
        again = edge.detail
        if not isinstance(again, SecondDerivative) or again.above is None:
            return above
        made: _Dependences = {}
        for on, effect in above:
            if isinstance(again.above, Raises):
                made[self._refused(node, edge, on, again.operation, again.above), effect] = None
            elif again.above is Curvature.STRAIGHT:
                ended = Edge(on, Effect.NONE, Cause.NO_GRADIENT, replace(again.operation, second=True))
                made[self._recorder.op([ended], edge.node.dtype, node.site), effect] = None
            else:
                made[on, Effect.UNKNOWN] = None
        return made

    def own(self, node: Node, place: int, edge: Edge) -> _Dependences:
        """On which of its inputs the gradient of a step depends."""
        again, own = edge.detail, None
        if isinstance(again, SecondDerivative):
            if isinstance(again.own, Raises):
                return {(self._refused(node, edge, edge.node, again.operation, again.own), Effect.FLOWS): None}
            own = again.own
        elif again is EdgeNote.UNLESS_TRAINING:
            own = Curvature.UNKNOWN
        certain = edge.effect is Effect.FLOWS and node in self._firm and edge.node in self._firm
        made: _Dependences = {}
        for other, sibling in enumerate(node.edges):
            if sibling.effect is Effect.PLAIN or not trainable(sibling.node.dtype):
                continue
            effect = _depends(node, place, other, own)
            if effect is None:
                continue
            apart = sibling.node in self._mosaics or (edge.node in self._mosaics and _assembled(sibling.node))
            made[sibling.node, effect if certain and not apart else Effect.UNKNOWN] = None
            if certain and sibling.node in self._mosaics and sibling.node in self._firm:
                # What the source was put together with may not matter, the source itself does.
                made.update(dict.fromkeys((each, effect) for each in self._own))
        return made

    def _refused(self, node: Node, edge: Edge, on: Node, operation: Operation, raises: Raises) -> Node:
        detail = replace(operation, second=True, raised=raises.exception)
        refused = Edge(on, Effect.RAISES, Cause.UNREGISTERED, detail)
        made = self._recorder.op([refused], edge.node.dtype, node.site)
        # On one of several alternatives it may raise, or may not.
        return made if node in self._firm else self._recorder.phi([made, on])


def _mosaics(between: dict[Node, None]) -> set[Node]:
    """The nodes that were put together of several inputs, or computed from such: element by element perhaps."""
    found: set[Node] = set()
    for node in between:
        if _is_mosaic(node) or any(edge.node in found for edge in node.edges):
            found.add(node)
    return found


def _is_mosaic(node: Node) -> bool:
    if node.kind != OP or (node.joint is not None and not node.joint.elementwise):
        return False
    return len({edge.node for edge in node.edges if edge.effect is not Effect.PLAIN}) > 1


def _assembled(node: Node) -> bool:
    history = ancestors([node])
    return any(_is_mosaic(each) for each in history) or cut_off(history)


def _depends(node: Node, place: int, other: int, own: Curvature | None) -> Effect | None:
    """How the gradient across a step towards one input depends on one input; None if it does not.

    ``own``: how it depends on the very input it goes to, where that is known apart from the others.
    """
    joint = node.joint
    if place == other and own is not None:
        return _EFFECTS[own]
    if joint is None:
        return Effect.UNKNOWN
    if place != other and {place, other} <= joint.factors:
        return Effect.FLOWS
    return _EFFECTS[joint.curvature]


_EFFECTS = {
    Curvature.CURVED: Effect.FLOWS,
    Curvature.STRAIGHT: None,
    Curvature.FLAT: Effect.ZERO,
    Curvature.UNKNOWN: Effect.UNKNOWN,
}


_PASSING = (Effect.FLOWS, Effect.ZERO, Effect.ARRIVES, Effect.UNKNOWN)


#: What each step on the way adds is kept for each step behind it, so the cost grows with the square of their number.
_STEPS = 4000


def _between(tape: Tape, targets: list[Node], sources: list[Node]) -> dict[Node, None] | None:
    """The nodes on the recorded ways from the targets to the sources, in the order of their making; None: too many."""
    seen = dict.fromkeys(targets)
    stack = list(targets)
    while stack:
        if len(seen) >= _STEPS:
            return None
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


def _firmly(tape: Tape, targets: list[Node], between: dict[Node, None]) -> set[Node]:
    """The nodes between the targets and the sources across which the gradient certainly comes, and goes on."""
    reached = {target for target in targets if target in between} if len(targets) == 1 else set()
    arriving: set[Node] = set()
    for node in reversed(between):
        if node in reached and node.kind == OP and recorded(tape, node) == 2:
            reached.update(edge.node for edge in node.edges if edge.effect is Effect.FLOWS and edge.node in between)
    for node in between:
        inside = [edge for edge in node.edges if edge.node in arriving and edge.effect is Effect.FLOWS]
        if node in reached and (inside or not any(edge.node in between for edge in node.edges)):
            arriving.add(node)
    return arriving
