"""The module ``enum``: members are constants of their own, equal to themselves alone."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, HoldsNothing, Symbol, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.functions import Descriptor, Function, Method
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import fold, shallow

_ENUMERATIONS = frozenset({"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"})
#: Members of these are equal to their values too.
_MIXED = frozenset({"enum.IntEnum", "enum.StrEnum", "enum.IntFlag", "builtins.int", "builtins.str", "builtins.float"})
_FLAGS = frozenset({"enum.Flag", "enum.IntFlag"})
#: Methods that say whether a member is true.
_TRUTH = frozenset({"__bool__", "__len__"})
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


class EnumMember(Const):
    """A member, with its truth: None where a method of its class decides."""

    __slots__ = ("_truth",)

    def __init__(self, value: Enumerated, truth: bool | None) -> None:
        super().__init__(value)
        self._truth = truth

    def truth(self) -> bool | None:  # type: ignore[override]
        return self._truth


class Automatic(HoldsNothing):
    """``enum.auto()`` in the body of a class."""

    __slots__ = ()


def is_enumeration(cls: Class) -> bool:
    """Whether the class lists constants."""
    return any(isinstance(each, Symbol) and each.path in _ENUMERATIONS for each in cls.lineage())


def defined(cls: Class) -> None:
    """The body of a class has run: what an enumeration assigned in it are its members now."""
    if not is_enumeration(cls):
        return
    bases = {each.path for each in cls.lineage() if isinstance(each, Symbol)}
    mixed, flags = not bases.isdisjoint(_MIXED), not bases.isdisjoint(_FLAGS)
    own_truth = any(isinstance(each, Class) and not _TRUTH.isdisjoint(each.fields) for each in cls.lineage())
    counted = not any(isinstance(each, Class) and "_generate_next_value_" in each.fields for each in cls.lineage())
    last: Any = 0
    known: dict[Any, Const] = {}
    for name, value in cls.fields.items():
        if name.startswith("_"):
            continue
        if isinstance(value, Automatic):
            plain = _next(name, last, bases) if counted else None
        else:
            plain = _plain(value)
        if plain is not None:
            last = plain
            if plain not in known:
                truth = None if own_truth else bool(plain) if mixed or flags else True
                known[plain] = EnumMember(Enumerated(cls, name, plain, mixed), truth)
            # Another name of the same value is another name of the same member.
            cls.fields[name] = known[plain]


def _next(name: str, last: Any, bases: set[str]) -> Any:
    """What ``enum.auto()`` makes behind a member; None where it is not known."""
    if "enum.StrEnum" in bases:
        return name.lower()
    if not isinstance(last, int):
        return None
    return 1 << last.bit_length() if not bases.isdisjoint(_FLAGS) else last + 1


def _plain(value: Value) -> Any:
    """The object behind a constant or a short tuple of constants; None for anything else."""
    return fold(value, _SHORT, _constant, _tuple)


def _constant(value: Value) -> Any:
    return value.value if isinstance(value, Const) and isinstance(value.value, (str, int, float)) else None


def _tuple(holder: Value, parts: list[Any]) -> Any:
    return None if None in parts or not isinstance(holder, Items) else tuple(parts)


def attribute(interp: Context, receiver: Const, name: str) -> Value | None:
    """``value`` and ``name`` of a member, and what its class gives it."""
    member = receiver.value
    if not isinstance(member, Enumerated):
        return None
    if name == "name":
        return Const(member.name)
    if name == "value":
        return _wrapped(member.value)
    found = interp.attributes.of_class(member.cls, name)
    if isinstance(found, Function):
        return Method(found, receiver)
    if isinstance(found, Descriptor) and found.kind == "property":
        return interp.calls.call(found.function, [receiver], {})
    if isinstance(found, Const):
        return found
    return None if found is None and member.mixed else interp.unknown(origins.attribute(name), receiver)


def _wrapped(value: Any) -> Value:
    return Items(tuple(_wrapped(each) for each in value)) if isinstance(value, tuple) else Const(value)


def members(cls: Class) -> Items | None:
    """The members of an enumeration, in order; None for other classes."""
    if not is_enumeration(cls):
        return None
    listed = {}
    for name, value in cls.fields.items():
        if isinstance(value, EnumMember):
            listed[value] = value
        elif not name.startswith("_") and not isinstance(value, (Function, Descriptor, Class)):
            return None  # a member that is no constant
    return Items(tuple(listed))


def of_value(interp: Context, instance: Instance, args: list[Value]) -> Value | None:
    """``Kind("mse")``: the member of that value; None for classes that are no enumeration."""
    if not is_enumeration(instance.cls):
        return None
    for member in instance.cls.fields.values():
        if len(args) == 1 and isinstance(member, EnumMember) and isinstance(args[0], Const) and _same(member, args[0]):
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
    """``enum.auto()``: what it is depends on the name, and on the member before."""
    return Automatic()
