"""Iterators: each element of theirs is made when it is asked for, and given once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from tfgradlint.flow.values.base import FALSE, TRUE, Cell, Value

#: Called in a state in which an iterator perhaps has no further element.
Ended = Callable[[], None]
_KNOWN = "known"
#: How many iterators one element may be taken from.
_MOST = 64


class Producer(ABC):
    """What makes an iterator's elements. Where it stands it keeps in the fields of the iterator."""

    __slots__ = ()

    @abstractmethod
    def take(self, iterator: Iterator, ended: Ended) -> Value | None:
        """The next element; None where certainly none is left.

        Where perhaps none is left, ``ended`` is called in the state of that; the state afterwards is the one in which
        there is an element.
        """

    @abstractmethod
    def scatter(self, iterator: Iterator) -> None:
        """From here on the next element may be any of those that are left."""

    @abstractmethod
    def bound(self, iterator: Iterator) -> float:
        """About how many elements are left, where that can be told before they are made; infinite: any number."""

    @abstractmethod
    def standing(self, iterator: Iterator) -> object:
        """Where it stands, as far as that decides what is left; comparable."""

    @abstractmethod
    def is_loop(self, iterator: Iterator) -> bool:
        """Whether its elements are made alike, and nothing is done behind the last one."""

    @abstractmethod
    def finish(self, iterator: Iterator) -> None:
        """All of its elements were taken."""

    @abstractmethod
    def holds(self, iterator: Iterator) -> Sequence[Value] | None:
        """What its elements are, or hold; None: they are made by code."""

    @abstractmethod
    def reached(self) -> Sequence[Value]:
        """What its code works with."""


class Iterator(Cell):
    """An iterator. ``producer`` makes its elements, of those of ``sources``; its place is in ``fields``."""

    __slots__ = ("_weight", "producer")

    def __init__(self, producer: Producer, sources: Iterable[Value] = ()) -> None:
        super().__init__()
        self.producer = producer
        # An iterator that takes twice from one that takes twice from another, and so on, takes for ever.
        self._weight: int = 1 + sum(each._weight for each in sources if isinstance(each, Iterator))
        self.fields[_KNOWN] = TRUE if self._weight <= _MOST else FALSE

    @property
    def known(self) -> bool:
        """Whether nobody unseen took some of its elements."""
        return self.fields[_KNOWN] is TRUE

    def held(self) -> Sequence[Value] | None:
        return self.producer.holds(self)

    def handed(self) -> Sequence[Value]:
        return self.producer.reached()

    def truth(self) -> bool:
        return True


#: The field to write, and its value, where it is no longer known how many elements were taken.
LOST = (_KNOWN, FALSE)
#: The field of a generator for what was sent into it; without one it gets None.
SENT = "sent"
