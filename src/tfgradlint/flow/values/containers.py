"""Containers: sequences, dictionaries, and alternatives of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from tfgradlint.flow.values.base import COMPARED, Cell, Const, Value


class Items(Value):
    """A list's or tuple's content of known length; ``fields`` are a named tuple's names."""

    __slots__ = ("fields", "items", "type")

    def __init__(self, items: tuple[Value, ...], type: str = "tuple", fields: tuple[str, ...] = ()) -> None:
        self.items = items
        self.type = type
        self.fields = fields

    def __repr__(self) -> str:
        return f"{self.type}{self.items!r}"

    def held(self) -> Sequence[Value]:
        return self.items

    def handed(self) -> Sequence[Value]:
        return self.items

    def nested(self) -> Sequence[tuple[Any, Value]]:
        return list(enumerate(self.items))

    def keyed(self) -> Mapping[Any, Value]:
        return dict(enumerate(self.items))

    def with_held(self, parts: Sequence[Value]) -> Items:
        return Items(tuple(parts), self.type, self.fields)

    def truth(self) -> bool:
        return bool(self.items)

    def contains(self, item: Any) -> bool | None:
        constants = [each.value for each in self.items if isinstance(each, Const)]
        return any(each == item for each in constants) if len(constants) == len(self.items) else None

    def same_as(self, other: Value, level: int = 0) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Items)
            and self.fields == other.fields
            and len(self.items) == len(other.items)
            and all(
                one is each or (level < COMPARED and one.same_as(each, level + 1))
                for one, each in zip(self.items, other.items, strict=True)
            )
        )


class InOrder(Items):
    """A set's content, in the order in which it is run through: as long as nothing is put in or taken out."""

    __slots__ = ()


def as_key(value: Value) -> Value:
    """The constant under which a dictionary keeps what is put there under a value: for a tuple of constants theirs."""
    if not isinstance(value, Items) or value.fields or value.type != "tuple":
        return value
    parts = [as_key(each) for each in value.items[:_KEY]]
    constants = [each.value for each in parts if isinstance(each, Const)]
    return Const((*constants,)) if len(constants) == len(value.items) else value


def of_key(key: Any) -> Value:
    """The value that is a key of a dictionary."""
    return Items(tuple(map(of_key, key))) if isinstance(key, tuple) else Const(key)


#: Keys of more parts than this are not followed.
_KEY = 8


class Repeated(Value):
    """Any number of elements, each of which is like ``element``.

    ``whole``: what stands for all of them together, where each was made of another one of many variables.
    """

    __slots__ = ("element", "type", "whole")

    def __init__(self, element: Value, type: str = "list", whole: Value | None = None) -> None:
        self.element = element
        self.type = type
        self.whole = whole

    @property
    def together(self) -> Value:
        """What stands for the elements where all of them are read."""
        return self.element if self.whole is None else self.whole

    def held(self) -> Sequence[Value]:
        return (self.together,)

    def with_held(self, parts: Sequence[Value]) -> Repeated:
        return Repeated(parts[0], self.type)


class DictContent(Value):
    """A dictionary's content: known keys, and what values under unknown keys are like (None: there are none).

    ``maybe`` are those of the known keys that are perhaps missing: they were set on one branch only.
    """

    __slots__ = ("entries", "maybe", "rest")

    def __init__(
        self, entries: dict[Any, Value], rest: Value | None = None, maybe: frozenset[Any] = frozenset()
    ) -> None:
        self.entries = entries
        self.rest = rest
        self.maybe = maybe

    @property
    def complete(self) -> bool:
        """Whether the known keys are there, and no others."""
        return self.rest is None and not self.maybe

    def held(self) -> Sequence[Value]:
        """The values of the entries, in order, and behind them the rest."""
        return (*self.entries.values(),) if self.rest is None else (*self.entries.values(), self.rest)

    def handed(self) -> Sequence[Value]:
        return (*self.entries.values(),)

    def nested(self) -> Sequence[tuple[Any, Value]] | None:
        return self.in_order() if self.complete else None

    def in_order(self) -> list[tuple[Any, Value]]:
        """The entries as TensorFlow sorts them."""
        try:
            return sorted(self.entries.items(), key=itemgetter(0))
        except TypeError:  # TensorFlow refuses these
            return sorted(self.entries.items(), key=lambda entry: (str(type(entry[0])), str(entry[0])))

    def keyed(self) -> Mapping[Any, Value]:
        return self.entries

    def with_held(self, parts: Sequence[Value]) -> DictContent:
        entries = dict(zip(self.entries, parts, strict=False))
        return DictContent(entries, None if self.rest is None else parts[-1], self.maybe)

    def truth(self) -> bool | None:
        if len(self.entries) > len(self.maybe):
            return True
        return False if self.complete else None

    def contains(self, item: Any) -> bool | None:
        if item in self.entries:
            return None if item in self.maybe else True
        return False if self.rest is None else None


