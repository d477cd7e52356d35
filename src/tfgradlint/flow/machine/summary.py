"""What can be told of a state from outside: two states with one summary go on alike.

Objects and steps that were there before a certain moment stand for themselves. What was made since is described by
what it is made of: an object by its fields, a step by how it leads to what is older.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from operator import attrgetter

from tfgradlint.flow.graph.nodes import OPAQUE, PHI, Edge, Node, trainable
from tfgradlint.flow.machine.description import BEYOND, UNIQUE, Again, Constants, Description, Told
from tfgradlint.flow.machine.state import Place, Snapshot
from tfgradlint.flow.tape.tape import Tape, recorded
from tfgradlint.flow.values.base import Cell

#: For each written field of an older cell, what it is like.
Summary = dict[Place, Hashable]

#: Of how many steps it is told how they lead to what is older, and on how many ways each: a turn of the longest loops
#: that people write takes a few hundred.
_STEPS, _WAYS = 20_000, 400
#: Stands for what came into a step later.
_WRITTEN = object()
#: A step that is older or begins here, and a set of what a gradient meets on one way to it, as bits.
_Way = tuple[Hashable, int]
_Ways = frozenset[_Way]
_BEYOND_WAY: _Way = (BEYOND, 0)
_BEYOND_WAYS: _Ways = frozenset({_BEYOND_WAY})

#: An edge across which a gradient flows, and nothing else.
_PLAINLY = Edge.__new__.__defaults__


#: By when they were made.
_SEQ = attrgetter("seq")


class Summaries:
    """Summaries of the states of one loop, which can be compared with each other.

    Steps are newer from ``since`` on, cells from ``born`` on.
    """

    def __init__(self, since: int, born: int) -> None:
        self._since = since
        self._born = born
        #: Older steps that are described like newer ones, for such come in their place.
        self.fresh: Collection[Node] = ()
        #: How many steps were described so far.
        self.steps = 0
        #: What can be met on a way, each with a bit of its own.
        self._bits: dict[Hashable, int] = {}
        self._crossed: dict[Hashable, int] = {}
        #: Most steps are reached on the ways on which those before them are: each set of ways is made once.
        self._longer: dict[tuple[_Ways, int], _Ways] = {}
        self._together: dict[frozenset[_Ways], _Ways] = {}
        #: In which order fields are described: the same for all states, as they refer to each other.
        self._order: dict[Place, int] = {}
        #: Objects that are alike, by what is told of them.
        self._alike: dict[Hashable, int] = {}
        self._constants = Constants(since, self._alike)
        #: The fields of the last summary that hold what is beyond a bound.
        self.beyond: set[Place] = set()
        self._met_bound = False

    def of(self, snapshot: Snapshot) -> Summary:
        """The summary of what was written to older cells."""
        places = [place for place, (cell, _, _) in snapshot.items() if cell.born < self._born]
        for place in places:
            self._order.setdefault(place, len(self._order))
        places.sort(key=self._order.__getitem__)
        description = Description(self._born, self._constants)
        told = {place: description.of(snapshot[place][2], self._order[place]) for place in places}
        ways = self._ways_of(description)
        met: dict[Hashable, int] = {}
        summary: Summary = {}
        self.beyond = set()
        for place, structure in told.items():
            self._met_bound = False
            summary[place] = self._resolved(structure, ways, met)
            if self._met_bound:
                self.beyond.add(place)
        return summary

    def _resolved(self, told: Hashable, ways: Mapping[Node, Hashable], met: dict[Hashable, int]) -> Hashable:
        """A description with what is known of the steps in place of these.

        ``met``: of the objects described so far, what they are alike. One that is met again stands for those.
        """
        if isinstance(told, (int, type)):
            return told
        if isinstance(told, Node):
            self._met_bound |= ways[told] is BEYOND
            return ways[told]
        if told is BEYOND:
            self._met_bound = True
        if isinstance(told, Again):
            return met.get(told, told)
        if isinstance(told, Told):
            parts = [self._resolved(part, ways, met) for part in told.parts]
            made = (*dict.fromkeys(parts),) if parts[0] is UNIQUE else (*parts,)
            number = met[told.again] = self._alike.setdefault(made, len(self._alike))
            return number if told.plain else (number,)
        return (*[self._resolved(part, ways, met) for part in told],) if isinstance(told, tuple) else told

    # -- steps

    def _ways_of(self, description: Description) -> Mapping[Node, Hashable]:
        newer = self._newer(description.nodes)
        if newer is None:
            return dict.fromkeys(description.nodes, BEYOND)
        self.steps += len(newer)
        met = _Met(self._tapes_of(description, newer), self._bit)
        ways: dict[Node, _Ways] = {}
        for node in sorted(newer, key=_SEQ):
            ways[node] = self._ways(node, ways, met.at(node))
        return {
            node: BEYOND if ways.get(node) is _BEYOND_WAYS else (node.dtype, ways.get(node) or self._older(node))
            for node in description.nodes
        }

    def _tapes_of(self, description: Description, newer: Iterable[Node]) -> list[tuple[Tape, Hashable]]:
        """The tapes that may be asked: those that are older, and those that something holds."""
        recording = {id(node.active): node.active for node in newer}  # most steps have the same
        older = {
            tape
            for active in recording.values()
            for tape, _ in active
            if isinstance(tape, Tape) and tape.born < self._born
        }
        newest = max((tape.born for tape in description.tapes), default=0)
        return [
            *((tape, id(tape)) for tape in older),
            *((tape, tape.born == newest) for tape in description.tapes if tape not in older),
        ]

    def _newer(self, nodes: Iterable[Node]) -> Mapping[Node, None] | None:
        """What these were made of since, and themselves; None where that is too much."""
        since, born, fresh = self._since, self._born, self.fresh
        newer: dict[Node, None] = {}
        waiting = list(nodes)
        while waiting and len(newer) <= _STEPS:
            node = waiting.pop()
            if node in newer:
                continue
            variable = node.variable
            if isinstance(variable, Cell):
                # One of many variables is as old as these, wherever it was taken out of them.
                if variable.born < born:
                    continue
            elif node.seq <= since and node not in fresh:
                continue
            newer[node] = None
            if node.kind != OPAQUE:
                for edge in node.edges:
                    waiting.append(edge.node)
        return None if waiting else newer

    def _older(self, node: Node) -> Hashable:
        """What an older step stands for: itself, and the content of an older variable for that, whatever it is."""
        variable = node.variable
        return id(variable) if isinstance(variable, Cell) and variable.born < self._born else node

    def _ways(self, node: Node, ways: Mapping[Node, _Ways], here: int) -> _Ways:
        if node.kind == OPAQUE:
            return frozenset({(OPAQUE, 0)})  # it may depend on anything
        if not node.edges:
            return frozenset({((node.kind, node.dtype, node.variable is None), here)})
        if len(node.edges) == 1:
            return self._along(node, node.edges[0], ways, here)
        taken = [self._along(node, edge, ways, here) for edge in node.edges]
        distinct = frozenset(taken)
        if len(distinct) == 1:
            return taken[0]
        found = self._together.get(distinct)
        if found is None:
            found = self._together[distinct] = frozenset[_Way]().union(*taken)
        if len(found) > _WAYS or _BEYOND_WAY in found:
            return _BEYOND_WAYS
        if node.kind == PHI:
            always = frozenset.intersection(*taken)
            some = self._bit("some")
            found = always | {(end, met | some) for end, met in found - always}
        return found

    def _along(self, node: Node, edge: Edge, ways: Mapping[Node, _Ways], here: int) -> _Ways:
        step = edge[1:]
        if step != _PLAINLY:
            crossed = self._crossed.get(step)
            if crossed is None:
                crossed = self._crossed[step] = self._bit(step)
            here |= crossed
        behind = ways.get(edge.node)
        if behind is _BEYOND_WAYS:
            return behind
        if edge.node.seq > node.seq:
            # What was written into an array when that was there, or what a bounded walk did not come to.
            return frozenset({(_WRITTEN, here)})
        if behind is None:
            return frozenset({(self._older(edge.node), here)})
        if not here:
            return behind
        longer = self._longer.get((behind, here))
        if longer is None:
            longer = self._longer[behind, here] = frozenset((end, met | here) for end, met in behind)
        return longer

    def _bit(self, met: Hashable) -> int:
        return 1 << self._bits.setdefault(met, len(self._bits))


class _Met:
    """What is met at a step: which tapes recorded it, and what it is itself. Most steps are like another one."""

    def __init__(self, tapes: Sequence[tuple[Tape, Hashable]], bit: Callable[[Hashable], int]) -> None:
        self._tapes = tapes
        self._bit = bit
        #: Which tapes remember a step depends on between which of these it was taken.
        self._epochs = sorted({tape.fields["epoch"] for tape, _ in tapes} - {None})
        self._asked = {tape for tape, _ in tapes}
        self._known: dict[Hashable, int] = {}

    def at(self, node: Node) -> int:
        """The bits of what is met there."""
        if node.loop is not None:
            return self._found(node)
        by = (*[each for each in node.recorded.items() if each[0] in self._asked],) if node.recorded else ()
        itself = (node.joint, node.level, node.dtype, bool(node.stopped), node.loose, node.sparse, node.placeholder)
        key = (by, itself, bool(node.maybe_alias), bisect_right(self._epochs, node.seq))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._found(node)
        return known

    def _found(self, node: Node) -> int:
        here = 0
        for tape, key in self._tapes:
            here |= self._bit((key, recorded(tape, node)))
        for told in (
            node.joint,
            node.stopped and "stopped",
            node.loose and "loose",
            node.sparse and "sparse",
            node.placeholder and "placeholder",
            node.maybe_alias and "alias",
            node.level and ("level", node.level),
            trainable(node.dtype) or "not trainable",
        ):
            if told and told is not True:
                here |= self._bit(told)
        return here
