"""The module ``enum``: members are constants of their own, equal to themselves alone."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Symbol, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import fold, shallow

_ENUMERATIONS = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"})
#: Members of these are equal to their values too.
_MIXED = frozenset({"enum.IntEnum", "enum.StrEnum", "enum.IntFlag", "builtins.int", "builtins.str", "builtins.float"})
#: Members have short values: tuples of more elements, or nested more deeply, are not known.
_SHORT = shallow(levels=2, most=64)


class Enumerated:
    """What a :class:`Const` holds for a member of an enumeration."""

    __slots__ = ("cls", "mixed", "name", "value")

    def __init__(self, cls: Class, name: str, value: Any, mixed: bool) -> None:
        self.cls = cls
        self.name = name
        self.value = value
        self.mixed = mixed

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Enumerated):
            other = other if not other.mixed or other.cls is self.cls else other.value
        if isinstance(other, Enumerated):
            return self.cls is other.cls and bool(self.value == other.value)
        return self.mixed and bool(self.value == other)

    def __hash__(self) -> int:
        return hash(self.value if self.mixed else (id(self.cls), self.value))

    def __bool__(self) -> bool:
        return bool(self.value) if self.mixed else True

    def __repr__(self) -> str:
        return f"{self.cls.name}.{self.name}"


def is_enumeration(cls: Class) -> bool:
    """Whether the class lists constants."""
    return any(isinstance(each, Symbol) and each.path in _ENUMERATIONS for each in cls.lineage())


def defined(cls: Class) -> None:
    """The body of a class has run: what an enumeration assigned in it are its members now."""
    if not is_enumeration(cls):
        return
    mixed = any(isinstance(each, Symbol) and each.path in _MIXED for each in cls.lineage())
    for name, value in cls.fields.items():
        plain = _plain(value)
        if not name.startswith("_") and plain is not None:
            cls.fields[name] = Const(Enumerated(cls, name, plain, mixed))


def _plain(value: Value) -> Any:
    """The object behind a constant or a short tuple of constants; None for anything else."""
    return fold(value, _SHORT, _constant, _tuple)


def _constant(value: Value) -> Any:
    return value.value if isinstance(value, Const) and isinstance(value.value, (str, int, float)) else None


def _tuple(holder: Value, parts: list[Any]) -> Any:
    return None if None in parts or not isinstance(holder, Items) else tuple(parts)


def attribute(receiver: Const, name: str) -> Value | None:
    """``value`` and ``name`` of a member."""
    member = receiver.value
    if not isinstance(member, Enumerated):
        return None
    if name == "name":
        return Const(member.name)
    if name == "value":
        return _wrapped(member.value)
    return None


def _wrapped(value: Any) -> Value:
    return Items(tuple(_wrapped(each) for each in value)) if isinstance(value, tuple) else Const(value)


def members(cls: Class) -> Items | None:
    """The members of an enumeration, in order; None for other classes."""
    if not is_enumeration(cls):
        return None
    listed = [value for value in cls.fields.values() if isinstance(value, Const)]
    return Items(tuple(value for value in listed if isinstance(value.value, Enumerated)))


def of_value(interp: Context, instance: Instance, args: list[Value]) -> Value | None:
    """``Kind("mse")``: the member of that value; None for classes that are no enumeration."""
    known = members(instance.cls)
    if known is None:
        return None
    for member in known.items:
        if len(args) == 1 and isinstance(member, Const) and isinstance(args[0], Const) and _same(member, args[0]):
            return member
    return interp.unknown(origins.returned_by("member of an enumeration"), *args)


def _same(member: Const, given: Const) -> bool:
    if isinstance(given.value, Enumerated):
        return bool(member.value == given.value)
    return bool(member.value.value == given.value)


def by_name(cls: Class, name: Value) -> Value | None:
    """``Kind["MSE"]``; None where it is not known."""
    found = cls.fields.get(name.value) if is_enumeration(cls) and isinstance(name, Const) else None
    return found if isinstance(found, Const) else None


def automatic(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``enum.auto()``: one more than the member before."""
    numbers = [each.value for each in interp.scope.fields.values() if isinstance(each, Const)]
    last = numbers[-1] if numbers else 0
    return Const(last + 1) if isinstance(last, int) else None
