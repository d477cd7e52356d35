"""Iterators over containers and over other iterators, and what is done with any iterator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import Snapshot
from tfgradlint.flow.python.escape import forget
from tfgradlint.flow.python.identity import another_variable, one_of_many
from tfgradlint.flow.values.base import Const, Scalar, Value
from tfgradlint.flow.values.containers import Items, Repeated, Union
from tfgradlint.flow.values.iterators import Ended, Iterator, Producer

#: The end of one way of taking an element: the state, and the element if there is one.
Outcome = tuple[Snapshot, "Value | None"]

_SOURCE, _INDEX, _LAST = "source", "index", "last"
#: Where an iterator over a container stands: at one element that is left, whichever; behind the last one.
_SOME, _OVER = Const("some"), Const("over")


def nothing() -> None:
    """For who takes it that an element is left."""


class Choices:
    """Tells an iterator that has no element as the program perhaps left out all there are from one of any length."""

    def __init__(self) -> None:
        #: Whether the iterator that ends now is of the first kind.
        self.left_out = False

    def ending(self, ended: Ended) -> Ended:
        """``ended`` for an iterator that perhaps left out the rest."""

        def told() -> None:
            before, self.left_out = self.left_out, True
            try:
                ended()
            finally:
                self.left_out = before

        return told


def settle(interp: Context, mark: int, outcomes: list[Outcome], ended: Ended) -> Value | None:
    """Go on with the join of those outcomes in which there is an element, all taken since ``mark``."""
    state = interp.state
    over = [snapshot for snapshot, value in outcomes if value is None]
    values = [value for _, value in outcomes if value is not None]
    state.rollback(mark)
    if over:
        state.join_into(over)
        if not values:
            return None
        ended()
        state.rollback(mark)
    state.join_into([snapshot for snapshot, value in outcomes if value is not None])
    return interp.join(values)


class Walk(Producer):
    """Runs through a container as it is at the moment, or through elements that are known."""

    __slots__ = ("_interp",)

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def begin(self, source: Value) -> Iterator:
        """An iterator over ``source``."""
        iterator = Iterator(self)
        iterator.fields.update({_SOURCE: source, _INDEX: Const(0)})
        return iterator

    def begin_again(self, iterator: Iterator, other: Iterator) -> None:
        """The iterator stands where another one does."""
        for name in (_SOURCE, _INDEX):
            self._interp.state.set(iterator, name, other.fields[name])

    def take(self, iterator: Iterator, ended: Ended) -> Value | None:
        """The next element."""
        interp, state = self._interp, self._interp.state
        content, index = self._content(iterator), iterator.fields[_INDEX]
        place = index.value if isinstance(index, Const) else None
        exact = isinstance(content, Items) and isinstance(place, int)
        if isinstance(content, Items) and (place == _OVER.value or not content.items[place if exact else 0 :]):
            state.set(iterator, _INDEX, _OVER)
            return None
        if isinstance(content, Items) and isinstance(place, int):
            state.set(iterator, _INDEX, Const(place + 1))
            return content.items[place]
        first = place in (0, _SOME.value)
        if not first:
            mark = state.mark()
            state.set(iterator, _INDEX, _OVER)
            ended()
            state.rollback(mark)
        state.set(iterator, _INDEX, Scalar(interp.recorder.leaf(), "int"))
        element = another_variable(interp, state.element(content))
        return element if first else interp.iteration.another(element)

    def scatter(self, iterator: Iterator) -> None:
        """The next element may be any of those that are left."""
        content, index = self._content(iterator), iterator.fields[_INDEX]
        if not isinstance(index, Const) or index in (_SOME, _OVER):
            return
        left = not index.value if isinstance(content, Repeated) else index.value < len(content.items)
        if isinstance(content, Items) and not left:
            place: Value = _OVER
        else:
            place = _SOME if left else Scalar(self._interp.recorder.leaf(), "int")
        self._interp.state.set(iterator, _INDEX, place)

    def bound(self, iterator: Iterator) -> float:
        """How many elements are left."""
        content, index = self._content(iterator), iterator.fields[_INDEX]
        if index is _OVER:
            return 0
        if isinstance(content, Items) and isinstance(index, Const) and index is not _SOME:
            return max(len(content.items) - int(index.value), 0)
        return inf

    def standing(self, iterator: Iterator) -> object:
        """The index, where it is known."""
        index = iterator.fields[_INDEX]
        return index.value if isinstance(index, Const) else None

    def is_loop(self, iterator: Iterator) -> bool:
        """It runs no code."""
        return True

    def finish(self, iterator: Iterator) -> None:
        """All elements were taken."""
        self._interp.state.set(iterator, _INDEX, _OVER)

    def holds(self, iterator: Iterator) -> Sequence[Value] | None:
        """What it runs through."""
        return (iterator.fields[_SOURCE],)

    def reached(self) -> Sequence[Value]:
        """Nothing: it runs no code."""
        return ()

    def rest(self, iterator: Iterator) -> Items | Repeated:
        """All elements that are left, which are gone then."""
        content, index = self._content(iterator), iterator.fields[_INDEX]
        self._interp.state.set(iterator, _INDEX, _OVER)
        if index is _OVER:
            return Items(())
        if isinstance(content, Items) and isinstance(index, Const) and index is not _SOME:
            return Items(content.items[index.value :], content.type)
        return content if isinstance(content, Repeated) else Repeated(self._interp.state.element(content))

    def is_over_set(self, iterator: Iterator) -> bool:
        """Whether it stands before the first element of a set that is known, in which order nobody knows."""
        content = iterator.fields[_SOURCE].structure
        at_first = isinstance(iterator.fields[_INDEX], Const) and iterator.fields[_INDEX].value == 0
        return at_first and type(content) is Items and content.type == "set"

    def fix(self, iterator: Iterator) -> None:
        """It runs through the elements in the order in which they are known."""
        self._interp.state.set(iterator, _SOURCE, Items(iterator.fields[_SOURCE].structure.items))

    def _content(self, iterator: Iterator) -> Items | Repeated:
        return self._interp.iteration.iterate(iterator.fields[_SOURCE])


class Backwards(Walk):
    """Runs through a sequence from its last element to its first, as it is at the moment."""

    __slots__ = ()

    def begin(self, source: Value) -> Iterator:
        """An iterator over ``source``: what is put behind its last element later is not met."""
        iterator = super().begin(source)
        content = source.structure
        iterator.fields[_LAST] = len(content.items) if isinstance(content, Items) else None
        return iterator

    def rest(self, iterator: Iterator) -> Items | Repeated:
        """All elements that are left."""
        content = super().rest(iterator)
        return Items(content.items) if isinstance(content, Items) else content

    def _content(self, iterator: Iterator) -> Items | Repeated:
        content, length = super()._content(iterator), iterator.fields[_LAST]
        if isinstance(content, Items) and length is not None and length <= len(content.items):
            return Items(content.items[:length][::-1])
        return Repeated(one_of_many(self._interp, self._interp.state.element(content)))


class Derived(Producer):
    """Makes each element of those that it takes from other iterators."""

    __slots__ = ("_bound", "_functions", "_interp", "_step", "sources")

    def __init__(
        self,
        interp: Context,
        sources: Sequence[Value],
        step: Callable[[Iterator, Ended], Value | None],
        bound: Callable[[Iterator], float] | None = None,
        functions: Sequence[Value] = (),
    ) -> None:
        self._interp = interp
        self.sources = sources
        self._step = step
        self._bound = bound
        self._functions = functions

    def take(self, iterator: Iterator, ended: Ended) -> Value | None:
        """The next element."""
        return None if iterator.fields.get(_INDEX) is _OVER else self._step(iterator, ended)

    def scatter(self, iterator: Iterator) -> None:
        """Its sources are scattered, and what it counts is any number."""
        interp = self._interp
        for source in self.sources:
            interp.iteration.scatter(source)
        for name, value in list(iterator.fields.items()):
            if isinstance(value, Const) and type(value.value) is int:
                interp.state.set(iterator, name, Scalar(interp.recorder.leaf(), "int"))

    def bound(self, iterator: Iterator) -> float:
        """As many as there are in the shortest of its sources."""
        if self._bound is not None:
            return self._bound(iterator)
        return min(map(self._interp.iteration.bound, self.sources), default=0)

    def standing(self, iterator: Iterator) -> object:
        """Where its sources stand."""
        return tuple(map(self._interp.iteration.standing, self.sources))

    def is_loop(self, iterator: Iterator) -> bool:
        """If its sources are."""
        return all(map(self._interp.iteration.is_loop, self.sources))

    def finish(self, iterator: Iterator) -> None:
        """All elements were taken; some may be left in its sources."""
        self._interp.state.set(iterator, _INDEX, _OVER)

    def holds(self, iterator: Iterator) -> Sequence[Value] | None:
        """What its sources hold, if it hands that on."""
        return None if self._functions else self.sources

    def reached(self) -> Sequence[Value]:
        """Its sources, and the functions that it calls."""
        return (*self.sources, *self._functions)


def taken_from_union(interp: Context, union: Union, ended: Ended) -> Value | None:
    """The next element of one of several iterators."""
    state = interp.state
    mark = state.mark()
    outcomes: list[Outcome] = []
    for each in union.values:
        value = interp.iteration.take(each, lambda: outcomes.append((state.snapshot(mark), None)))
        outcomes.append((state.snapshot(mark), value))
        state.rollback(mark)
    return settle(interp, mark, outcomes, ended)


def found(interp: Context, iterator: Value, fits: Callable[[Value], bool | None]) -> bool | None:
    """Whether one of the elements fits: those behind the first that does are left."""
    state = interp.state
    exact = [True]
    perhaps: list[Snapshot] = []
    mark = state.mark()
    for element in interp.iteration.each(iterator, _LOOKED_AT, exact):
        known = fits(element)
        if known and exact[0] and not perhaps:
            return True
        if known is not False:
            perhaps.append(state.snapshot(mark))
    if not perhaps:
        return False
    perhaps.append(state.snapshot(mark))
    state.rollback(mark)
    state.join_into(perhaps)
    return None


#: How many elements are looked at one by one.
_LOOKED_AT = 32


def lost(interp: Context, iterator: Value, ended: Ended) -> Value:
    """The next element of an iterator of which nothing is known: its code may do anything that it can."""
    interp.iteration.forget_position(iterator)
    forget(interp, iterator)
    ended()
    return interp.unknown(origins.ITERATED_BEFORE, iterator)
