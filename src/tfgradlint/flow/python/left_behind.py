"""Functions within functions that are returned, stored or handed on, and that nobody in the module calls.

Whoever has one may call it when the function around it has ended, or, where it was handed on, as early as then: what it
reads may have been something else at that time, such as a model that was frozen since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.escape import HandedOut
from tfgradlint.flow.python.moments import History, Moment
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.functions import Function, Scope

#: What one definition made more functions of than these is left out: each may see other values around it.
_MOST = 16


def left_behind(interp: Context, first: int) -> Iterator[Function]:
    """Those that lead to a request and that nothing called, without the ``first`` of all functions within functions."""
    made: dict[int, list[Function]] = defaultdict(list)
    for function in interp.nested[first:]:
        if function.scope.root is not interp.main or id(function.node) in interp.called:
            continue  # what another module leaves behind is told when that is judged
        if interp.prescan_of(function).may_reach_request(function.name):
            made[id(function.node)].append(function)
    for functions in made.values():
        if len(functions) <= _MOST:
            yield from functions


def run_left_behind(interp: Context, function: Function) -> None:
    """Run one, in the state of today and in those in which it was given away."""
    moments = interp.of(HandedOut).moments.get(id(function), [])
    old = History(interp).old(moments, [function]) if moments else []
    either = interp.reports.either()

    def alternative(moment: Moment | None) -> None:
        mark = interp.state.mark()
        for cell, key, held in moment.changed(interp.state) if moment is not None else ():
            interp.state.write(cell, key, held)
        _forget_around(interp, function)
        try:
            with either.alternative():
                interp.entry_points.call(function, None)
        finally:
            interp.state.rollback(mark)

    try:
        for moment in (None, *old):
            alternative(moment)
    finally:
        either.end()


def _forget_around(interp: Context, function: Function) -> None:
    """What others change of the scopes around a function may be anything when it runs."""
    scope: Scope | None = function.scope
    prescan = interp.prescan_of(function)
    while scope is not None and scope.kind != "module":
        for name, value in list(scope.fields.items()):
            if not isinstance(value, Value):
                continue
            if name in prescan.nonlocal_names:
                interp.state.set(scope, name, interp.unknown(origins.GLOBAL_NAME))
            elif name in prescan.mutated:
                interp.entry_points.forget_content(value)
            interp.iteration.forget_position(value)
        scope = scope.parent
