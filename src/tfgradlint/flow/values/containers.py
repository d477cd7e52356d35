"""Containers: sequences, dictionaries, and alternatives of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfgradlint.flow.values.base import Cell, Value


class Items(Value):
    """A list's or tuple's content of known length; ``fields`` are a named tuple's names."""

    __slots__ = ("fields", "items", "type")

    def __init__(self, items: tuple[Value, ...], type: str = "tuple", fields: tuple[str, ...] = ()) -> None:
        self.items = items
        self.type = type
        self.fields = fields

    def __repr__(self) -> str:
        return f"{self.type}{self.items!r}"


class Repeated(Value):
    """Any number of elements, each of which is like ``element``."""

    __slots__ = ("element", "type")

    def __init__(self, element: Value, type: str = "list") -> None:
        self.element = element
        self.type = type


class DictContent(Value):
    """A dictionary's content: known keys, and what values under unknown keys are like (None: there are none)."""

    __slots__ = ("entries", "rest")

    def __init__(self, entries: dict[Any, Value], rest: Value | None = None) -> None:
        self.entries = entries
        self.rest = rest


class Union(Value):
    """One of a few values, depending on the branch taken."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[Value, ...]) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"Choice{self.values!r}"


class Slice(Value):
    """``a:b:c`` in a subscript, with the values in it."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Value, ...]) -> None:
        self.parts = parts


class Deferred(Value):
    """A generator expression, ``map`` ...: evaluated when something iterates it, under the tapes of that moment."""

    __slots__ = ("force",)

    def __init__(self, force: Callable[[], Value]) -> None:
        self.force = force


class ListObject(Cell):
    """A list, set or deque; ``fields["content"]`` is :class:`Items` or :class:`Repeated`."""

    __slots__ = ()

    def __init__(self, content: Value) -> None:
        super().__init__()
        self.fields["content"] = content


class DictObject(Cell):
    """A dictionary; ``fields["content"]`` is :class:`DictContent`."""

    __slots__ = ()

    def __init__(self, content: Value) -> None:
        super().__init__()
        self.fields["content"] = content
