"""Iterators give each element once: ``zip``, ``map``, generators, ``iter`` ..."""

from __future__ import annotations

from typing import NamedTuple

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Cell, Value
from tfgradlint.flow.values.containers import Items, Repeated

_ALL = -1
#: The field of what is kept beside an iterator.
_POSITION = "position"


class _Taken(NamedTuple):
    """An iterator, how many of its elements were taken (_ALL: none is left), and what they are, once that was asked."""

    iterator: Value
    position: int
    content: Items | Repeated | None


class Iterators:
    """What was taken from which iterator. Where branches differ, that is not known any more."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._taken = interp.beside
        #: They are told apart by their identity, so they are kept.
        self._made: list[Value] = []

    def once(self, value: Value) -> Value:
        """The value, known as an iterator from here on."""
        self._made.append(value)
        self._taken[id(value)] = Cell()
        self._note(value, _Taken(value, 0, None))
        return value

    def _note(self, iterator: Value, taken: _Taken | None) -> None:
        self._interp.state.set(self._taken[id(iterator)], _POSITION, taken)

    def knows(self, value: Value) -> bool:
        """Whether the value is an iterator."""
        cell = self._taken.get(id(value))
        return cell is not None and _POSITION in cell.fields

    def forget_position(self, value: Value) -> None:
        """Somebody took some of the elements."""
        if self.knows(value):
            self._note(value, None)

    def rest(self, iterator: Value) -> Items | Repeated:
        """The elements that are left, which are gone then."""
        taken = self._entry(iterator)
        if taken is None:
            return Repeated(self._interp.unknown(origins.ITERATED_BEFORE))
        if taken.position == _ALL:
            return Items(())
        content = self._content(taken)
        self._note(iterator, taken._replace(position=_ALL, content=content))
        return Items(content.items[taken.position :], content.type) if isinstance(content, Items) else content

    def take(self, iterator: Value) -> Value | None:
        """The next element; None where none is left."""
        interp = self._interp
        taken = self._entry(iterator)
        if taken is None:
            return interp.unknown(origins.ITERATED_BEFORE)
        content = self._content(taken)
        if taken.position == _ALL or (isinstance(content, Items) and taken.position >= len(content.items)):
            return None
        if isinstance(content, Repeated):
            self._note(iterator, taken._replace(content=content))
            return interp.iteration.another(content.element)
        self._note(iterator, taken._replace(position=taken.position + 1, content=content))
        return content.items[taken.position]

    def _entry(self, iterator: Value) -> _Taken | None:
        found: _Taken | None = self._taken[id(iterator)].fields[_POSITION]
        return found

    def _content(self, taken: _Taken) -> Items | Repeated:
        return taken.content if taken.content is not None else self._interp.iteration.elements(taken.iterator)
