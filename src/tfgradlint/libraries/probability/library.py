"""The hooks of TensorFlow Probability."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.objects import LibraryObject
from tfgradlint.libraries.probability import core
from tfgradlint.libraries.registry import Library


class _Probability(Library):
    def symbol(self, path: str) -> Value | None:
        return core.symbol(path)

    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return core.call(context, path, args, kwargs)

    def attribute(self, context: Context, receiver: Value, name: str) -> Value | None:
        if not isinstance(receiver, LibraryObject) or not core.is_own(receiver):
            return None
        return core.attribute(context, receiver, name)

    def method(
        self, context: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        if not isinstance(receiver, LibraryObject) or not core.is_own(receiver):
            return None
        return core.method(context, receiver, name, args, kwargs)


LIBRARY = _Probability({"tensorflow_probability": core.ROOT})
