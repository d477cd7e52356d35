"""The search from a target to a source: can the gradient arrive, and if not, which step stops it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from tfgradlint.flow.graph.breaks import Gap
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail, EdgeNote, Operation
from tfgradlint.flow.graph.nodes import LEAF, OP, OPAQUE, PHI, Beyond, Edge, Effect, Node, Site, trainable
from tfgradlint.flow.tape.tape import LIFTED, Tape, recorded, tracked

# What may arrive at the source, as a set of bits: a gradient, zeros, nothing.
FLOWS, ZERO, NOTHING = 4, 2, 1
ANY = 7

#: What the source is like: given a node, the bits that arrive when the search reaches it, or None to go on.
Arrival = Callable[[Node], "int | None"]
#: What may arrive from a node: bits, or those of many sources.
_Outcome = TypeVar("_Outcome")


def together(one: int, other: int) -> int:
    """The bits of two paths that both carry: a gradient wins over zeros, zeros over nothing."""
    bits = NOTHING if one & other & NOTHING else 0
    if (one | other) & FLOWS:
        bits |= FLOWS
    if (one & ZERO and other & (ZERO | NOTHING)) or (other & ZERO and one & (ZERO | NOTHING)):
        bits |= ZERO
    return bits


def judged(
    target: Node,
    known: dict[Node, _Outcome],
    final: Callable[[Node], _Outcome | None],
    combined: Callable[[Node], _Outcome],
) -> _Outcome:
    """What may arrive from ``target``: every node is judged once, without recursion.

    ``known``: what was judged before. ``final`` judges a node by itself, where that can be done, ``combined`` by those
    that it leads on to, which are known then.
    """
    stack = [target]
    while stack:
        node = stack[-1]
        if node in known:
            stack.pop()
            continue
        outcome = final(node)
        if outcome is None:
            # A cycle cannot occur: edges lead to older nodes only, and content of variables has no gradient.
            waiting = [edge.node for edge in ways(node) if edge.node not in known and leads_on(edge)]
            if waiting:
                stack.extend(waiting)
                continue
            outcome = combined(node)
        known[node] = outcome
        stack.pop()
    return known[target]


class Search:
    """One request's search through the graph of one tape."""

    def __init__(self, tape: Tape, arrival: Arrival, late: Node | None = None, watched_at: int = 0) -> None:
        self._tape = tape
        self._arrival = arrival
        # A step taken before its input was watched, recorded for another input's sake, leads to it all the same,
        # unless the operation is made of several.
        self._late, self._watched_at = late, watched_at
        self._bits: dict[Node, int] = {}

    def outcome(self, target: Node) -> int:
        """What may arrive from ``target``."""
        return judged(target, self._bits, self._final, self._combined)

    def _final(self, node: Node) -> int | None:
        arrived = self._arrival(node)
        if arrived is not None:
            return arrived
        if not trainable(node.dtype):
            return NOTHING
        if node.kind == LEAF:
            return NOTHING
        if node.kind == PHI:
            return None
        if node.kind == OPAQUE:
            return ANY
        if not recorded(self._tape, node):
            return NOTHING
        return None

    def _combined(self, node: Node) -> int:
        if node.kind == PHI:
            bits = without_turn = 0
            for edge in node.edges:
                if edge.detail is EdgeNote.WITHOUT_TURN:
                    without_turn |= self._bits[edge.node]
                else:
                    bits |= self._bits[edge.node]
            return bits | without_turn if without_turn & FLOWS and bits != FLOWS else bits
        bits = NOTHING
        for edge in ways(node):
            if leads_on(edge):
                crossed = self._crossed(edge)
                if edge.node is self._late and node.seq < self._watched_at and crossed & FLOWS:
                    crossed |= NOTHING
                bits = together(bits, crossed)
        if recorded(self._tape, node) == 1:
            bits |= NOTHING
        return bits

    def _crossed(self, edge: Edge) -> int:
        bits = self._bits[edge.node]
        if edge.effect is Effect.ZERO and bits & FLOWS:
            return (bits & ~FLOWS) | ZERO
        if edge.effect is Effect.ARRIVES and bits & FLOWS:
            return bits | ZERO
        if edge.effect is Effect.UNKNOWN and bits & (FLOWS | ZERO):
            return ANY
        return bits

    def raising(self, target: Node, certainly: bool) -> Edge | None:
        """An edge on the backward path whose gradient is not registered: it raises whatever the sources are.

        TensorFlow goes back over every recorded step, not only those that lead to a source. ``certainly`` leaves out
        steps that are perhaps not recorded and alternatives that are perhaps not taken.
        """
        least = 2 if certainly else 1
        passing = (Effect.FLOWS, Effect.ZERO, Effect.ARRIVES, *(() if certainly else (Effect.UNKNOWN,)))
        seen = {target}
        stack = [target]
        while stack:
            node = stack.pop()
            if node.kind in (LEAF, OPAQUE) or (node.kind == PHI and certainly):
                continue
            if node.kind != PHI and recorded(self._tape, node) < least:
                continue
            for edge in node.edges:
                if edge.effect is Effect.RAISES and tracked(self._tape, edge.node) >= least:
                    return edge
                if edge.node not in seen and edge.effect in passing:
                    seen.add(edge.node)
                    stack.append(edge.node)
        return None


