"""Functions that TensorFlow calls again and again: for each element, or as the body of a loop."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.fixpoint import Carried
from tfgradlint.flow.python.identity import MadeAgain
from tfgradlint.flow.values.base import NONE, Value

Run = Callable[[], Value]


class Turns(Carried):
    """The turns of such a function, with what they hand on.

    Eagerly each finds what the one before left in Python. In a graph the function is traced once, for all turns.
    """

    def __init__(self, interp: Context, first: Value = NONE) -> None:
        super().__init__(interp, first)
        self._interp = interp
        self._again = interp.traces.replay() if interp.graph_level else None
        self._begun = False

    def turn(self, run: Run) -> Value:
        """One turn."""
        first, self._begun = not self._begun, True
        with self._interp.of(MadeAgain).turn():
            return run() if first or self._again is None else self._again(run)

    @property
    def differ(self) -> bool:
        """Whether the next turn may find something else in Python than the one before."""
        return self._again is None and self.touched()
