"""NumPy's hooks."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Array, Scalar, Symbol, Value
from tfgradlint.libraries.numpy import core
from tfgradlint.libraries.registry import Library
from tfgradlint.libraries.session import session_of


class _NumPy(Library):
    def symbol(self, path: str) -> Value | None:
        return core.constant(*path.rsplit(".", 1)) or Symbol(path)

    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return core.call(context, session_of(context), path, args, kwargs) if _is_own(path) else None

    def unmeasured(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return core.fallback(context, path, args, kwargs) if _is_own(path) else None

    def attribute(self, context: Context, receiver: Value, name: str) -> Value | None:
        return core.attribute(context, receiver, name) if isinstance(receiver, Array) else None

    def method(
        self, context: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        return core.method(context, receiver, name, args, kwargs) if isinstance(receiver, (Array, Scalar)) else None

    def operator(self, context: Context, name: str, operands: list[Value]) -> Value | None:
        return core.set_item(context, operands) if name == "__setitem__" else None


def _is_own(path: str) -> bool:
    return path.startswith("numpy.")


LIBRARY = _NumPy({"numpy": "numpy"})
