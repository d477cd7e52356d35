"""In which order Python puts elements, as far as it depends on constants."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.identity import one_of_many
from tfgradlint.flow.python.iteration import call_with_each
from tfgradlint.flow.python.plain import NOT_PLAIN, plain, plain_beginning
from tfgradlint.flow.values.base import FALSE, Value
from tfgradlint.flow.values.containers import InOrder, Items, Repeated


def _keys(interp: Context, content: Items | Repeated, key: Value | None) -> list[Any] | None:
    """The same, but None also where the elements have no order of their own, in which equal ones stay."""
    keys = keys_of(interp, content, key)
    if keys is None or content.type != "set" or isinstance(content, InOrder):
        return keys
    return keys if all(keys.count(each) == 1 for each in keys) else None


def keys_of(interp: Context, content: Items | Repeated, key: Value | None) -> list[Any] | None:
    """By what the elements are compared, in their order; ``key`` is called with each. None: it is not known."""
    called = call_with_each(interp, key, content)
    if not isinstance(content, Items) or (called is not None and len(called) < len(content.items)):
        return None
    compared = content.items if called is None else called
    whole = [plain(each) for each in compared]
    if NOT_PLAIN not in whole:
        return whole
    # Tuples are compared up to the first elements that differ.
    beginnings = [plain_beginning(each) for each in compared]
    known = all(isinstance(each, tuple) and each for each in beginnings) and len({*map(len, beginnings)}) == 1
    try:
        return beginnings if known and len({*beginnings}) == len(beginnings) else None
    except TypeError:
        return None


def in_order(interp: Context, content: Items | Repeated, key: Value | None, reverse: Value = FALSE) -> Items | Repeated:
    """The elements as ``sorted`` puts them."""
    keys = _keys(interp, content, key)
    backwards = interp.expressions.truth(reverse)
    if isinstance(content, Items) and keys is not None and backwards is not None:
        try:
            places = sorted(range(len(keys)), key=keys.__getitem__, reverse=backwards)
        except TypeError:
            pass
        else:
            return Items(tuple(content.items[place] for place in places), "list")
    return Repeated(one_of_many(interp, interp.state.element(content)), "list")


def extreme(interp: Context, content: Items | Repeated, key: Value | None, largest: bool) -> Value | None:
    """The largest or smallest element; None where it is not known which."""
    keys = _keys(interp, content, key)
    if keys is None or not keys or not isinstance(content, Items):
        return None
    try:
        return content.items[(max if largest else min)(range(len(keys)), key=keys.__getitem__)]
    except TypeError:
        return None
