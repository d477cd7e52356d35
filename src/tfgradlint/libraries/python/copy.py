"""The module ``copy``: a variable that is copied deeply is another variable."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Scalar, Symbol, Tensor, Value, Variable
from tfgradlint.flow.values.containers import Container, DictContent, Items, Repeated
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import fold, rebuilt


def copied(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``copy.copy``: a new container of the same elements."""
    value = args[0] if args else NONE
    if isinstance(value, Container):
        made = value.with_held(value.held())
        made.fields.update(value.fields)
        return made
    if isinstance(value, Instance) and _plain(interp, value):
        same = Instance(value.cls, value.open)
        same.fields.update(value.fields)
        return same
    return value if isinstance(value, (Tensor, Const, Items)) else None


def _plain(interp: Context, value: Instance) -> bool:
    """Whether a copy of the object has its attributes, and nothing else happens."""
    attributes = interp.attributes
    own = all(isinstance(each, Class) or _is_object(each) for each in value.cls.lineage())
    return own and not attributes.hooked(value.cls) and not any(attributes.of_class(value.cls, n) for n in _COPYING)


def _is_object(base: Value) -> bool:
    return isinstance(base, Symbol) and base.path == "builtins.object"


_COPYING = ("__getattr__", "__copy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__slots__")


def deep_copied(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``copy.deepcopy``."""
    return deep_copy(interp, args[0]) if len(args) == 1 and not kwargs else None


def deep_copy(interp: Context, value: Value) -> Value:
    """A copy down to the variables. Tensors stay the same; what objects make of it is not known."""
    known: dict[int, Value] = {}  # what is met twice is copied once

    def leaf(each: Value) -> Value:
        made = known[id(each)] = _copied_leaf(interp, each)
        return made

    return fold(value, _parts, leaf, rebuilt, known)


def _parts(value: Value, level: int) -> Sequence[Value] | None:
    return value.held() if isinstance(value, (Container, Items, DictContent, Repeated)) else None


def _copied_leaf(interp: Context, value: Value) -> Value:
    if isinstance(value, (Tensor, Const, Scalar, Symbol)):
        return value
    if isinstance(value, Variable) and value.library == "tf":
        return Variable(interp.recorder.leaf(value.dtype), value.fields["trainable"], value.library)
    return interp.unknown(origins.returned_by("deep copy"), value)