def ways(node: Node) -> Iterator[Edge]:
    """The edges of a node, and those that a loop adds in which its step was taken: zeros for all that it reads."""
    yield from node.edges
    loop = node.loop
    while loop is not None:
        if loop.real and not loop.open:
            for each, read in loop.inputs.items():
                yield Edge(each, Effect.ZERO if read else Effect.UNKNOWN)
        loop = loop.parent


def leads_on(edge: Edge) -> bool:
    """Whether anything may pass an edge."""
    return edge.effect in (Effect.FLOWS, Effect.ZERO, Effect.ARRIVES, Effect.UNKNOWN, Effect.RAISES)


class Obstacle(NamedTuple):
    """One break on the cheapest path: the node whose step breaks, and why."""

    node: Node
    cause: Cause
    detail: Detail | None


class Path(NamedTuple):
    """The cheapest path: its nodes from the target to the source, and the breaks on it, nearest the source last.

    Breaks behind a step of which nothing is known count only where there are no others.
    """

    nodes: tuple[Node, ...]
    obstacles: tuple[Obstacle, ...]


def off_tape(tape: Tape, node: Node) -> Obstacle | None:
    """The break where the tape did not record a step."""
    gap = _gap(tape, node)
    return None if gap is None else Obstacle(node, Cause.OFF_TAPE, gap)


def cheapest_path(
    tape: Tape,
    targets: list[Node],
    reached: Callable[[Node], bool],
    broken: Callable[[Tape, Node], Obstacle | None] = off_tape,
) -> Path | None:
    """The path from a target to a node that is ``reached``, paying one for each break, or None.

    ``broken``: how the way through a node is broken, whichever of its edges it takes.
    """
    queue: list[tuple[int, int, int, Node]] = []
    best: dict[Node, int] = {}
    came: dict[Node, tuple[Node | None, tuple[Obstacle, ...] | None]] = {}
    for order, target in enumerate(targets):
        best[target] = 0
        came[target] = (None, ())
        queue.append((0, 0, order, target))
    heapq.heapify(queue)
    order = len(targets)
    while queue:
        cost, _, _, node = heapq.heappop(queue)
        if cost > best[node]:
            continue
        if reached(node):
            return _walk(node, came)
        whole = broken(tape, node)
        for edge in node.edges:
            obstacles: tuple[Obstacle, ...] | None = ()
            if edge.cause is not None and edge.effect in (Effect.NONE, Effect.RAISES, Effect.ZERO):
                obstacles = (Obstacle(node, edge.cause, edge.kind),)
            elif whole is not None and edge.effect is not Effect.PLAIN:
                obstacles = (whole,)
            price = cost + _BREAK * len(obstacles or ())
            if obstacles and obstacles[0].cause is Cause.OFF_TAPE:
                # Of two ways that are both broken, what was kept off the tape may have been kept off on purpose.
                price += _UNSURE
            if obstacles and isinstance(edge.detail, Operation) and edge.detail.form_only:
                # What only has the form of something was hardly meant to carry its gradient.
                price += _FORM
            if edge.detail is EdgeNote.OWN_DTYPE:
                # Neither is a dtype.
                price += _FORM
            if edge.effect is Effect.PLAIN:
                # An index or a length leads to a source only by a detour.
                price += _UNSURE
            if edge.effect is Effect.UNKNOWN and not obstacles:
                price, obstacles = cost + _UNSURE, None
            if price < best.get(edge.node, 1 << 60):
                best[edge.node] = price
                came[edge.node] = (node, obstacles)
                order += 1
                heapq.heappush(queue, (price, edge.node.seq, order, edge.node))
    return None


