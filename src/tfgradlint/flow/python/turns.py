"""Functions that TensorFlow calls again and again: for each element, or as the body of a loop."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import Place, Written
from tfgradlint.flow.python.late import may_change
from tfgradlint.flow.python.places import changes
from tfgradlint.flow.values.base import Value, next_birth

Run = Callable[[], Value]


class Turns:
    """What the turns of such a function do in Python.

    Eagerly each turn finds what the one before left there. In a graph the function is traced once, for all turns.
    """

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._again = interp.traces.replay() if interp.graph_level else None
        self._changed: dict[Place, Written] = {}
        self._begun = False

    @property
    def differ(self) -> bool:
        """Whether the next turn finds something else in Python than the first one."""
        return bool(self._changed) and self._again is None

    def turn(self, run: Run) -> Value:
        """One turn. Of what the turns before changed eagerly nothing is known in it, as there may be any number."""
        state = self._interp.state
        if self._again is not None:
            first, self._begun = not self._begun, True
            return run() if first else self._again(run)
        first = not self._begun
        self._begun = True
        self._forget()
        mark, since = state.mark(), next_birth()
        value = run()
        self._changed.update({(id(each[0]), each[1]): each for each in changes(state, mark, since)})
        if not first:
            self._forget()
        return value

    def _forget(self) -> None:
        for cell, key, _ in self._changed.values():
            may_change(self._interp, cell, key)
