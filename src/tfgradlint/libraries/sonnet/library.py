"""Sonnet's hooks."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.objects import LibraryObject
from tfgradlint.libraries.python.decorators import decorated_by, decorator_called, descriptor, kept
from tfgradlint.libraries.registry import Library
from tfgradlint.libraries.session import session_of
from tfgradlint.libraries.sonnet import core

_DECORATORS = {"snt.no_name_scope": kept, "snt.once": descriptor("once")}


class _Sonnet(Library):
    def symbol(self, path: str) -> Value | None:
        return core.symbol(path)

    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return core.call(context, path, args, kwargs) or decorator_called(_DECORATORS, path, args)

    def attribute(self, context: Context, receiver: Value, name: str) -> Value | None:
        if not isinstance(receiver, LibraryObject) or not core.is_own(receiver):
            return None
        return core.attribute(context, receiver, name)

    def method(
        self, context: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        if not isinstance(receiver, LibraryObject) or not (core.is_own(receiver) or core.is_optimizer(receiver)):
            return None
        return core.method(context, session_of(context), receiver, name, args, kwargs)

    def decorate(self, context: Context, decorator: Value, decorated: Value) -> Value | None:
        return decorated_by(_DECORATORS, decorator, decorated)

    def escaped(self, context: Context, value: Value) -> None:
        core.escaped(context, value)


LIBRARY = _Sonnet({"sonnet": core.ROOT})
