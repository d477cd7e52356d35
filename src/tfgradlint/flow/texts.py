"""Strings that are known: names of layers and of parameters are put together, and looked up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfgradlint.flow.values import Const, Items, Listing, Scalar, Value

if TYPE_CHECKING:
    from tfgradlint.flow.interpreter import Interpreter

_LONG = 1_000
#: Methods that make strings, truths and numbers of strings, whatever the locale.
_METHODS = frozenset(
    "capitalize casefold count endswith find format index isalpha isdigit islower isnumeric isupper join lower lstrip "
    "partition removeprefix removesuffix replace rfind rpartition rsplit rstrip split splitlines startswith strip "
    "swapcase title upper zfill".split()
)


class NotConstant(Exception):
    """A value is not known."""


def unwrapped(value: Value) -> Any:
    """The object that a constant, or a sequence of constants, stands for.

    Raises NotConstant for any other.
    """
    if isinstance(value, Listing):
        content = value.fields["content"]
        if not isinstance(content, Items) or content.type != "list":
            raise NotConstant
        return [unwrapped(item) for item in content.items]
    if isinstance(value, Items) and value.type == "tuple":
        return tuple(unwrapped(item) for item in value.items)
    if isinstance(value, Const) and isinstance(value.value, (str, int, float, type(None))):
        return value.value
    raise NotConstant


def constant_text(interp: Interpreter, make: Callable[[], Any]) -> Value:
    """What ``make`` gives for known values, and some string where one is not known or Python would refuse it."""
    try:
        made = make()
    except (NotConstant, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return Scalar(interp.recorder.leaf(), "str")
    return wrapped(made) or Scalar(interp.recorder.leaf(), "str")


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
    if isinstance(made, (list, tuple)) and len(made) <= 64:
        items = tuple(Const(each) for each in made)
        return Listing(Items(items, "list")) if isinstance(made, list) else Items(items)
    return None
