"""Which objects are one and the same."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from operator import is_ as _is

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import LEAF, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Cell, Const, Symbol, Value, Variable, hashable, is_none, next_birth
from tfgradlint.flow.values.containers import Items, Repeated, Union
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import walk


class MadeAgain:
    """Objects that are several: those made by code that stands for any number of turns, and those with proxies."""

    def __init__(self) -> None:
        self._begun: list[int] = []
        self._ended: list[int] = []
        self._otherwise: set[Cell] = set()
        self._single: set[Cell] = set()
        #: What was taken out of contents, with these: they are kept, so that none takes the place of another.
        self._taken: dict[tuple[int, Hashable], tuple[Value, Variable]] = {}

    def made(self, cell: Cell) -> None:
        """The program itself made this, which is no object of a class of its own."""
        self._single.add(cell)

    def made_by_program(self, cell: Cell) -> bool:
        """Whether it was."""
        return cell in self._single

    def under_other_names(self, cell: Cell) -> None:
        """Other objects stand for this one, which are not it."""
        self._otherwise.add(cell)

    def taken(self, variable: Variable, of: Value | None, index: Value | None) -> Variable:
        """One of the variables for all of which this one stands: that at the index of a content, if there is one."""
        place = (id(of), index.value) if of is not None and isinstance(index, Const) and hashable(index.value) else None
        known = self._taken.get(place) if place is not None else None
        if known is not None and known[1].fields["trainable"] is variable.fields["trainable"]:
            return known[1]
        made = Variable(Node(LEAF, variable.birth, variable.site, (), variable.dtype), variable.fields["trainable"])
        made.among = variable.among or variable
        self.under_other_names(made)
        if of is not None and place is not None:
            self._taken[place] = of, made
        return made

    @contextmanager
    def going_through(self) -> Iterator[Callable[[Value, int], None]]:
        """A loop: what is told of each element when its turn begins, with the moment of that.

        The variables of an object that stands for many are those of the present one from then on, in this loop.
        """
        before: dict[Variable, int] = {}

        def begun(element: Value, now: int) -> None:
            parts = element.items if isinstance(element, Items) else (element,)
            for part in parts if self._begun else ():
                if isinstance(part, Instance) and self.holds(part):
                    for each in walk(part, _within):
                        if isinstance(each, Variable) and self.holds(each):
                            before.setdefault(each, each.since)
                            each.since = now

        try:
            yield begun
        finally:
            for variable, since in before.items():
                variable.since = since

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


def _within(value: Value) -> Sequence[Value] | None:
    """What an object of the module holds."""
    if isinstance(value, Instance):
        return [each for each in value.fields.values() if isinstance(each, Value)]
    return value.held()


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


def one_of_many(interp: Context, element: Value, of: Value | None = None, index: Value | None = None) -> Value:
    """What is taken out of where one value stands for all elements: of objects another one than what is taken next.

    The same ``index`` of the same content ``of`` gives the same variable again. Of other objects, which hold others in
    turn, nothing is known.
    """
    many = interp.of(MadeAgain)
    if isinstance(element, Items) and not element.fields:  # with its place, or one of each of several
        parts = [one_of_many(interp, each) for each in element.items]
        return element if all(map(_is, parts, element.items)) else Items(tuple(parts), element.type)
    if isinstance(element, Variable) and many.holds(element) and element.library == "tf":
        return many.taken(element, of, index)
    each = element.values if isinstance(element, Union) else (element,)
    if any(isinstance(value, Cell) and many.holds(value) for value in each):
        return interp.unknown(origins.ELEMENT, element)
    return element


def another_variable(interp: Context, element: Value) -> Value:
    """The element that comes next where one value stands for all: of variables another one than came before."""
    many = interp.of(MadeAgain)
    if isinstance(element, Items) and not element.fields:
        parts = [another_variable(interp, each) for each in element.items]
        return element if all(map(_is, parts, element.items)) else Items(tuple(parts), element.type)
    if isinstance(element, Variable) and many.holds(element) and element.library == "tf":
        return many.taken(element, None, None)
    return element


def some_of_many(interp: Context, content: Items | Repeated) -> Repeated:
    """What is left where an element was taken away, nobody knows which."""
    return Repeated(another_variable(interp, interp.state.element(content)), content.type)


def _is_one(interp: Context, value: Value) -> bool:
    """Whether it certainly stands for a single object, for which no other value stands."""
    if isinstance(value, Instance) and (value.open or "__class__" in value.fields):
        return False
    known = interp.of(MadeAgain)
    single = isinstance(value, (Instance, Class)) or (isinstance(value, Variable) and known.made_by_program(value))
    return single and isinstance(value, Cell) and not known.holds(value)
