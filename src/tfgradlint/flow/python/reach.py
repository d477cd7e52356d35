"""Whether the code of a function can read a place that holds something else than before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.modules import Module
from tfgradlint.flow.python.bodies import Bodies
from tfgradlint.flow.values.base import Cell, Member, Symbol, Unknown, UnknownMember, Value
from tfgradlint.flow.values.functions import ContextManagerCall, Descriptor, Function, Method, Partial, Scope, Super
from tfgradlint.flow.values.objects import Class, Instance, Layer, LibraryObject

#: Methods that are called without being named.
_UNNAMED = frozenset({"call", "build"})

#: Whether a field of a cell is one of the places.
Among = Callable[[Cell, Any], bool]


class Reach:
    """A walk from functions and values through all that their code can read by name."""

    def __init__(self, interp: Context, among: Among) -> None:
        self._interp = interp
        self._among = among
        self._bodies = interp.of(Bodies)
        self._attributes: set[str] = set()
        self._objects: list[Instance | Class | Module] = []
        self._waiting: list[Value] = []
        self._met: dict[int, Value] = {}
        self._found = False

    def comes_to_any(self, roots: Iterable[Value]) -> bool:
        """Whether one of the places can be read."""
        self._waiting.extend(roots)
        while self._waiting and not self._found:
            value = self._waiting.pop()
            if id(value) not in self._met:
                self._met[id(value)] = value
                self._visit(value)
        return self._found

    def met(self, identity: int) -> bool:
        """Whether the value of this identity can be read."""
        return identity in self._met

    def _visit(self, value: Value) -> None:
        if isinstance(value, Function):
            self._function(value)
        elif isinstance(value, (Instance, Class)):
            self._objects.append(value)
            self._named(value, self._attributes)
            if isinstance(value, Class):
                self._waiting.extend(
                    each for name, each in value.fields.items() if isinstance(name, str) and _called_unnamed(name)
                )
            else:
                self._waiting.extend(value.cls.lineage())
                if any(isinstance(base, Symbol) for base in value.cls.lineage()):
                    self._read(value, value.fields)  # the library's own code reads what it likes
        elif isinstance(value, Unknown):
            members = self._interp.attributes.members_of(value.node)
            self._read(members, members.fields)
        elif isinstance(value, Module):
            self._objects.append(value)
            self._named(value, self._attributes)
        elif isinstance(value, Cell):
            self._read(value, value.fields)
        self._waiting.extend(_parts(value))

    def _function(self, function: Function) -> None:
        prescan = self._interp.prescan_of(function)
        for scope, name, value in self._bodies.read(function, prescan):
            self._found = self._found or self._among(scope, name)
            self._waiting.append(value)
        new = self._bodies.reading(function, prescan).attributes - self._attributes
        if new:
            self._attributes |= new
            for each in self._objects:
                self._named(each, new)

    def _named(self, value: Instance | Class | Module, names: set[str]) -> None:
        self._read(value, [name for name in value.fields if name in names])

    def _read(self, cell: Cell, keys: Iterable[Any]) -> None:
        for key in keys:
            self._found = self._found or self._among(cell, key)
            each = cell.fields[key]
            if isinstance(each, Value):
                self._waiting.append(each)


def _called_unnamed(name: str) -> bool:
    return name in _UNNAMED or (name.startswith("__") and name.endswith("__"))


def _parts(value: Value) -> Sequence[Value]:
    """What can be read of a value that is no object and no function."""
    if isinstance(value, Function):
        return (*value.defaults.values(), *value.attributes.fields.values())
    if isinstance(value, (Layer, LibraryObject, Scope)):
        return value.held() or ()
    if isinstance(value, Method):
        return (value.function, value.receiver)
    if isinstance(value, Partial):
        return (value.function, *value.args, *value.kwargs.values())
    if isinstance(value, ContextManagerCall):
        return (value.function,)
    if isinstance(value, Descriptor):
        return (value.function,) if value.setter is None else (value.function, value.setter)
    if isinstance(value, (Member, UnknownMember, Super)):
        return (value.receiver,)
    return value.held() or ()
