"""The hooks of Python's builtins and standard library."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Datum, Symbol, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.objects import Class, Instance, LibraryObject
from tfgradlint.libraries.python import argparse, core, dataclasses, enum, mock, named_tuples, virtual
from tfgradlint.libraries.registry import Library

#: Modules of the standard library whose names are followed.
_MODULES = (
    "abc argparse asyncio bisect collections contextlib copy dataclasses enum functools heapq importlib itertools math "
    "numbers operator os random sys threading time types typing unittest weakref".split()
)
#: Classes under these are made, and behave, like any other.
_PLAIN_METACLASSES = frozenset({"abc.ABCMeta", "builtins.type"})
#: Classes under these do more for those that derive from them than is told here.
_UNSEEN = ("argparse.", "collections.User", "unittest.", "weakref.")
#: Types of these modules that are given parameters are themselves.
_WITH_PARAMETERS = ("typing.", "collections.", "builtins.")


def _generic(cls: Class) -> bool:
    """Whether a class of the module that is given parameters is itself."""
    paths = {each.path for each in cls.lineage() if isinstance(each, Symbol)}
    own = any(isinstance(each, Class) and "__class_getitem__" in each.fields for each in cls.lineage())
    return not own and not paths.isdisjoint({"typing.Generic", "typing.Protocol"})


#: Modules besides those of Python's own library whose context managers tell of progress, time, files and failures.
_OTHERS = (
    "absl alive_progress codecarbon comet_ml fsspec h5py joblib matplotlib mlflow neptune PIL psutil pytest ray rich "
    "tensorboardX torch tqdm wandb"
).split()
_MANAGERS = (*sys.stdlib_module_names, *_OTHERS, "builtins.open")
#: Of the modules that are known by name.
_OF_KNOWN = (
    "contextlib.suppress contextlib.redirect_stdout contextlib.redirect_stderr contextlib.closing contextlib.ExitStack "
    "threading.Lock threading.RLock threading.Condition threading.Semaphore threading.BoundedSemaphore os.scandir"
).split()


class _Python(Library):
    def symbol(self, path: str) -> Value | None:
        if path.startswith("unittest.") and path != "unittest.mock" and not path.startswith(mock.PATCH):
            return None
        return core.constant(*path.rsplit(".", 1)) or (Datum(path) if core.is_datum(path) else Symbol(path))

    def managers(self) -> Iterable[str]:
        return (*_MANAGERS, *_OF_KNOWN)

    def builtin(self, name: str) -> Value | None:
        return core.builtin(name)

    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return core.call(context, path, args, kwargs)

    def unmeasured(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return core.fallback(context, path, args, kwargs)

    def method(
        self, context: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        if isinstance(receiver, LibraryObject) and receiver.path == argparse.PARSER:
            return argparse.method(context, receiver, name, args, kwargs)
        if isinstance(receiver, LibraryObject) and receiver.path == mock.PATCH:
            mock.method(context, receiver)
            return None
        return core.method(context, receiver, name, args, kwargs)

    def escaped(self, context: Context, value: Value) -> None:
        argparse.escaped(context, value)

    def attribute(self, context: Context, receiver: Value, name: str) -> Value | None:
        if isinstance(receiver, Instance):
            return named_tuples.attribute(context, receiver, name)
        if isinstance(receiver, Class):
            return virtual.attribute(context, receiver, name)
        return enum.attribute(context, receiver, name) if isinstance(receiver, Const) else None

    def set_attribute(self, context: Context, receiver: Value, name: str, value: Value) -> bool:
        if isinstance(receiver, Instance) and dataclasses.frozen(receiver.cls):
            context.raise_here(None, "FrozenInstanceError")
        return False

    def decorate(self, context: Context, decorator: Value, decorated: Value) -> Value | None:
        if dataclasses.decorates(decorator):
            return context.calls.call(decorator, [decorated], {})
        return core.decorate(decorator, decorated)

    def construct(
        self, context: Context, instance: Instance, args: list[Value], kwargs: dict[str, Value]
    ) -> Value | None:
        member = enum.of_value(context, instance, args)
        if member is not None:
            return member
        context.libraries.initialise(context, instance, args, kwargs)
        return named_tuples.construct(context, instance, args, kwargs)

    def defined(self, cls: Class) -> None:
        enum.defined(cls)
        virtual.defined(cls)

    def plain_metaclass(self, metaclass: Value) -> bool:
        return isinstance(metaclass, Symbol) and metaclass.path in _PLAIN_METACLASSES

    def unseen_base(self, base: Value) -> bool:
        return isinstance(base, Symbol) and base.path.startswith(_UNSEEN)

    def elements(self, context: Context, value: Value) -> Items | None:
        if isinstance(value, Class):
            return enum.members(value)
        return named_tuples.elements(context, value) if isinstance(value, Instance) else None

    def class_element(self, cls: Class | Symbol, index: Value) -> Value | None:
        if isinstance(cls, Symbol):
            return cls if cls.path.startswith(_WITH_PARAMETERS) else None
        return enum.by_name(cls, index) or (cls if _generic(cls) else None)


LIBRARY = _Python({name: name for name in _MODULES})
