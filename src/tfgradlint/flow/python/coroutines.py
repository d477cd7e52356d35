"""Coroutines run where they are awaited, and together with others in an order that nobody knows."""

from __future__ import annotations

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.escape import not_followed
from tfgradlint.flow.python.recursion import DEPTH
from tfgradlint.flow.values.base import Unknown, Value
from tfgradlint.flow.values.containers import Items, ListObject, Union
from tfgradlint.flow.values.functions import Coroutine, Gathered


def awaited(interp: Context, value: Value) -> Value:
    """``await value``: what it gives."""
    if isinstance(value, Union):
        return interp.calls.any_of(value.values, lambda each: awaited(interp, each))
    if isinstance(value, Coroutine):
        node = value.function.node
        again = any(frame.function is not None and frame.function.node is node for frame in interp.frames)
        if again or len(interp.frames) > DEPTH:
            return not_followed(interp, origins.RECURSION, value, [])
        interp.called[id(node)] = None
        return interp.calls.execute(value.function, value.scope)
    if isinstance(value, Gathered):
        several = len(value.awaitables) > 1
        if several and any(_waits(each) for each in value.awaitables):
            return not_followed(interp, origins.AWAITED, value, [])
        return ListObject(Items(tuple(awaited(interp, each) for each in value.awaitables), "list"))
    return not_followed(interp, origins.AWAITED, value, []) if isinstance(value, Unknown) else value


def _waits(value: Value) -> bool:
    """Whether others may run while it waits."""
    if not isinstance(value, Coroutine):
        return True
    waiting: list[cst.CSTNode] = [value.function.node.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, cst.Await) or getattr(node, "asynchronous", None) is not None:
            return True
        waiting.extend(node.children)
    return False
