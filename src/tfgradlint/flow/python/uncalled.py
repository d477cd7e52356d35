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
        if function.owner is None and function.scope.kind == "module" and prescan.may_reach_request(function.name)
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
    """The functions in the body of a class that may lead to a request, each with what it is called on.

    A function that is written for no object may be called through the class, or stand under a decorator that is like
    ``staticmethod``: its first argument may be anything. What tells is the name of its first parameter. That an
    argument named ``self`` is an object of the class, and one named ``cls`` the class, is an assumption: Python asks
    nobody to keep to these names, but a decorator that hands something else to them would surprise every reader.
    """
    found: dict[Function, Callable[[Instance], Value | None]] = {}
    for name, value in cls.fields.items():
        if isinstance(value, Function):
            found[value] = _of_class if name in _ON_CLASSES else _itself if _first(value) in _NAMES else _nothing
        elif isinstance(value, Descriptor) and isinstance(value.function, Function):
            found[value.function] = _RECEIVERS.get(value.kind, _itself)
    for function in interp.under_decorators:
        if function.owner is cls:
            found[function] = _NAMES.get(_first(function), _nothing)
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


def _of_class(instance: Instance) -> Value:
    return instance.cls


def _nothing(instance: Instance) -> None:
    return None


def _first(function: Function) -> str:
    """The name of the first parameter."""
    params = function.node.params
    return next((each.name.value for each in (*params.posonly_params, *params.params)), "")


_RECEIVERS: dict[str, Callable[[Instance], Value | None]] = {"staticmethod": _nothing, "classmethod": _of_class}
#: What comes as an argument of this name.
_NAMES: dict[str, Callable[[Instance], Value | None]] = {"self": _itself, "cls": _of_class}
#: Methods that Python calls on the class without being asked to.
_ON_CLASSES = ("__new__", "__init_subclass__", "__class_getitem__")


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
