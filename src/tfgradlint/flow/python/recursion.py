"""How far functions are followed that call themselves: as long as each call gets something else than the one around.

That is no proof that they come nearer to an end, but where nothing changes they certainly do not. A bound on the depth
and one on what it costs end the rest. Whatever is not followed may have done anything that it can reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Instance

#: How many functions of the module run within each other. The result of a call further down is unknown.
DEPTH = 100
#: How often one runs within itself without another look at its arguments.
_TWICE = 2
#: The part of the steps of the whole file that calls may take which are deeper than that: of one that branches there is
#: no end.
_PART = 3


class _Running(NamedTuple):
    """A call that is running: the function, what it was given, and how many steps were taken before."""

    function: Function
    given: Sequence[Value]
    taken: int


class Recursions:
    """The calls that are running, and what those cost that are deep in others of the same function."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._running: list[_Running] = []
        self._allowed = interp.store // _PART

    def follows(self, function: Function, args: list[Value], kwargs: dict[str, Value]) -> bool:
        """Whether a call of the function is followed."""
        again = [each for each in self._running if each.function.node is function.node]
        if len(again) < _TWICE:
            return True
        if self._interp.taken - again[_TWICE - 1].taken > self._allowed:
            return False
        return again[-1].function.scope is not function.scope or _goes_on(again[-1].given, _given(args, kwargs))

    @contextmanager
    def within(self, function: Function, args: list[Value], kwargs: dict[str, Value]) -> Iterator[None]:
        """The call of a function runs inside."""
        interp, depth = self._interp, len(self._running)
        again = sum(each.function.node is function.node for each in self._running)
        self._running.append(_Running(function, _given(args, kwargs), interp.taken))
        try:
            yield
        finally:
            if again == _TWICE:
                self._allowed -= interp.taken - self._running[depth].taken
            del self._running[depth:]


def _given(args: list[Value], kwargs: dict[str, Value]) -> Sequence[Value]:
    """The arguments as they are now: of a list, what it holds."""
    return [each.structure for each in (*args, *kwargs.values())]


def _goes_on(before: Sequence[Value], now: Sequence[Value]) -> bool:
    """Whether a number, the length of a sequence or an object is another one than in the call around."""
    return any(_differ(one, other) for one, other in zip(before, now, strict=False))


def _differ(one: Value, other: Value) -> bool:
    if isinstance(other, Const) or isinstance(one, Const):
        return not one.same_as(other)
    if isinstance(one, Items) and isinstance(other, Items):
        return len(one.items) != len(other.items)
    return isinstance(one, Instance) and isinstance(other, Instance) and one is not other
