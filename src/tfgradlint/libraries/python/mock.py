"""The module ``unittest.mock``: other things in the place of what libraries and classes have, for a while."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Symbol, Value
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import Class, LibraryObject
from tfgradlint.libraries.registry import Handler

PATCH = "unittest.mock.patch"
#: What a patch was told, for whoever uses it as anything but a context manager.
_TOLD: Note[tuple[Value, ...]] = Note("arguments of a patch")


def _patch_object(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``mock.patch.object(tf, "floor", tf.identity)``."""
    new = args[2] if len(args) == 3 else kwargs.get("new")
    if new is None or not 2 <= len(args) <= 3 or not {"new"}.issuperset(kwargs):
        return None
    return _manager(interp, args[0], args[1], new)


def _patch(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``mock.patch("tensorflow.floor", tf.identity)``."""
    new = args[1] if len(args) == 2 else kwargs.get("new")
    text = args[0].value if args and isinstance(args[0], Const) else None
    if new is None or not 1 <= len(args) <= 2 or not {"new"}.issuperset(kwargs) or not isinstance(text, str):
        return None
    module, _, name = text.rpartition(".")
    target = interp.libraries.imported(module) if module else None
    return None if target is None else _manager(interp, target, Const(name), new)


def _manager(interp: Context, target: Value, named: Value, new: Value) -> Value | None:
    name = named.value if isinstance(named, Const) else None
    own = isinstance(target, Symbol) or (isinstance(target, Class) and name in target.fields)
    if not isinstance(name, str) or not own:
        return None
    old: list[Value] = []

    def enter(args: list[Value], kwargs: dict[str, Value]) -> Value:
        old.append(target.fields[name] if isinstance(target, Class) else interp.attributes.get(target, name))
        interp.attributes.set(target, name, new)
        return new

    def leave(args: list[Value], kwargs: dict[str, Value]) -> Value:
        if old:
            interp.attributes.set(target, name, old[-1])
        return NONE

    made = LibraryObject(PATCH)
    made.fields["__enter__"] = NativeFunction("__enter__", enter)
    made.fields["__exit__"] = NativeFunction("__exit__", leave)
    _TOLD.begin(made, (target, named))
    return made


def method(interp: Context, patch: LibraryObject) -> None:
    """As a decorator, or started by hand, it is not known from when on to when it is there."""
    interp.attributes.perhaps_replaced(list(_TOLD.certain(patch)), {})


HANDLERS: dict[str, Handler] = {f"{PATCH}.object": _patch_object, PATCH: _patch}
