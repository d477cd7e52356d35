"""Which objects are one and the same."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Cell, Const, Symbol, Value, Variable, is_none, next_birth
from tfgradlint.flow.values.containers import Union
from tfgradlint.flow.values.objects import Class, Instance


class MadeAgain:
    """Objects that are several: those made by code that stands for any number of turns, and those with proxies."""

    def __init__(self) -> None:
        self._begun: list[int] = []
        self._ended: list[int] = []
        self._otherwise: set[Cell] = set()
        self._single: set[Cell] = set()

    def made(self, cell: Cell) -> None:
        """The program itself made this, which is no object of a class of its own."""
        self._single.add(cell)

    def made_by_program(self, cell: Cell) -> bool:
        """Whether it was."""
        return cell in self._single

    def under_other_names(self, cell: Cell) -> None:
        """Other objects stand for this one, which are not it."""
        self._otherwise.add(cell)

    @contextmanager
    def turn(self) -> Iterator[list[bool]]:
        """What runs inside is one of any number of turns, if that stands in the list behind it."""
        begun, repeated = next_birth(), [True]
        try:
            yield repeated
        finally:
            if repeated[0]:
                while self._begun and self._begun[-1] >= begun:
                    del self._begun[-1], self._ended[-1]
                self._begun.append(begun)
                self._ended.append(next_birth())

    def holds(self, cell: Cell) -> bool:
        """Whether an object was made then."""
        place = bisect_right(self._begun, cell.born) - 1
        return (place >= 0 and cell.born < self._ended[place]) or cell in self._otherwise


class Identity:
    """What ``id`` gives for an object, in a :class:`Const`."""

    __slots__ = ("of",)

    def __init__(self, of: Value) -> None:
        self.of = of

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self.of is other.of

    def __hash__(self) -> int:
        return hash(id(self.of))


_COMPARED = (Instance, Class, Symbol, Variable)


def same_object(interp: Context, one: Value, other: Value) -> bool | None:
    """Whether two values are one object, where that is known: objects and classes of the module, variables, names."""
    if isinstance(one, Symbol) and isinstance(other, Symbol):
        return one.path == other.path
    if not isinstance(one, _COMPARED) or not isinstance(other, _COMPARED):
        plain = any(is_none(each) or isinstance(each, Const) for each in (one, other))
        return False if plain and any(isinstance(each, (Instance, Class)) for each in (one, other)) else None
    if interp.graph_level and isinstance(one, Variable):
        return None  # a trace that was made for one serves for others as well
    if type(one) is not type(other):
        return None if any(isinstance(each, (Instance, Variable)) for each in (one, other)) else False
    known = all(_is_one(interp, each) for each in (one, other))
    return one is other if known else None


def one_of_many(interp: Context, element: Value) -> Value:
    """What an index gives where one value stands for all elements: of variables another one than the next index."""
    many = interp.of(MadeAgain)
    each = element.values if isinstance(element, Union) else (element,)
    if any(isinstance(value, Variable) and many.holds(value) for value in each):
        return interp.unknown(origins.ELEMENT, element)
    return element


def _is_one(interp: Context, value: Value) -> bool:
    """Whether it certainly stands for a single object, for which no other value stands."""
    if isinstance(value, Instance) and (value.open or "__class__" in value.fields):
        return False
    known = interp.of(MadeAgain)
    single = isinstance(value, (Instance, Class)) or (isinstance(value, Variable) and known.made_by_program(value))
    return single and isinstance(value, Cell) and not known.holds(value)
