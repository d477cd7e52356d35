"""A loop is a fixpoint: its body runs until a further turn would bring nothing new.

Each turn starts from what the one before left behind. It is told from the summaries of the states between turns when
they come back to one that was there before: from then on they repeat themselves. Numbers that change may be any number
from the first turn on, and sequences that grow any number of elements: where TensorFlow perhaps traces a single turn,
from the second on. What still changes after ``_MOST`` turns is widened to unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from operator import is_ as _is
from typing import Any

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Effect, Node
from tfgradlint.flow.machine.machine import Machine
from tfgradlint.flow.machine.state import MISSING, Place, Snapshot, counts, same
from tfgradlint.flow.machine.summary import Summaries, Summary
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Array, Cell, Const, Scalar, Tensor, Unknown, Value, next_birth
from tfgradlint.flow.values.containers import DictContent, Items, Repeated
from tfgradlint.flow.values.iterators import LOST, Iterator
from tfgradlint.flow.values.walk import nodes_of

#: After so many turns what still changes is widened. A value that is handed on over four names settles in six.
_MOST = 7
#: So many turns later whatever still changes has been widened, for each turn widens something.
_END = 5
#: To describe a step costs half of what it costs to join what a place may hold.
_DESCRIBED = 1
#: In how many steps a turn counts on.
_COUNTED = 4
#: The field of what is handed on.
_STATE = "state"
#: What a name may hold that is bound anew without a trace of what it held.
_PLAIN = (Const, Scalar, Array, Unknown, Tensor, Tape)
#: How deep numbers are looked for in tuples and dictionaries.
_LEVELS = 3


class Fixpoint:
    """The turns of one loop, from the present state on.

    ``since`` is the moment from which on steps belong to the turns. ``element`` is what the first turn is given: others
    are given what is like it. ``apart`` is a cell of which no turn reads what another wrote. ``fresh`` are the names in
    a scope that each turn binds before it reads them: what they held before makes no turn another one. ``mark`` is an
    earlier moment to which the state is rolled back between turns. ``unrolled``: Python runs each turn; TensorFlow
    certainly does not trace one for all.
    """

    def __init__(
        self,
        machine: Machine,
        since: int,
        element: Value | None = None,
        apart: Cell | None = None,
        fresh: tuple[Cell, Collection[str]] | None = None,
        mark: int | None = None,
        unrolled: bool = False,
    ) -> None:
        self._machine = machine
        self._state = machine.state
        self._mark = machine.state.mark() if mark is None else mark
        self._born = next_birth()
        self._summaries = Summaries(since, self._born)
        self._iterator: Value | None = None
        self.given(element)
        self._apart = apart
        self._unrolled = unrolled
        #: Those that stand for any number.
        self._numbers: set[Node] = set()
        self._before: Snapshot = {} if mark is None else self._written()
        self._seen: list[Summary] = []
        self._fresh: set[Place] = {(id(fresh[0]), name) for name in fresh[1]} if fresh is not None else set()
        self._unseen, self._kept = machine.recorder.last_unseen, machine.kept_exceptions
        #: The turn from which on the states repeat themselves, and after how many turns each time; 0: not known yet.
        self.first, self.period = 0, 0

    def given(self, element: Value | None, iterator: Value | None = None) -> None:
        """What the first turn is given, where that is only known when it begins, and the iterator that gives it."""
        if element is not None:
            self._summaries.fresh = frozenset(nodes_of(element))
        # One number is like the other; of any other element it matters which one it is.
        self._iterator = iterator if type(element) is Scalar else None

    def settled(self, first: bool = False) -> bool:
        """A turn has ended; whether it brought nothing new. Widens what grows. ``first``: it began as the loop did."""
        described = self._summaries.steps
        settled = self._settled(first)
        self._state.work += (self._summaries.steps - described) >> _DESCRIBED
        return settled

    def _settled(self, first: bool) -> bool:
        turns = len(self._seen) + 1
        at_first = self._state.values_at(self._mark)
        before = {place: self._before[place][2] if place in self._before else at_first[place] for place in at_first}
        now = self._written()
        for place, (cell, key, value) in now.items():
            widened = self._widened(before[place], value, turns > 1 or self._unrolled)
            if widened is not value:
                self._state.set(cell, key, widened)
                now[place] = (cell, key, widened)
        summary = self._summaries.of(now)
        given_up = [
            place
            for place in now
            if place in self._summaries.beyond or (turns > _MOST and summary[place] != self._seen[-1].get(place))
        ]
        if given_up and turns > 1:
            for place in given_up:
                cell, key, value = now[place]
                self._give_up(cell, key, [before[place], value])
            now = self._written()
            summary = self._summaries.of(now)
        self._before = now
        self._note_fresh(before if turns == 1 else {}, now)
        if first and turns == 1 and self._began_alike(before, now, summary):
            self.first, self.period = 1, 1
        for turn, seen in enumerate(self._seen, 1):
            if seen == summary:
                self.first, self.period = turn, turns - turn
            elif self._alike(seen, summary):
                # What differs is read by no turn: the next one is like the one that followed.
                self.first, self.period = turn + 1, turns - turn
        self._seen.append(summary)
        return self.period > 0 or turns >= _MOST + _END

    def _note_fresh(self, before: Mapping[Place, Any], now: Snapshot) -> None:
        """Leave out the names whose old value tells of a variable that a tensor took the place of."""
        for value, place in [
            *((value, place) for place, value in before.items() if place in self._fresh),
            *((each[2], place) for place, each in now.items() if place in self._fresh),
        ]:
            if value is not MISSING and not (isinstance(value, _PLAIN) and not _rebinds(value)):
                self._fresh.discard(place)

    def _alike(self, one: Summary, other: Summary) -> bool:
        """Whether two states differ only in what no turn reads."""
        if not self._fresh or self._kept != self._machine.kept_exceptions:
            return False
        return all(one.get(place) == other.get(place) for place in {**one, **other} if place not in self._fresh)

    def _began_alike(self, before: Mapping[Place, Any], now: Snapshot, summary: Summary) -> bool:
        """Whether the first turn left behind what it found, but for what no turn reads."""
        if self._kept != self._machine.kept_exceptions or self._unseen != self._machine.recorder.last_unseen:
            return False
        read = {
            place: (cell, key, before[place])
            for place, (cell, key, value) in now.items()
            if place not in self._fresh and not (cell is self._iterator and isinstance(value, Scalar))
        }
        if self._summaries.beyond or any(value is MISSING for _, _, value in read.values()):
            return False
        began = self._summaries.of(read)
        return not self._summaries.beyond and all(began[place] == summary[place] for place in read)

    def touched(self) -> bool:
        """Whether anything that is older than the loop was written in it."""
        return bool(self._written())

    def only_read(self) -> bool:
        """Whether all that was written is which variables tapes saw being read."""
        return all(isinstance(cell, Tape) and key == "read" for cell, key, _ in self._written().values())

    def turn_like(self, turn: int) -> int:
        """Which of the turns that ran ended like this one, which was to come."""
        return turn if turn < self.first or not self.period else self.first + (turn - self.first) % self.period

    def _written(self) -> Snapshot:
        """What was written to older cells."""
        written = self._state.snapshot(self._mark)
        return {
            place: each for place, each in written.items() if each[0].born < self._born and each[0] is not self._apart
        }

    def _widened(self, before: Any, now: Any, growing: bool, level: int = 0) -> Any:
        """What stands for the values of all turns where they only count, or hold more and more."""
        if before is now or level > _LEVELS:
            return now
        if isinstance(now, Const) and isinstance(before, Const):
            if not counts(now) or same(now, before):
                return now
            number = Scalar(self._machine.recorder.leaf(), type(now.value).__name__)
            self._numbers.add(number.node)
            return number
        if type(now) is type(before) is Scalar and now.type == before.type and self._counts_on(before.node, now.node):
            return before
        if isinstance(now, Items) and isinstance(before, Items):
            if len(now.items) == len(before.items) and now.fields == before.fields:
                parts = [
                    self._widened(one, other, growing, level + 1)
                    for one, other in zip(before.items, now.items, strict=True)
                ]
                return now if all(map(_is, parts, now.items)) else now.with_held(parts)
            if growing:
                return Repeated(self._machine.join([*before.items, *now.items]), now.type)
        if (
            isinstance(now, DictContent)
            and isinstance(before, DictContent)
            and now.entries.keys() == before.entries.keys()
        ):
            parts = [self._widened(before.entries[key], each, growing, level + 1) for key, each in now.entries.items()]
            if not all(map(_is, parts, now.entries.values())):
                return DictContent(dict(zip(now.entries, parts, strict=True)), now.rest, now.maybe)
        return now

    def _counts_on(self, before: Node, now: Node) -> bool:
        """Whether a number is made of one that may be any number, and of nothing else: it is any number as well."""
        if before not in self._numbers:
            return False
        for _ in range(_COUNTED):
            if len(now.edges) != 1 or now.edges[0].effect is not Effect.PLAIN or now.recorded:
                break
            now = now.edges[0].node
        return now is before

    def _give_up(self, cell: Cell, key: Any, values: list[Any]) -> None:
        """The field may hold anything. An iterator that may stand anywhere is none that is followed."""
        if isinstance(cell, Iterator):
            self._state.set(cell, *LOST)
            return
        value = values[-1]
        made: Any
        if isinstance(value, (Items, Repeated)):
            made = Repeated(self._machine.unknown(origins.LOOP), value.type)
        elif isinstance(value, DictContent):
            made = DictContent({}, self._machine.unknown(origins.LOOP))
        elif isinstance(value, Value):
            made = self._machine.unknown(origins.LOOP)
        elif isinstance(value, Node):
            made = self._machine.recorder.opaque(origins.LOOP)
            made.variable = value.variable
        else:
            made = self._state.join(values)
        if isinstance(cell, Tape):
            self._state.set(cell, "escaped", True)
        self._state.write(cell, key, made)


def _rebinds(value: Value) -> bool:
    return isinstance(value, Tensor) and value.node.rebinds is not None


class Carried:
    """What a loop hands on from turn to turn that has no name: the state of a ``tf.while_loop`` or a fold."""

    def __init__(self, machine: Machine, first: Value) -> None:
        since = machine.recorder.now()
        self._state = machine.state
        self._cell = Cell()
        self._cell.fields[_STATE] = first
        self._fixpoint = Fixpoint(machine, since)
        #: What the turns left behind.
        self.ends: list[Value] = []

    @property
    def now(self) -> Value:
        """What the next turn is given."""
        value: Value = self._cell.fields[_STATE]
        return value

    def touched(self) -> bool:
        """Whether anything that is older than the loop was written in it."""
        return self._fixpoint.touched()

    def settled(self, value: Value) -> bool:
        """A turn has ended with this value; whether it brought nothing new."""
        self._state.set(self._cell, _STATE, value)
        settled = self._fixpoint.settled()
        self.ends.append(self.now)
        return settled
