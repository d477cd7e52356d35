"""One search back from the targets for many sources at once.

What may arrive is kept for all sources together: for a gradient, zeros and nothing a number each, in which every source
has a bit. The rules are those of ``search.Search``, bit by bit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from tfgradlint.flow.graph.details import EdgeNote
from tfgradlint.flow.graph.nodes import LEAF, OPAQUE, PHI, Edge, Effect, Node, Stored, trainable
from tfgradlint.flow.tape.search import ANY, FLOWS, NOTHING, ZERO, judged, leads_on, ways
from tfgradlint.flow.tape.tape import Tape, recorded


class Sought(NamedTuple):
    """A source: its node, and the variable that this is the content of.

    ``arriving`` gives the bits that arrive at a node that stands for it. It is as old as ``birth``; a step that was
    taken before ``watched_at`` is perhaps not recorded for its sake.
    """

    own: Node
    variable: Stored | None
    arriving: Callable[[Node], int]
    birth: int
    watched_at: int


class _All(NamedTuple):
    """The sources at which a gradient, zeros and nothing may arrive."""

    flows: int
    zero: int
    nothing: int

    def of(self, place: int) -> int:
        """The bits of one source, as ``search`` has them."""
        return (
            FLOWS * (self.flows >> place & 1) | ZERO * (self.zero >> place & 1) | NOTHING * (self.nothing >> place & 1)
        )

    def together(self, other: _All) -> _All:
        """Both ways carry."""
        return _All(
            self.flows | other.flows,
            self.zero & (other.zero | other.nothing) | other.zero & (self.zero | self.nothing),
            self.nothing & other.nothing,
        )

    def either(self, other: _All, where: int = -1) -> _All:
        """One of two ways is taken, where that may be."""
        return _All(
            self.flows | other.flows & where, self.zero | other.zero & where, self.nothing | other.nothing & where
        )

    def within(self, where: int) -> _All:
        """Of these sources only."""
        return _All(self.flows & where, self.zero & where, self.nothing & where)


_NONE = _All(0, 0, 0)


def _of_unknown(node: Node, source: Sought) -> int:
    """What arrives at a source from a node of which nothing is known: it may lead to all that is older."""
    if node.seq < source.birth:
        return NOTHING if node.changed < source.birth else ANY
    return ANY if trainable(node.dtype) else NOTHING


class SharedSearch:
    """One request's search for several sources. ``may_have_changed``: as for a search for one of them."""

    def __init__(self, tape: Tape, sought: Sequence[Sought], may_have_changed: Callable[[Node, int], bool]) -> None:
        self._tape = tape
        self._sought = sought
        self._may_have_changed = may_have_changed
        self._every = (1 << len(sought)) - 1
        self._eldest = min(each.birth for each in sought)
        self._bits: dict[Node, _All] = {}
        #: Nodes that were looked at: what arrives at them by themselves, and of which sources that is not all.
        self._open: dict[Node, tuple[_All, int]] = {}
        self._nodes: dict[Node, int] = defaultdict(int)
        self._variables: dict[int, int] = defaultdict(int)
        self._late: dict[Node, list[tuple[int, int]]] = defaultdict(list)
        for place, each in enumerate(sought):
            self._nodes[each.own] |= 1 << place
            if each.variable is not None:
                self._variables[id(each.variable)] |= 1 << place
            if each.watched_at:
                self._late[each.own].append((1 << place, each.watched_at))

    def outcome(self, target: Node) -> _All:
        """What may arrive from ``target``."""
        return judged(target, self._bits, self._final, self._completed)

    def _final(self, node: Node) -> _All | None:
        """What arrives at a node, where that does not depend on the steps before it for any source."""
        if node in self._open:
            return None
        found, left = self._by_itself(node)
        if not left:
            return found
        self._open[node] = found, left
        return None

    def _completed(self, node: Node) -> _All:
        found, left = self._open[node]
        return found.either(self._combined(node).within(left))

    def _by_itself(self, node: Node) -> tuple[_All, int]:
        """What arrives at a node itself, and of which sources that depends on the steps before it."""
        final, left = _NONE, self._every
        own = self._nodes.get(node, 0)
        if node.variable is not None:
            own |= self._variables.get(id(node.variable), 0)
        if own:
            final = self._each(own, lambda each: each.arriving(node))
            left &= ~own
        if node.kind == OPAQUE:
            return final.either(self._each(left, partial(_of_unknown, node))), 0
        if node.changed >= self._eldest:
            changed = self._where(
                left, lambda each: node.changed >= each.birth and self._may_have_changed(node, each.birth)
            )
            final = final.either(_All(changed, changed, changed))
            left &= ~changed
        if node.kind == LEAF or not trainable(node.dtype) or (node.kind != PHI and not recorded(self._tape, node)):
            return final.either(_All(0, 0, left)), 0
        return final, left

    def _where(self, among: int, holds: Callable[[Sought], bool]) -> int:
        """Those of some sources for which it holds."""
        return sum(1 << place for place, each in enumerate(self._sought) if among >> place & 1 and holds(each))

    def _each(self, among: int, bits: Callable[[Sought], int]) -> _All:
        """The bits of some sources, one by one."""
        flows = zero = nothing = 0
        for place, each in enumerate(self._sought):
            if among >> place & 1:
                found = bits(each)
                flows |= bool(found & FLOWS) << place
                zero |= bool(found & ZERO) << place
                nothing |= bool(found & NOTHING) << place
        return _All(flows, zero, nothing)

    def _combined(self, node: Node) -> _All:
        if node.kind == PHI:
            found = without_turn = _NONE
            for edge in node.edges:
                if edge.detail is EdgeNote.WITHOUT_TURN:
                    without_turn = without_turn.either(self._bits[edge.node])
                else:
                    found = found.either(self._bits[edge.node])
            certain = found.flows & ~found.zero & ~found.nothing
            return found.either(without_turn, without_turn.flows & ~certain)
        found = _All(0, 0, self._every)
        for edge in ways(node):
            if leads_on(edge):
                found = found.together(self._crossed(edge, node))
        if recorded(self._tape, node) == 1:
            found = found._replace(nothing=self._every)
        return found

    def _crossed(self, edge: Edge, node: Node) -> _All:
        bits = self._bits[edge.node]
        if edge.effect is Effect.ZERO:
            bits = _All(0, bits.zero | bits.flows, bits.nothing)
        elif edge.effect is Effect.ARRIVES:
            bits = bits._replace(zero=bits.zero | bits.flows)
        elif edge.effect is Effect.UNKNOWN:
            some = bits.flows | bits.zero
            bits = bits.either(_All(some, some, some))
        for source, watched_at in self._late.get(edge.node, ()):
            if node.seq < watched_at:
                bits = bits._replace(nothing=bits.nothing | bits.flows & source)
        return bits
