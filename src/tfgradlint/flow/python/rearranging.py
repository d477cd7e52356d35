"""Sequences without one of their elements, and turned."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.comparing import equal
from tfgradlint.flow.values.base import Const, Value
from tfgradlint.flow.values.containers import Items, Repeated


def without(interp: Context, content: Items | Repeated, args: list[Value]) -> Items | None:
    """The content without the first element that equals the argument; None where it is not known which."""
    if not isinstance(content, Items) or len(args) != 1:
        return None
    for place, each in enumerate(content.items):
        found = each is args[0] or equal(interp, each, args[0])
        if found is None:
            return None
        if found:
            return Items((*content.items[:place], *content.items[place + 1 :]), content.type)
    return content if content.type == "set" else None


def turned(content: Items | Repeated, args: list[Value]) -> Items | None:
    """The content of a deque, rotated; None where it is not known how far."""
    steps = args[0].value if args and isinstance(args[0], Const) else None if args else 1
    if not isinstance(content, Items) or not isinstance(steps, int) or not content.items:
        return None
    behind = -steps % len(content.items)
    return Items((*content.items[behind:], *content.items[:behind]), content.type)
