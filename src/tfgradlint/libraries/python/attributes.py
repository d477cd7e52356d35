"""``getattr``, ``setattr`` and their like: attributes whose names are values."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.attributes import OF_ARRAYS
from tfgradlint.flow.python.escape import HandedOut, forget, forget_content
from tfgradlint.flow.values.base import FALSE, NONE, TRUE, Const, Member, Scalar, Unknown, UnknownMember, Value
from tfgradlint.flow.values.containers import DictObject, Items, ListObject
from tfgradlint.flow.values.functions import Attributes, Descriptor, Function
from tfgradlint.flow.values.objects import Instance, Layer, LibraryObject
from tfgradlint.libraries.python import dataclasses
from tfgradlint.libraries.registry import Handler


def _name(args: list[Value]) -> str | None:
    """The name that is asked for, where it is known."""
    name = args[1].value if len(args) > 1 and isinstance(args[1], Const) else None
    return name if isinstance(name, str) else None


def _getattr(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    name = _name(args)
    if name is None:
        found = interp.unknown(origins.returned_by("getattr"), *args)
        if args and isinstance(args[0], (Instance, LibraryObject)):
            # It may be a list, which is changed under this name then.
            interp.of(HandedOut).aliased[found.node] = (args[0],)
        return found
    has = _has(interp, args[0], name)
    if len(args) < 3 or has is True:
        return interp.attributes.get(args[0], name)
    if has is False:
        return args[2]
    asked = args[0].attributes if isinstance(args[0], Function) else args[0]
    perhaps_set = isinstance(asked, (Instance, Attributes)) and name in asked.fields
    value = interp.attributes.get(args[0], name)
    return interp.join([value, args[2]]) if perhaps_set or isinstance(value, (Unknown, Member)) else value


def _hasattr(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    name = _name(args)
    has = None
    if name is not None and len(args) == 2:
        interp.asked_for.add(name)
        has = _has(interp, args[0], name)
    return Scalar(interp.recorder.leaf(), "bool") if has is None else TRUE if has else FALSE


def _has(interp: Context, value: Value, name: str) -> bool | None:
    """Whether a value has an attribute, where that is known."""
    if isinstance(value, Instance):
        return _object_has(interp, value, name)
    if isinstance(value, Const):
        plain = value.value is None or isinstance(value.value, (bool, int, float, complex, str, bytes))
        return hasattr(value.value, name) if plain else None
    content = value.structure
    kind = _CONTAINERS.get("dict" if isinstance(value, DictObject) else getattr(content, "type", ""))
    if kind is None or not isinstance(value, (ListObject, DictObject, Items)):
        return None
    if hasattr(kind, name) or (isinstance(content, Items) and name in content.fields):
        return True
    if isinstance(content, Items) and content.fields:
        if name in interp.attributes.of_callables:
            return None
        return False if name not in _TRACKED and not name.startswith("_") else None
    # Keras' own lists have more than Python's, but nothing that arrays have.
    return False if name in OF_ARRAYS else None


#: What TensorFlow's lists and tuples have, in which objects of Keras and modules keep those of Python.
_TRACKED = frozenset(
    "layers losses metrics trainable trainable_variables trainable_weights non_trainable_variables "
    "non_trainable_weights updates variables weights".split()
)
_CONTAINERS: dict[str, type] = {"list": list, "tuple": tuple, "set": frozenset, "dict": dict}


def _object_has(interp: Context, value: Instance, name: str) -> bool | None:
    """Whether an object of the module has an attribute: what a property does when it is read, nobody asks here."""
    set_ = name in value.fields and not isinstance(value.fields[name], UnknownMember)
    if set_ and not interp.state.perhaps_missing(value, name):
        return True
    found = None if interp.attributes.hooked(value.cls) else interp.attributes.of_class(value.cls, name)
    if found is not None:
        return None if isinstance(found, (Descriptor, Instance)) else True
    answers = interp.attributes.of_class(value.cls, "__getattr__") is not None
    missing = not set_ and not answers and not name.startswith("_") and interp.attributes.is_closed(value)
    return False if missing else None


def _setattr(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) != 3:
        return NONE
    receiver, _, value = args
    name = _name(args)
    if name is not None:
        interp.attributes.set(receiver, name, value)
    elif interp.attributes.set_any(receiver, args[1], value):
        return NONE
    elif isinstance(receiver, Instance):
        forget_content(interp, receiver, value)  # an attribute of any name, which may hold weights
    elif isinstance(receiver, LibraryObject):
        for known, old in [*receiver.fields.items()]:
            if isinstance(known, str) and isinstance(old, Value):
                made = interp.join([old, interp.unknown(origins.LAID_OPEN, value)])
                interp.state.set(receiver, known, made)
    else:
        forget(interp, receiver, (value,))
    return NONE


def _set_past_hooks(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``object.__setattr__``, which knows nothing of what classes make of it."""
    name = _name(args)
    if name is not None and len(args) == 3 and isinstance(args[0], Instance) and dataclasses.frozen(args[0].cls):
        interp.state.set(args[0], name, args[2])
        return NONE
    if args and isinstance(args[0], Layer):
        interp.attributes.get(args[0], "__dict__")  # nor does a layer learn of it
    if len(args) == 3 and isinstance(args[0], Instance):
        if name is not None:
            interp.attributes.set_past_hooks(args[0], name, args[2])
        else:
            forget_content(interp, args[0], args[2])
        return NONE
    return _setattr(interp, args, kwargs)


def _delattr(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) == 2 and isinstance(args[0], Instance):
        name = _name(args)
        if name is not None:
            interp.state.delete(args[0], name)
        else:
            forget_content(interp, args[0])
    if args and isinstance(args[0], Layer):
        interp.attributes.get(args[0], "__dict__")
    return NONE


HANDLERS: dict[str, Handler] = {
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.setattr": _setattr,
    "builtins.delattr": _delattr,
    "builtins.object.__getattribute__": _getattr,
    "builtins.object.__setattr__": _set_past_hooks,
    "builtins.object.__delattr__": _delattr,
}