class Union(Value):
    """One of a few values, depending on the branch taken."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[Value, ...]) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"Choice{self.values!r}"

    def held(self) -> Sequence[Value]:
        return self.values

    def truth(self) -> bool | None:
        truths = {each.truth() for each in self.values}
        return truths.pop() if len(truths) == 1 else None


class Slice(Value):
    """``a:b:c`` in a subscript, with the values in it."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Value, ...]) -> None:
        self.parts = parts

    def held(self) -> Sequence[Value]:
        return self.parts


class Container(Cell):
    """A mutable container: ``fields["content"]`` is the sequence or the entries that it holds at present."""

    __slots__ = ()

    def __init__(self, content: Value) -> None:
        super().__init__()
        self.fields["content"] = content

    def held(self) -> Sequence[Value]:
        return (self.fields["content"],)

    def handed(self) -> Sequence[Value]:
        return (self.fields["content"],)

    def nested(self) -> Sequence[tuple[Any, Value]] | None:
        return self.structure.nested()

    def keyed(self) -> Mapping[Any, Value]:
        return self.structure.keyed()

    def with_held(self, parts: Sequence[Value]) -> Container:
        return type(self)(parts[0])

    @property
    def structure(self) -> Value:
        content: Value = self.fields["content"]
        return content

    def truth(self) -> bool | None:
        return self.structure.truth()

    def contains(self, item: Any) -> bool | None:
        return self.structure.contains(item)


class ListObject(Container):
    """A list, set or deque; its content is :class:`Items` or :class:`Repeated`."""

    __slots__ = ()


class DictObject(Container):
    """A dictionary; its content is :class:`DictContent`."""

    __slots__ = ()


class View(Value):
    """What ``keys()``, ``values()`` or ``items()`` of a dictionary gives: it shows what that holds at present."""

    __slots__ = ("_look", "_shown", "kind", "of")

    def __init__(self, of: DictObject, kind: str, look: Callable[[DictContent], Value]) -> None:
        self.of = of
        self.kind = kind
        self._look = look
        self._shown: tuple[Value, Value] | None = None

    @property
    def structure(self) -> Value:
        content = self.of.structure
        assert isinstance(content, DictContent)
        if self._shown is None or self._shown[0] is not content:
            self._shown = content, self._look(content)
        return self._shown[1]

    def held(self) -> Sequence[Value]:
        return (self.structure,)

    def handed(self) -> Sequence[Value]:
        return (self.of,)

    def nested(self) -> Sequence[tuple[Any, Value]] | None:
        return self.structure.nested()

    def keyed(self) -> Mapping[Any, Value]:
        return self.structure.keyed()

    def with_held(self, parts: Sequence[Value]) -> Value:
        return parts[0]

    def truth(self) -> bool | None:
        return self.of.truth()

    def contains(self, item: Any) -> bool | None:
        return self.of.contains(item) if self.kind == "keys" else self.structure.contains(item)

    def same_as(self, other: Value, level: int = 0) -> bool:
        return self is other or (isinstance(other, View) and self.of is other.of and self.kind == other.kind)
