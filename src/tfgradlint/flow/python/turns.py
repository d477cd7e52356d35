"""What a ``for`` loop runs through: it asks for each element when a turn begins."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Loop
from tfgradlint.flow.values.base import Value

#: Up to so many elements are run through one by one: the body is interpreted for each, and loops within loops multiply.
EACH = 6
#: Any other loop runs twice: the second turn starts from what the first one left behind.
TWICE = 2
#: So many turns more, until the iterator stands where it stood before.
_FURTHER = 8


class Turns:
    """The elements of one loop, turn by turn."""

    def __init__(self, interp: Context, iterable: Value) -> None:
        self._interp = interp
        self.iterator = interp.iteration.iterator(iterable)
        #: Whether a turn stands for any number of turns from here on.
        self._many = interp.iteration.bound(self.iterator) > EACH
        #: How many turns did that, and where the iterator stood.
        self._alike = 0
        self._stood: set[object] = set()

    def take(self, index: int, loop: Loop) -> Value | None:
        """The element of a turn; None where the loop is over.

        Where it is perhaps over, the loop keeps the state of that.
        """
        interp = self._interp
        self._many = self._many or index == EACH
        if self._many and self._closed():
            return None
        if self._many:
            interp.iteration.scatter(self.iterator)
            interp.state.widen(loop.mark)
        self._stood.add(interp.iteration.standing(self.iterator))
        ended = len(loop.exhausted)
        element = interp.iteration.take(self.iterator, lambda: loop.exhausted.append(interp.state.snapshot(loop.mark)))
        if len(loop.exhausted) > ended and not self._many and element is not None:
            self._many = True
            interp.state.widen(loop.mark)
        self._alike += self._many
        return element

    def _closed(self) -> bool:
        """Whether the turns there were stand for all others."""
        interp = self._interp
        if self._alike < TWICE:
            return False
        if interp.iteration.standing(self.iterator) in self._stood:
            return True
        if self._alike == TWICE + _FURTHER:
            interp.iteration.forget_position(self.iterator)
        return self._alike > TWICE + _FURTHER
