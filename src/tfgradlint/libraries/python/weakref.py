"""The module ``weakref``: other names for an object that do not keep it."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.identity import MadeAgain
from tfgradlint.flow.values.base import NONE, Cell, Value
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.objects import Instance
from tfgradlint.libraries.registry import Handler


def _proxy(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """What is done to it is done to the object."""
    if len(args) != 1 or kwargs or not isinstance(args[0], Instance):
        return None
    interp.of(MadeAgain).under_other_names(args[0])
    return args[0]


def _reference(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A call gives the object, or None when nobody else has it any more."""
    if len(args) != 1 or kwargs or not isinstance(args[0], Cell):
        return None
    referred = args[0]
    return NativeFunction("reference", lambda args, kwargs: interp.join([referred, NONE]))


HANDLERS: dict[str, Handler] = {"weakref.proxy": _proxy, "weakref.ref": _reference}
