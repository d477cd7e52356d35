"""The places that Python reads and writes, apart from what TensorFlow and libraries keep."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.machine.state import EXISTS, MISSING, State, Written, same
from tfgradlint.flow.values.base import Cell, HoldsNothing, Scalar, Unknown, Variable
from tfgradlint.flow.values.containers import Container, Union
from tfgradlint.flow.values.functions import Attributes, Scope
from tfgradlint.flow.values.iterators import Iterator
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import Class, Instance, Layer, LibraryObject, Members

#: Of a variable: whether it is trained, and whether a library lists it among those that are.
_FLAGS = ("trainable", "listed")


class Traced(HoldsNothing, Cell):
    """The traces of compiled functions."""

    __slots__ = ()


class Named(HoldsNothing, Cell):
    """Attributes of what libraries have."""

    __slots__ = ()


def of_python(cell: Cell, key: Any) -> bool:
    """Whether it is Python that reads and writes the place: it is no content of a variable, nothing that tapes keep,
    and nothing that a library notes down.
    """
    if isinstance(cell, (Instance, Class, Container)):
        return key.read if isinstance(key, Note) else key is not EXISTS
    if isinstance(cell, Layer):
        return key.read if isinstance(key, Note) else True
    if isinstance(cell, Variable):
        return key in _FLAGS
    if isinstance(cell, LibraryObject):
        return isinstance(key, str)
    return isinstance(cell, (Scope, Iterator, Members, Attributes, Named, Traced)) or type(cell) is Cell


def of_old(cell: Cell, key: Any, since: int) -> bool:
    """Whether it is a place of Python's in an object that was there already."""
    return cell.born < since and of_python(cell, key)


def differs(cell: Cell, key: Any, old: Any) -> bool:
    now = cell.fields.get(key, MISSING)
    if old is MISSING and found_there(cell, now):
        return False
    return not same(old, now)


def known_of_neither(cell: Cell, key: Any, old: Any) -> bool:
    """Whether nothing is known of what the place held and of what it holds: that may be what it held."""
    now = cell.fields.get(key, MISSING)
    return (_unknown(old) and _unknown(now)) or (isinstance(old, Scalar) and isinstance(now, Scalar))


def _unknown(value: Any) -> bool:
    return any(isinstance(each, Unknown) for each in (value.values if isinstance(value, Union) else (value,)))


def found_there(cell: Cell, value: Any) -> bool:
    """Whether a value of which nothing is known was put there when it was first read."""
    if isinstance(cell, Members):
        return value is not MISSING
    return isinstance(cell, (Instance, Class)) and _unknown(value)


def changes(state: State, mark: int, since: int) -> list[Written]:
    """Python's places that hold something else than at ``mark``, with what they held.

    Objects that are made since, from ``since`` on, are left out.
    """
    return [
        (cell, key, old)
        for cell, key, old in state.written(mark)
        if of_old(cell, key, since) and differs(cell, key, old)
    ]
