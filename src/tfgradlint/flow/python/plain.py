"""Values that are known down to the last constant, as the objects that Python has in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfgradlint.flow.values.base import Const, Value
from tfgradlint.flow.values.containers import Container, DictContent, DictObject, Items
from tfgradlint.flow.values.walk import fold

#: In the place of the object where it is not known.
NOT_PLAIN: Any = object()
#: The types of constants that compare as Python says; members of enumerations may have methods for it.
_OWN = (type(None), bool, int, float, complex, str, bytes)
#: Sequences of more elements, and nested more deeply, are not looked at.
_LEVELS, _MOST = 4, 64
_KINDS: dict[str, Callable[[list[Any]], Any]] = {"list": list, "tuple": tuple, "set": set}


def plain(value: Value) -> Any:
    """The object that a value is, or NOT_PLAIN."""
    return fold(value, _parts, _leaf, _whole)


def plain_beginning(value: Value) -> Any:
    """The object that a value is, or of a tuple all before the first element that is not known."""
    whole = plain(value)
    if whole is not NOT_PLAIN or not isinstance(value, Items) or value.type != "tuple":
        return whole
    parts = [plain(each) for each in value.items]
    return tuple(parts[: next(place for place, each in enumerate(parts) if each is NOT_PLAIN)])


def _parts(value: Value, level: int) -> Sequence[Value] | None:
    content = value.structure if isinstance(value, (Items, Container)) else None
    if level >= _LEVELS or not isinstance(content, (Items, DictContent)):
        return None
    if isinstance(value, DictObject) and len(value.fields) > 1:
        return None  # one that counts, or that makes what is missing
    if isinstance(content, DictContent) and not content.complete:
        return None
    held = content.held()
    return held if len(held) <= _MOST else None


def _leaf(value: Value) -> Any:
    return value.value if isinstance(value, Const) and isinstance(value.value, _OWN) else NOT_PLAIN


def _whole(holder: Value, parts: list[Any]) -> Any:
    content = holder.structure
    if any(each is NOT_PLAIN for each in parts):
        return NOT_PLAIN
    if isinstance(content, DictContent):
        return dict(zip(content.entries, parts, strict=True)) if all(map(_is_own, content.entries)) else NOT_PLAIN
    kind = _KINDS.get(content.type) if isinstance(content, Items) else None
    try:
        return NOT_PLAIN if kind is None else kind(parts)
    except TypeError:  # an element without a hash
        return NOT_PLAIN


def _is_own(key: object) -> bool:
    return isinstance(key, _OWN)
