"""Notes: what a library keeps about an object, among its fields and apart from what Python calls its attributes."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar, overload

from tfgradlint.flow.values.base import Cell

_Fact = TypeVar("_Fact")
_Default = TypeVar("_Default")
_Element = TypeVar("_Element")


class _Writer(Protocol):
    """The state, which undoes with a branch what was written in it."""

    def set(self, cell: Cell, key: Any, value: Any) -> None: ...


class Note(Generic[_Fact]):
    """One kind of fact about objects, and its key in :attr:`Cell.fields`.

    An attribute is a string, so that no attribute is taken for a note. Where branches end with different facts, values
    are joined as everywhere, a class that has ``joined`` by that, and of everything else nothing is known: None.
    """

    __slots__ = ("name", "read")

    def __init__(self, name: str, read: bool = False) -> None:
        self.name = name
        #: Whether Python reads it as it reads attributes, so that a trace goes by what it was.
        self.read = read

    def __repr__(self) -> str:
        return f"Note({self.name})"

    @overload
    def of(self, cell: Cell) -> _Fact | None: ...

    @overload
    def of(self, cell: Cell, default: _Default) -> _Fact | _Default | None: ...

    def of(self, cell: Cell, default: Any = None) -> Any:
        """The fact about an object: ``default`` where there is no such note, None where it is not known."""
        return cell.fields.get(self, default)

    def certain(self, cell: Cell) -> _Fact:
        """The fact about an object that was made with it, where no branch can have left it unknown."""
        fact: _Fact = cell.fields[self]
        return fact

    def begin(self, cell: Cell, fact: _Fact | None) -> None:
        """The fact about an object that is being made: it goes with its object, so nothing has to undo it."""
        cell.fields[self] = fact

    def put(self, state: _Writer, cell: Cell, fact: _Fact | None) -> None:
        """From here on, and in this branch, this is the fact about an object."""
        state.set(cell, self, fact)


class Gathered(tuple[_Element, ...]):
    """A fact that is several things: where branches are joined, all that it is at the end of any of them."""

    __slots__ = ()

    @staticmethod
    def joined(alternatives: list[Gathered[_Element]]) -> Gathered[_Element]:
        return Gathered(dict.fromkeys(each for one in alternatives for each in one))
