"""Functions that keep their results, and give them again for the same arguments."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Cell, Const, Value, hashable
from tfgradlint.flow.values.functions import Function


class Caches:
    """What functions under a cache gave."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        #: Results by function, count of clearings and arguments; under the function alone that count.
        self._results = Cell()

    def remembered(
        self, function: Function, args: list[Value], kwargs: dict[str, Value], run: Callable[[], Value]
    ) -> Value:
        """What the function gave for these arguments before, or gives now and from now on."""
        interp, fields = self._interp, self._results.fields
        given = [*args, *kwargs.values()]
        cache = (function.node, function.scope)
        cleared = fields.setdefault(cache, Const(0))
        constants = [value.value for value in given if isinstance(value, Const) and hashable(value.value)]
        if not isinstance(cleared, Const) or "**" in kwargs or len(constants) < len(given):
            return interp.unknown(origins.CACHED_RESULT, run())
        kept = (*cache, cleared.value)
        key = (*kept, tuple(kwargs), *((type(constant), constant) for constant in constants))
        others = [other for other in fields if isinstance(other, tuple) and other[: len(kept)] == kept and other != key]
        if len(others) >= function.cached or any(_alike(other, key) for other in others):
            # Perhaps it was pushed out by others, or it is taken for an equal number of another type.
            interp.state.set(self._results, key, interp.unknown(origins.CACHED_RESULT, run()))
        elif key not in fields:
            interp.state.set(self._results, key, run())
        known: Value = fields[key]
        return known

    def clear(self, function: Function) -> Value:
        """``function.cache_clear()``: what was kept under the count of clearings before is never given again."""
        cache = (function.node, function.scope)
        cleared = self._results.fields.setdefault(cache, Const(0))
        count = cleared.value + 1 if isinstance(cleared, Const) else None
        made = self._interp.unknown(origins.CACHED_RESULT) if count is None else Const(count)
        self._interp.state.set(self._results, cache, made)
        return NONE


def _alike(one: tuple[Hashable, ...], other: tuple[Hashable, ...]) -> bool:
    """Whether two calls differ in nothing but the types of equal numbers."""
    return len(one) == len(other) and all(
        a == b or (isinstance(a, tuple) and isinstance(b, tuple) and a[1:] == b[1:] != ())
        for a, b in zip(one[3:], other[3:], strict=True)
    )
