"""Functions that keep their results, and give them again for the same arguments."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.comparing import looked_up
from tfgradlint.flow.values.base import NONE, Cell, Const, Value, hashable
from tfgradlint.flow.values.functions import Function, Scope

#: The field that counts how often the results were cleared.
_CLEARED = "cleared"


class Caches:
    """What functions under a cache gave."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        #: For each function its results, by the count of clearings and the arguments, and that count.
        self._results: dict[tuple[cst.CSTNode, Scope], Cell] = {}

    def remembered(
        self, function: Function, args: list[Value], kwargs: dict[str, Value], run: Callable[[], Value]
    ) -> Value:
        """What the function gave for these arguments before, or gives now and from now on."""
        interp, results = self._interp, self._of(function)
        fields, given = results.fields, [*args, *kwargs.values()]
        cleared = fields[_CLEARED]
        for each in given:
            looked_up(interp, each, kept=True)
        constants = [value.value for value in given if isinstance(value, Const) and hashable(value.value)]
        if not isinstance(cleared, Const) or "**" in kwargs or len(constants) < len(given):
            return interp.unknown(origins.CACHED_RESULT, run())
        kept = (cleared.value,)
        key = (*kept, tuple(kwargs), *((type(constant), constant) for constant in constants))
        others = [other for other in fields if isinstance(other, tuple) and other[: len(kept)] == kept and other != key]
        if len(others) >= function.cached or any(_alike(other, key) for other in others):
            # Perhaps it was pushed out by others, or it is taken for an equal number of another type.
            interp.state.set(results, key, interp.unknown(origins.CACHED_RESULT, run()))
        elif key not in fields:
            interp.state.set(results, key, run())
        known: Value = fields[key]
        return known

    def clear(self, function: Function) -> Value:
        """``function.cache_clear()``: what was kept under the count of clearings before is never given again."""
        results = self._of(function)
        cleared = results.fields[_CLEARED]
        count = cleared.value + 1 if isinstance(cleared, Const) else None
        made = self._interp.unknown(origins.CACHED_RESULT) if count is None else Const(count)
        self._interp.state.set(results, _CLEARED, made)
        return NONE

    def _of(self, function: Function) -> Cell:
        results = self._results.setdefault((function.node, function.scope), Cell())
        results.fields.setdefault(_CLEARED, Const(0))
        return results


def _alike(one: tuple[Hashable, ...], other: tuple[Hashable, ...]) -> bool:
    """Whether two calls differ in nothing but the types of equal numbers."""
    return len(one) == len(other) and all(
        a == b or (isinstance(a, tuple) and isinstance(b, tuple) and a[1:] == b[1:] != ())
        for a, b in zip(one[1:], other[1:], strict=True)
    )
