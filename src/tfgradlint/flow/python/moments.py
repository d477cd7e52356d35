"""What Python's places held when a trace was made, and whether they hold something else now."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.description import Described
from tfgradlint.flow.machine.state import MISSING, Place, State, Written
from tfgradlint.flow.python.places import Named, differs, found_there, known_of_neither, of_python
from tfgradlint.flow.python.reach import Reach
from tfgradlint.flow.values import functions, iterators
from tfgradlint.flow.values.base import Cell, Value, next_birth


class Moment(Described):
    """When a trace was made: it knows what Python's places held, if they hold something else now."""

    def __init__(self, state: State) -> None:
        self.born = state.logged = next_birth()
        self.start = self._seen = len(state.log)
        #: What the places held that were written since, and of those the ones that hold something else.
        self._held: dict[Place, Written] = {}
        self._other: dict[Place, Written] = {}

    def described(self) -> Sequence[object]:
        """Nothing: what has changed since is told by the places themselves."""
        return ()

    def changed(self, state: State) -> list[Written]:
        """The places that held something else, with what they held."""
        written: dict[Place, Written] = {}
        for cell, key, old in state.log[self._seen :]:
            place = (id(cell), key)
            known = written.get(place) or self._held.get(place)
            if known is None:
                if cell.born < self.born and of_python(cell, key):
                    written[place] = (cell, key, old)
            elif known[2] is MISSING and found_there(cell, old):
                written[place] = (cell, key, old)
            else:
                written[place] = known
        self._seen = len(state.log)
        # All others hold what they held when they were looked at before.
        for place, each in written.items():
            self._held[place] = each
            if differs(*each) and not known_of_neither(*each):
                self._other[place] = each
            else:
                self._other.pop(place, None)
        return [*self._other.values()]


class History:
    """The log of all writes, by places: so that many moments are asked at once only for what a trace reads."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._seen = 0
        self._places: dict[Place, _Writes] = {}
        #: The places of attributes of functions and of libraries, and those of iterators.
        self._attributes: list[_Writes] = []
        self._positions: list[_Writes] = []

    def old(self, moments: Collection[Moment], roots: Sequence[Value]) -> list[Moment]:
        """The moments at which a trace that reads what these values lead to may have read something else."""
        log = self._interp.state.log
        if all(moment.start == len(log) for moment in moments):
            return []
        self._read_on(log)
        found: set[Moment] = set()
        for writes in self._read_by(roots):
            found.update(moment for moment in moments if moment not in found and writes.differ_since(moment))
        return [moment for moment in moments if moment in found]

    def _read_on(self, log: Sequence[Written]) -> None:
        for time in range(self._seen, len(log)):
            cell, key, old = log[time]
            writes = self._places.get((id(cell), key))
            if writes is None:
                if not of_python(cell, key):
                    continue
                writes = self._places[id(cell), key] = _Writes(cell, key)
                if isinstance(cell, (functions.Attributes, Named)):
                    self._attributes.append(writes)
                elif isinstance(cell, iterators.Iterator):
                    self._positions.append(writes)
            writes.add(time, old)
        self._seen = len(log)

    def _read_by(self, roots: Sequence[Value]) -> Iterator[_Writes]:
        """The places that were written and that can be read from these values on."""
        read: dict[Place, None] = {}

        def among(cell: Cell, key: Any) -> bool:
            read[id(cell), key] = None
            return False

        reach = Reach(self._interp, among)
        reach.comes_to_any(roots)
        yield from (self._places[place] for place in read if place in self._places)
        # An attribute of a function or of a library, or how far an iterator is that the function reads.
        yield from self._attributes
        yield from (writes for writes in self._positions if reach.met(id(writes.cell)))


class _Writes:
    """When a place was written, and what it held before each time."""

    __slots__ = ("_differ", "_olds", "_times", "cell", "key")

    def __init__(self, cell: Cell, key: Any) -> None:
        self.cell = cell
        self.key = key
        self._times: list[int] = []
        self._olds: list[Any] = []
        #: By the first write since: whether the place held something else before that than now.
        self._differ: dict[int, bool] = {}

    def add(self, time: int, old: Any) -> None:
        self._times.append(time)
        self._olds.append(old)
        self._differ.clear()

    def differ_since(self, moment: Moment) -> bool:
        """Whether the place, which was there at that moment, holds something else now."""
        if self._times[-1] < moment.start or self.cell.born >= moment.born:
            return False
        first = bisect_left(self._times, moment.start)
        known = self._differ.get(first)
        if known is None:
            place = (self.cell, self.key, self._held(first))
            known = self._differ[first] = differs(*place) and not known_of_neither(*place)
        return known

    def _held(self, first: int) -> Any:
        """What it held before this write; what was put there when it was first read was there before."""
        if self._olds[first] is not MISSING:
            return self._olds[first]
        later = (old for old in self._olds[first + 1 :] if found_there(self.cell, old))
        return next(later, MISSING)
