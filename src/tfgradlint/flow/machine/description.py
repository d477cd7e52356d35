"""What a value is made of: two that are described alike go on alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from types import FunctionType, MethodType, NoneType
from typing import Any, NamedTuple

import libcst as cst

from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Cell, Const, GraphValue, Value, hashable
from tfgradlint.flow.values.containers import DictContent, Items
from tfgradlint.flow.values.iterators import Producer
from tfgradlint.flow.values.objects import HOLDS

#: Fields of values that say when, where or in which run they were made, and not what they are.
_WHEN = frozenset({"block", "born", "birth", "seq", "site", "stopped_within", "watch_sites", "watch_times", "within"})
#: A moment since.
_LATER = object()
#: What stands before parts of which it does not matter how many are alike.
UNIQUE = object()
#: How deep a description goes: it recurs on Python's own stack.
_DEEP = 16
#: Stands for what is beyond one of these bounds.
BEYOND = object()

#: What stands for itself, and what may be made of such only.
_LEAVES = (str, int, float, complex, bytes, frozenset, NoneType, Const)
_SEQUENCES = (Items, DictContent, tuple)


class Described(ABC):
    """What is kept of an object and says itself what it is made of, as far as that makes a difference."""

    @abstractmethod
    def described(self) -> Sequence[object]: ...


class Again(NamedTuple):
    """Stands for an object that was described before: in which field, as which of all."""

    field: int
    object: int


class Told(NamedTuple):
    """The description of an object, and what stands for it where it is met again.

    ``plain``: nobody changes it, so that it makes no difference whether another that is alike is the same one.
    """

    parts: tuple[Hashable, ...]
    again: Again
    plain: bool


class Constants:
    """Describes what is made of constants only: nobody changes it, and it is told once, as a number."""

    def __init__(self, since: int, alike: dict[Hashable, int]) -> None:
        self._since = since
        self._alike = alike
        #: What was looked at so far, so that it keeps its identity, with its number and how deep it is.
        self._known: dict[int, tuple[object, Hashable, int]] = {}

    def told(self, value: object, level: int) -> Hashable | None:
        """The number of a sequence or dictionary, at this level; None where it is not made of constants only."""
        _, told, deep = self._of(value, level)
        return told if level + deep - 1 <= _DEEP else None

    def leaf(self, value: object) -> Hashable:
        """What stands for a constant."""
        if isinstance(value, Const):
            value = value.value
            told: Hashable = (Const, type(value), value if hashable(value) else id(value))
        elif isinstance(value, int) and value > self._since:
            return _LATER
        else:
            told = (type(value), value)
        return self._alike.setdefault(told, len(self._alike))

    def _of(self, value: object, level: int) -> tuple[object, Hashable, int]:
        known = self._known.get(id(value))
        if known is not None:
            return known
        told: list[Hashable] = [UNIQUE if isinstance(value, tuple) else type(value)]
        deep = 0
        for part in _parts(value) or ():
            if isinstance(part, _LEAVES):
                told.append(self.leaf(part))
                continue
            # a dictionary by itself may be one that somebody changes
            may_be = isinstance(part, _SEQUENCES) or (isinstance(part, dict) and isinstance(value, DictContent))
            if level > _DEEP:
                return (value, None, 0)
            _, number, below = self._of(part, level + 1) if may_be else (value, None, 0)
            if number is None:
                found: tuple[object, Hashable, int] = (value, None, 0)
                break
            told.append(number)
            deep = max(deep, below)
        else:
            made = (*dict.fromkeys(told),) if told[0] is UNIQUE else (*told,)
            found = (value, self._alike.setdefault(made, len(self._alike)), deep + 1)
        self._known[id(value)] = found
        return found


class Description:
    """Describes what fields hold, in the order in which it is asked."""

    def __init__(self, born: int, constants: Constants) -> None:
        self._born = born
        self._constants = constants
        self._met: dict[int, Hashable] = {}
        #: What was described, so that nothing else comes to have its identity.
        self._kept: list[object] = []
        #: The steps and tapes that were met.
        self.nodes: dict[Node, None] = {}
        self.tapes: dict[Tape, None] = {}
        self._field = 0

    def of(self, value: object, field: int) -> Hashable:
        """What the field of this number holds; where something is made of steps, these stand in it."""
        self._field = field
        return self._tell(value, 0)

    def _tell(self, value: object, level: int) -> Hashable:
        if isinstance(value, _LEAVES):
            return self._constants.leaf(value)
        if isinstance(value, Node):
            self.nodes[value] = None
            return value
        if isinstance(value, _SEQUENCES):
            constant = self._constants.told(value, level)
            if constant is not None:
                return constant
        if isinstance(value, GraphValue):
            return (type(value), *(self._tell(part, level + 1) for part in _parts(value) or ()))
        if isinstance(value, Tape):
            self.tapes[value] = None
        if isinstance(value, Cell) and value.born < self._born:
            return id(value)
        known = self._met.get(id(value))
        if known is not None:
            return known
        parts = _parts(value)
        if parts is None:
            return (type(value), value if isinstance(value, Hashable) else id(value))
        if level > _DEEP:
            return BEYOND
        again = self._met[id(value)] = Again(self._field, len(self._met))
        self._kept.append(value)
        told = [self._tell(part, level + 1) for part in parts]
        is_tuple = isinstance(value, tuple)
        return Told((UNIQUE if is_tuple else type(value), *told), again, is_tuple or isinstance(value, Described))


_Reader = Callable[[Any], Sequence[object] | None]
#: How what a value is made of is read from it, by its kind.
_readers: dict[type, _Reader] = {}


def _parts(value: object) -> Sequence[object] | None:
    """What a value, or what is kept in one, is made of; None for what stands for itself."""
    reader = _readers.get(type(value))
    if reader is None:
        reader = _readers[type(value)] = _reader(type(value))
    return reader(value)


def _reader(kind: type) -> _Reader:
    if issubclass(kind, (tuple, list)):
        return _itself
    if issubclass(kind, dict):
        return _entries
    if issubclass(kind, Items):
        return _items
    if issubclass(kind, (Value, Producer)):
        named = [name for each in kind.__mro__ for name in vars(each).get("__slots__", ())]
        return _attributes([name for name in named if name not in _WHEN])
    if issubclass(kind, Described):
        return _described
    if is_dataclass(kind) and not issubclass(kind, (type, cst.CSTNode)):
        return _attributes([each.name for each in fields(kind)])
    return _FUNCTIONS.get(kind, _nothing)


def _attributes(names: Sequence[str]) -> _Reader:
    return lambda value: [getattr(value, name) for name in names]


def _itself(value: Sequence[object]) -> Sequence[object]:
    return value


def _entries(value: dict[object, Any]) -> Sequence[object]:
    # What an object holds in all: with how many others does not matter.
    return [part for key, each in value.items() for part in (key, each.held() if key is HOLDS else each)]


def _items(value: Items) -> Sequence[object]:
    return [value.type, *value.fields, *value.items]


def _described(value: Described) -> Sequence[object]:
    return value.described()


def _function(value: FunctionType) -> Sequence[object]:
    return [value.__code__, *(cell.cell_contents for cell in value.__closure__ or ()), *(value.__defaults__ or ())]


def _method(value: MethodType) -> Sequence[object] | None:
    return [value.__func__.__code__, value.__self__] if isinstance(value.__self__, Value) else None


def _partial(value: partial[object]) -> Sequence[object]:
    return [value.func, *value.args, *value.keywords.items()]


def _nothing(_: object) -> None:
    return None


_FUNCTIONS: Mapping[type, _Reader] = {FunctionType: _function, MethodType: _method, partial: _partial}
