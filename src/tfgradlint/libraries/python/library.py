"""The hooks of Python's builtins and standard library."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Datum, Symbol, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.libraries.python import core, dataclasses, enum
from tfgradlint.libraries.registry import Library

#: Modules of the standard library whose names are followed.
_MODULES = (
    "abc asyncio bisect collections contextlib copy dataclasses enum functools heapq itertools math operator os random "
    "sys threading time types typing".split()
)


class _Python(Library):
    def symbol(self, path: str) -> Value | None:
        return core.constant(*path.rsplit(".", 1)) or (Datum(path) if core.is_datum(path) else Symbol(path))

    def builtin(self, name: str) -> Value | None:
        return core.builtin(name)

    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return core.call(context, path, args, kwargs)

    def unmeasured(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return core.fallback(context, path, args, kwargs)

    def attribute(self, context: Context, receiver: Value, name: str) -> Value | None:
        return enum.attribute(context, receiver, name) if isinstance(receiver, Const) else None

    def decorate(self, context: Context, decorator: Value, decorated: Value) -> Value | None:
        return core.decorate(decorator, decorated)

    def construct(
        self, context: Context, instance: Instance, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        member = enum.of_value(context, instance, args)
        if member is not None:
            return member
        context.libraries.initialise(context, instance, args, kwargs)
        return dataclasses.construct(context, instance, args, kwargs)

    def defined(self, cls: Class) -> None:
        enum.defined(cls)

    def plain_metaclass(self, metaclass: Value) -> bool:
        return dataclasses.plain_metaclass(metaclass)

    def elements(self, context: Context, value: Value) -> Items | None:
        if isinstance(value, Class):
            return enum.members(value)
        return dataclasses.elements(context, value) if isinstance(value, Instance) else None

    def class_element(self, cls: Class, index: Value) -> Value | None:
        return enum.by_name(cls, index)


LIBRARY = _Python({name: name for name in _MODULES})
