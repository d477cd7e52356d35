"""The module ``copy``: a variable that is copied deeply is another variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.containers import mapping
from tfgradlint.flow.values import (
    NONE,
    Const,
    Entries,
    Items,
    Listing,
    Mapping,
    Scalar,
    Several,
    Symbol,
    Tensor,
    Value,
    Variable,
)

if TYPE_CHECKING:
    from tfgradlint.flow.interpreter import Interpreter


def copied(interp: Interpreter, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``copy.copy``: a new container of the same elements."""
    value = args[0] if args else NONE
    if isinstance(value, (Listing, Mapping)):
        made = type(value)(value.fields["content"])
        made.fields.update(value.fields)
        return made
    return value if isinstance(value, (Tensor, Const, Items)) else None


def deep_copied(interp: Interpreter, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``copy.deepcopy``."""
    return deep_copy(interp, args[0]) if len(args) == 1 and not kwargs else None


def deep_copy(interp: Interpreter, value: Value, done: dict[int, Value] | None = None) -> Value:
    """A copy down to the variables. Tensors stay the same; what objects make of it is not known."""
    done = {} if done is None else done
    known = done.get(id(value))
    if known is not None:
        return known
    made: Value
    if isinstance(value, (Tensor, Const, Scalar, Symbol)):
        made = value
    elif isinstance(value, Variable) and value.library == "tf":
        made = Variable(interp.recorder.leaf(value.dtype), value.fields["trainable"], value.library)
    elif isinstance(value, Items):
        made = Items(tuple(deep_copy(interp, item, done) for item in value.items), value.type, value.fields)
    elif isinstance(value, Several):
        made = Several(deep_copy(interp, value.element, done), value.type)
    elif isinstance(value, Listing):
        made = Listing(deep_copy(interp, value.fields["content"], done))
    elif isinstance(value, Mapping):
        content: Entries = value.fields["content"]
        rest = None if content.rest is None else deep_copy(interp, content.rest, done)
        made = mapping({key: deep_copy(interp, each, done) for key, each in content.entries.items()}, rest)
    else:
        made = interp.unknown("deep copy", value)
    done[id(value)] = made
    return made
