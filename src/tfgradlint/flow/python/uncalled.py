"""What nothing in the module called: functions, methods, properties, also under decorators that are not known.

Whoever calls others of them runs first: what these get then is known better than what anybody may hand them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.functions import Descriptor, Function
from tfgradlint.flow.values.objects import Class, Instance

_Unit = TypeVar("_Unit", Function, "Function | Class")


def in_order(interp: Context) -> list[Function | Class]:
    """The functions and classes of the module that may lead to a request, callers before what they call."""
    prescan = interp.prescan
    units: list[Function | Class] = [
        function
        for function in [*interp.functions, *interp.under_decorators]
        if function.owner is None and prescan.may_reach_request(function.name)
    ]
    units += [cls for cls in interp.classes if prescan.class_may_reach_request(cls.name)]
    names: dict[str, list[Function | Class]] = defaultdict(list)
    uses: dict[Function | Class, set[str]] = {}
    for unit in units:
        methods = prescan.methods(unit.name) if isinstance(unit, Class) else set()
        for name in {unit.name, *methods}:
            names[name].append(unit)
        of_methods = [prescan.uses(name) for name in methods]
        uses[unit] = set().union(*of_methods) if isinstance(unit, Class) else prescan.uses(unit.name)
    return _callers_first(
        units, {unit: [each for name in found for each in names.get(name, ())] for unit, found in uses.items()}
    )


def methods_in_order(interp: Context, cls: Class) -> list[tuple[Function, Callable[[Instance], Value | None]]]:
    """The functions in the body of a class that may lead to a request, each with what it is called on."""
    found: dict[Function, Callable[[Instance], Value | None]] = {}
    for value in cls.fields.values():
        if isinstance(value, Function):
            found[value] = _itself
        elif isinstance(value, Descriptor) and isinstance(value.function, Function):
            found[value.function] = _RECEIVERS.get(value.kind, _itself)
    found.update((function, _itself) for function in interp.under_decorators if function.owner is cls)
    waiting = [function for function in found if interp.prescan.may_reach_request(function.name)]
    by_name = {function.name: function for function in waiting}
    called = {
        function: [by_name[name] for name in interp.prescan.uses(function.name) if name in by_name]
        for function in waiting
    }
    return [(function, found[function]) for function in _callers_first(waiting, called)]


@contextmanager
def under_its_decorator(interp: Context, function: Function) -> Iterator[None]:
    """A decorator that is not known may compile what it is put on."""
    unknown = function in interp.under_decorators
    interp.perhaps_compiled += unknown
    try:
        yield
    finally:
        interp.perhaps_compiled -= unknown


def _itself(instance: Instance) -> Value:
    return instance


_RECEIVERS: dict[str, Callable[[Instance], Value | None]] = {
    "staticmethod": lambda instance: None,
    "classmethod": lambda instance: instance.cls,
}


def _callers_first(units: Sequence[_Unit], called: Mapping[_Unit, Sequence[_Unit]]) -> list[_Unit]:
    """The units in their order, but each behind all that call it, save where they call each other in a circle."""
    callers: dict[_Unit, list[_Unit]] = defaultdict(list)
    for unit in units:
        for each in called[unit]:
            callers[each].append(unit)
    order: dict[_Unit, None] = {}
    seen: set[_Unit] = set()
    for start in units:
        stack = [start]
        while stack:
            unit = stack[-1]
            waiting = [each for each in callers[unit] if each not in seen]
            seen.add(unit)
            if waiting:
                stack.append(waiting[0])
            else:
                order[stack.pop()] = None
    return list(order)
