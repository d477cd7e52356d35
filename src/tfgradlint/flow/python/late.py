"""What happens when gradients are computed: functions of the program run then, and may change what they reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.escape import forget_content
from tfgradlint.flow.python.places import changes
from tfgradlint.flow.values.base import Cell, Value, next_birth
from tfgradlint.flow.values.containers import Container
from tfgradlint.flow.values.iterators import Iterator

_Made = TypeVar("_Made")


class Late:
    """The places that may change whenever gradients are computed."""

    def __init__(self) -> None:
        self.places: dict[tuple[int, Any], tuple[Cell, Any]] = {}


def later(interp: Context, run: Callable[[], _Made]) -> _Made:
    """Run something that happens when gradients are computed: now nothing of it is done.

    TensorFlow may do it at once, as where a compiled function is called under a tape, and with each request.
    """
    state = interp.state
    mark, since = state.mark(), next_birth()
    made = run()
    changed = changes(state, mark, since)
    state.rollback(mark)
    interp.of(Late).places.update({(id(cell), key): (cell, key) for cell, key, _ in changed})
    for cell, key, _ in changed:
        may_change(interp, cell, key)
    return made


def gradients_are_computed(interp: Context) -> None:
    """What was to happen then may have happened."""
    for cell, key in interp.of(Late).places.values():
        may_change(interp, cell, key)


def may_change(interp: Context, cell: Cell, key: Any) -> None:
    """A place may hold anything from here on, or what it held."""
    old = cell.fields.get(key)
    if isinstance(cell, Container):
        forget_content(interp, cell)
    elif isinstance(cell, Iterator):
        interp.iteration.forget_position(cell)
    elif key in cell.fields and not isinstance(old, Value):
        interp.state.set(cell, key, None)  # whether a variable is trained
    elif isinstance(key, str):
        unknown = interp.unknown(origins.LAID_OPEN)
        interp.state.set(cell, key, unknown if old is None else interp.join([old, unknown]))
