"""What a ``for`` loop runs through: it asks for each element when a turn begins."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Loop
from tfgradlint.flow.values.base import Value

#: Up to so many elements are run through one by one: the body is interpreted for each, and loops within loops multiply.
EACH = 6
#: Any other loop runs twice: the second turn starts from what the first one left behind.
TWICE = 2


class Turns:
    """The elements of one loop, turn by turn."""

    def __init__(self, interp: Context, iterable: Value) -> None:
        self._interp = interp
        self.iterator = interp.iteration.iterator(iterable)
        #: How many turns are left of those that stand for any number of turns; None: each is one turn.
        self._more = TWICE if interp.iteration.bound(self.iterator) > EACH else None

    def take(self, index: int, loop: Loop) -> Value | None:
        """The element of a turn; None where the loop is over.

        Where it is perhaps over, the loop keeps the state of that.
        """
        interp = self._interp
        if self._more is None and index == EACH:
            self._more = TWICE
        if self._more is not None:
            if not self._more:
                return None
            self._more -= 1
            interp.iteration.scatter(self.iterator)
            interp.state.widen(loop.mark)
        perhaps_over = len(loop.exhausted)
        element = interp.iteration.take(self.iterator, lambda: loop.exhausted.append(interp.state.snapshot(loop.mark)))
        if len(loop.exhausted) > perhaps_over and self._more is None and element is not None:
            self._more = TWICE - 1
            interp.state.widen(loop.mark)
        return element
