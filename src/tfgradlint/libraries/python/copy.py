"""The module ``copy``: a variable that is copied deeply is another variable."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.container_methods import mapping
from tfgradlint.flow.values.base import NONE, Const, Scalar, Symbol, Tensor, Value, Variable
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject, Repeated

#: What is nested more deeply, perhaps without end, is not looked into.
_DEEP = 40


def copied(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``copy.copy``: a new container of the same elements."""
    value = args[0] if args else NONE
    if isinstance(value, (ListObject, DictObject)):
        made = type(value)(value.fields["content"])
        made.fields.update(value.fields)
        return made
    return value if isinstance(value, (Tensor, Const, Items)) else None


def deep_copied(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``copy.deepcopy``."""
    return deep_copy(interp, args[0]) if len(args) == 1 and not kwargs else None


def deep_copy(interp: Context, value: Value) -> Value:
    """A copy down to the variables. Tensors stay the same; what objects make of it is not known."""
    return _DeepCopy(interp).copy(value, 0)


class _DeepCopy:
    """One copy: what is met twice is copied once."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._done: dict[int, Value] = {}

    def copy(self, value: Value, depth: int) -> Value:
        known = self._done.get(id(value))
        if known is None:
            known = self._done[id(value)] = self._copy(value, depth)
        return known

    def _copy(self, value: Value, depth: int) -> Value:
        interp = self._interp
        if isinstance(value, (Tensor, Const, Scalar, Symbol)):
            return value
        if isinstance(value, Variable) and value.library == "tf":
            return Variable(interp.recorder.leaf(value.dtype), value.fields["trainable"], value.library)
        if depth > _DEEP:
            return interp.unknown(origins.returned_by("deep copy"), value)
        if isinstance(value, Items):
            return Items(tuple(self.copy(item, depth + 1) for item in value.items), value.type, value.fields)
        if isinstance(value, Repeated):
            return Repeated(self.copy(value.element, depth + 1), value.type)
        if isinstance(value, ListObject):
            return ListObject(self.copy(value.fields["content"], depth + 1))
        if isinstance(value, DictObject):
            content: DictContent = value.fields["content"]
            rest = None if content.rest is None else self.copy(content.rest, depth + 1)
            return mapping({key: self.copy(each, depth + 1) for key, each in content.entries.items()}, rest)
        return interp.unknown(origins.returned_by("deep copy"), value)
