"""Strings that are known: names of layers and of parameters are put together, and looked up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Scalar, Value
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.walk import fold, shallow

#: Names of layers, keys and parameters are far shorter; of a longer string only its type is known.
_LONG = 1_000
#: Names are put together of a few parts: sequences of more, or nested more deeply, are not known.
_MANY = 64
_SHORT = shallow(levels=2, most=_MANY)
#: Methods that make strings, truths and numbers of strings, whatever the locale.
_METHODS = frozenset(
    "capitalize casefold count endswith find format index isalpha isdigit islower isnumeric isupper join lower lstrip "
    "partition removeprefix removesuffix replace rfind rpartition rsplit rstrip split splitlines startswith strip "
    "swapcase title upper".split()
)
_WIDE = re.compile(r"%[^a-zA-Z%]*\d{3}")


class NotConstant(Exception):
    """A value is not known."""


def unwrapped(value: Value) -> Any:
    """The object that a constant, or a short sequence of constants, stands for.

    Raises NotConstant for any other.
    """
    return fold(value, _SHORT, _constant, _sequence)


def _constant(value: Value) -> Any:
    if isinstance(value, Const) and isinstance(value.value, (str, int, float, type(None))):
        return value.value
    raise NotConstant


def _sequence(holder: Value, parts: list[Any]) -> Any:
    kind = getattr(holder.structure, "type", "")
    if kind != ("list" if isinstance(holder, ListObject) else "tuple"):
        raise NotConstant
    return parts if kind == "list" else tuple(parts)


def constant_text(interp: Context, make: Callable[[], Any]) -> Value:
    """What ``make`` gives for known values, and some string where one is not known or Python would refuse it."""
    try:
        made = make()
    except (NotConstant, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return Scalar(interp.recorder.leaf(), "str")
    return wrapped(made) or Scalar(interp.recorder.leaf(), "str")


def formatted(interp: Context, text: str, value: Value) -> Value:
    """``text % value``."""

    def make() -> str:
        # A width is how long the result becomes.
        if len(text) > _LONG or "*" in text or _WIDE.search(text):
            raise NotConstant
        return str(text % unwrapped(value))

    return constant_text(interp, make)


def call_method(receiver: str, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A method of a known string; None where the result is not known."""
    if name not in _METHODS or len(receiver) > _LONG:
        return None
    if name == "format" and any(part in receiver for part in (".", "[", ":")):
        return None
    try:
        given = [unwrapped(value) for value in args]
        named = {key: unwrapped(value) for key, value in kwargs.items()}
        return wrapped(getattr(receiver, name)(*given, **named))
    except (NotConstant, ArithmeticError, LookupError, TypeError, ValueError):
        return None


def wrapped(made: Any) -> Value | None:
    """The value of an object made of constants; None where it is too long."""
    if isinstance(made, str):
        return Const(made) if len(made) <= _LONG else None
    if isinstance(made, (bool, int, float)):
        return Const(made)
    if isinstance(made, (list, tuple)) and len(made) <= _MANY:
        items = tuple(Const(each) for each in made)
        return ListObject(Items(items, "list")) if isinstance(made, list) else Items(items)
    return None
