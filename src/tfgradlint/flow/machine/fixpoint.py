"""A loop is a fixpoint: its body runs until a further turn would bring nothing new.

Each turn starts from what the one before left behind. It is told from the summaries of the states between turns when
they come back to one that was there before: from then on they repeat themselves. Numbers that change may be any number
from the first turn on, and sequences that grow any number of elements from the second; what still changes after
``_MOST`` turns is widened to unknown.
"""

from __future__ import annotations

from operator import is_ as _is
from typing import Any

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.machine.machine import Machine
from tfgradlint.flow.machine.state import Snapshot, same
from tfgradlint.flow.machine.summary import Summaries, Summary
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import NONE, Cell, Const, Scalar, Value, next_birth
from tfgradlint.flow.values.containers import DictContent, Items, Repeated
from tfgradlint.flow.values.walk import nodes_of

#: After so many turns what still changes is widened. A value that is handed on over four names settles in six.
_MOST = 7
#: So many turns later whatever still changes has been widened, for each turn widens something.
_END = 5
#: The field of what is handed on.
_STATE = "state"
#: How deep numbers are looked for in tuples and dictionaries.
_LEVELS = 3


class Fixpoint:
    """The turns of one loop, from the present state on.

    ``since`` is the moment from which on steps belong to the turns. ``element`` is what the first turn is given: others
    are given what is like it. ``apart`` is a cell of which no turn reads what another wrote.
    """

    def __init__(self, machine: Machine, since: int, element: Value = NONE, apart: Cell | None = None) -> None:
        self._machine = machine
        self._state = machine.state
        self._mark = machine.state.mark()
        self._born = next_birth()
        self._summaries = Summaries(since, self._born, frozenset(nodes_of(element)), machine.beside)
        self._apart = apart
        self._before: Snapshot = {}
        self._seen: list[Summary] = []
        #: The turn from which on the states repeat themselves, and after how many turns each time; 0: not known yet.
        self.first, self.period = 0, 0

    def settled(self) -> bool:
        """A turn has ended; whether it brought nothing new. Widens what grows."""
        turns = len(self._seen) + 1
        at_first = self._state.values_at(self._mark)
        before = {place: self._before[place][2] if place in self._before else at_first[place] for place in at_first}
        now = self._written()
        for place, (cell, key, value) in now.items():
            widened = self._widened(before[place], value, turns > 1)
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
        for turn, seen in enumerate(self._seen, 1):
            if seen == summary:
                self.first, self.period = turn, turns - turn
        self._seen.append(summary)
        return self.period > 0 or turns >= _MOST + _END

    def touched(self) -> bool:
        """Whether anything that is older than the loop was written in it."""
        return bool(self._written())

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
            if not _counts(now) or same(now, before):
                return now
            return Scalar(self._machine.recorder.leaf(), type(now.value).__name__)
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

    def _give_up(self, cell: Cell, key: Any, values: list[Any]) -> None:
        """The field may hold anything."""
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


def _counts(value: Const) -> bool:
    return isinstance(value.value, (int, float)) and not isinstance(value.value, bool)


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

    def settled(self, value: Value) -> bool:
        """A turn has ended with this value; whether it brought nothing new."""
        self._state.set(self._cell, _STATE, value)
        settled = self._fixpoint.settled()
        self.ends.append(self.now)
        return settled
