"""TensorFlow's hooks."""

from __future__ import annotations

from collections.abc import Iterable

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Symbol, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.objects import Instance, LibraryObject
from tfgradlint.libraries.registry import Library
from tfgradlint.libraries.session import session_of
from tfgradlint.libraries.tensorflow import (
    core,
    datasets,
    distribute,
    lookup_tables,
    members,
    modules,
    operators,
    packing,
    tensor_arrays,
)

#: Where its own objects and operations stand; Keras' operations are TensorFlow's.
_ROOTS = ("tf", "keras", "tf_keras")


class _TensorFlow(Library):
    def symbol(self, path: str) -> Value | None:
        return core.constant(path) or Symbol(path)

    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if path.partition(".")[0] not in _ROOTS:
            return None
        return (
            datasets.call(context, path, args, kwargs)
            or tensor_arrays.call(context, path, args, kwargs)
            or distribute.call(context, path)
            or lookup_tables.call(context, path, args, kwargs)
            or core.call(context, path, args, kwargs)
            or packing.call(context, path, args)
        )

    def unmeasured(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return core.fallback(context, path, args, kwargs) if path.partition(".")[0] in _ROOTS else None

    def method(
        self, context: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        if isinstance(receiver, (Tensor, Variable)):
            return core.method(context, session_of(context), receiver, name, args, kwargs)
        if isinstance(receiver, Unknown):
            return core.unknown_method(context, receiver, name, args, kwargs)
        if not isinstance(receiver, LibraryObject):
            return None
        if receiver.path == lookup_tables.TABLE:
            return lookup_tables.method(context, receiver, name, [*args, *kwargs.values()])
        if receiver.path == datasets.DATASET:
            return datasets.method(context, receiver, name, args, kwargs)
        if receiver.path == tensor_arrays.TENSOR_ARRAY:
            return tensor_arrays.method(context, receiver, name, args, kwargs)
        if receiver.path == distribute.STRATEGY:
            return distribute.method(context, receiver, name, args, kwargs)
        return None

    def set_attribute(self, context: Context, receiver: Value, name: str, value: Value) -> bool:
        if not isinstance(receiver, Variable) or receiver.library != "tf" or name != "_trainable":
            return False
        context.state.set(receiver, "trainable", context.expressions.truth(value))
        return True

    def attribute(self, context: Context, receiver: Value, name: str) -> Value | None:
        if isinstance(receiver, (Tensor, Variable)):
            return members.attribute(context, session_of(context), receiver, name)
        return modules.instance_attribute(context, receiver, name) if isinstance(receiver, Instance) else None

    def operator(self, context: Context, name: str, operands: list[Value]) -> Value | None:
        if name == "__iter__":
            return datasets.element_of(operands[0])
        table = operands[0]
        if name == "__getitem__" and isinstance(table, LibraryObject) and table.path == lookup_tables.TABLE:
            return lookup_tables.found(context, table, operands[1])
        return operators.operator(context, name, operands)

    def decorate(self, context: Context, decorator: Value, decorated: Value) -> Value | None:
        return core.decorate(context, decorator, decorated)

    def refused(self, context: Context, name: str, target: Value, sources: list[Value]) -> str | None:
        return distribute.refused(context, sources)

    def managers(self) -> Iterable[str]:
        return distribute.OPENED

    def escaped(self, context: Context, value: Value) -> None:
        tensor_arrays.escaped(context, value)


LIBRARY = _TensorFlow({"tensorflow": "tf"})