#: What a break costs, a step of which nothing is known, and one that takes a shape, a length or a dtype of its input:
#: a path across values goes before, however often it breaks.
_BREAK, _UNSURE, _FORM = 1000, 1, 1000 * 1000


def _walk(node: Node, came: dict[Node, tuple[Node | None, tuple[Obstacle, ...] | None]]) -> Path:
    nodes = [node]
    obstacles: list[Obstacle] = []
    # Whether the breaks found so far lie behind a step of which nothing is known.
    beyond = False
    while True:
        previous, crossed = came[node]
        if previous is None:
            break
        if crossed:
            obstacles = [*crossed, *(() if beyond else obstacles)]
            beyond = False
        elif crossed is None:
            beyond = True
        nodes.insert(0, previous)
        node = previous
    return Path(tuple(nodes), tuple(obstacles))


def _gap(tape: Tape, node: Node) -> Gap | None:
    """Why the tape was not recording when the step was taken, or None if it was."""
    return None if node.kind in (PHI, LEAF, OPAQUE) or node.loose else gap_at(tape, node)


def gap_at(tape: Tape, node: Node) -> Gap | None:
    """Why the tape was not recording when a value was made, or None if it was."""
    epoch = tape.fields["epoch"] or 0
    if node.seq < epoch:
        return Gap.RESET if any(each is tape for each, _ in node.active) else Gap.BEFORE
    if any(each is tape for each, _ in node.active):
        return None
    if tape in node.stopped:
        return Gap.LIFTED if LIFTED in node.stopped else Gap.STOPPED
    if node.apart:
        return Gap.APART
    if node.active:
        return Gap.OTHER_TAPE
    return Gap.BEFORE if node.seq < tape.fields.get("entered", tape.seq) else Gap.AFTER


#: Each is judged like a source of its own. Where a program joins more of them, it does so in a loop over a long list.
_ALTERNATIVES = 50
#: A request looks at all that its target was computed from, some of it several times for each source. No function has
#: more steps before its budget is used up, but those that loops write again and again.
HISTORY = 20_000


def alternatives(node: Node) -> list[Node]:
    """The values that a node stands for, if it stands for several; of very many, one for all that are left."""
    found: list[Node] = []
    stack = [node] if node.kind == PHI else []
    while stack and len(found) < _ALTERNATIVES:
        for edge in stack.pop().edges:
            (stack if edge.node.kind == PHI else found).append(edge.node)
    return [*found, Beyond()] if stack else found


def ancestors(nodes: list[Node], most: int = HISTORY) -> set[Node]:
    """All that these nodes were computed from, in any way, and themselves; of very many, one for all that are left."""
    seen = set(nodes)
    stack = list(nodes)
    while stack and len(seen) < most:
        for edge in stack.pop().edges:
            if edge.node not in seen:
                seen.add(edge.node)
                stack.append(edge.node)
    if stack:
        seen.add(Beyond())
    return seen


#: Of a value with a longer history it is not known whether it is one tensor.
_DENSE = 200


def is_dense(node: Node) -> bool:
    """Whether the value is certainly one tensor with content, and not sparse, ragged, slices or a placeholder."""
    if node.kind == LEAF and node.variable is None:
        return False  # given to a function by a library, whatever that is
    return all(
        (each.kind == LEAF and not each.placeholder) or each.kind == PHI or (each.kind == OP and each.dense)
        for each in ancestors([node], _DENSE)
    )


class Loss(NamedTuple):
    """A step between a target and a source at which the gradient ends, whether or not it arrives on other ways."""

    cause: Cause
    site: Site
    detail: Detail | None


def losses(tape: Tape, targets: list[Node], reached: Callable[[Node], bool]) -> tuple[Loss, ...]:
    """Every break on every way from the targets to a node that is ``reached``, oldest first."""
    leading: set[Node] = set()
    found: dict[Loss, None] = {}
    for node in sorted(ancestors(targets), key=lambda node: node.seq):
        if reached(node):
            leading.add(node)
            continue
        for edge in node.edges:
            if edge.node not in leading or edge.effect is Effect.PLAIN:
                continue
            leading.add(node)
            gap = _gap(tape, node)
            if edge.cause is not None and edge.effect in (Effect.NONE, Effect.RAISES):
                found[Loss(edge.cause, node.site, edge.kind)] = None
            elif gap is not None:
                found[Loss(Cause.OFF_TAPE, node.site, gap)] = None
    return tuple(found)
