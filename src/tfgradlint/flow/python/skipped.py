"""What a loop leaves behind that perhaps makes no turn: then all is as it was before."""

from __future__ import annotations

from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Cell, Const, Tensor, Unknown, Value, Variable, is_none
from tfgradlint.flow.values.containers import Container, DictContent, Items, Repeated, Union
from tfgradlint.flow.values.functions import Function, Method, NativeFunction
from tfgradlint.flow.values.objects import Class, Instance

#: What has a place in the graph and may be a tensor.
_DATA = (Tensor, Unknown)
#: What is called.
_CODE = (Function, Method, NativeFunction, Class)
#: How deep tuples and dictionaries are looked into, as those are whose numbers change in a loop.
_LEVELS = 3


def unless_skipped(interp: Context, before: Value, now: Value, level: int = 0) -> Value:
    """What a place holds behind such a loop that held ``before`` and holds ``now`` where there was a turn.

    Where a gradient arrives behind a turn, it is said to arrive; that none does must hold without a turn as well. Of
    what is put into an empty place, such as a list that the loop fills, a program takes that there was one.
    """
    if before is now or level > _LEVELS:
        return now
    if isinstance(now, Union):
        values = [unless_skipped(interp, before, each, level + 1) for each in now.values]
        return now if all(map(_same, values, now.values)) else interp.join(values)
    if isinstance(now, (*_DATA, Variable)):
        node = _node(interp, before)
        if node is None or node is now.node:
            return now
        made = interp.recorder.unless_skipped(now.node, node)
        return Tensor(made) if type(before) is type(now) is Tensor else Unknown(made)
    if isinstance(now, Items) and isinstance(before, Items):
        return _sequence(interp, before, now, level)
    if isinstance(now, Repeated) and isinstance(before, (Items, Repeated)):
        return _any_number(interp, before, now, level)
    if isinstance(now, DictContent) and isinstance(before, DictContent):
        return _entries(interp, before, now, level)
    if isinstance(now, (Container, Instance)) and type(now) is type(before):
        if isinstance(now, Container) or (isinstance(before, Instance) and before.cls is now.cls):
            _fields(interp, before, now, level)
        return now
    either = (isinstance(now, _CODE) and isinstance(before, _CODE)) or (
        isinstance(now, Const) and isinstance(before, Const) and not is_none(before)
    )
    return interp.join([now, before]) if either else now


def _fields(interp: Context, before: Cell, now: Cell, level: int) -> None:
    """One object took the place of another, or perhaps not: then what is found in it is what was in the other one."""
    for name, value in [*now.fields.items()]:
        old = before.fields.get(name)
        if isinstance(value, Value) and isinstance(old, Value):
            left = unless_skipped(interp, old, value, level + 1)
            if left is not value:
                interp.state.set(now, name, left)


def _sequence(interp: Context, before: Items, now: Items, level: int) -> Value:
    if len(now.items) == len(before.items) and now.fields == before.fields:
        parts = [
            unless_skipped(interp, one, each, level + 1) for one, each in zip(before.items, now.items, strict=True)
        ]
        return now if all(map(_same, parts, now.items)) else now.with_held(parts)
    if all(map(_same, before.items, now.items)) and len(before.items) < len(now.items):
        return now
    return _any_number(interp, before, Repeated(interp.state.element(now), now.type), level)


def _any_number(interp: Context, before: Items | Repeated, now: Repeated, level: int) -> Repeated:
    """What is tensors may be one of those that were there; of objects, a program takes what it put there."""
    if not before.held() or not isinstance(now.element, (*_DATA, Variable)):
        return now
    element = unless_skipped(interp, interp.state.element(before), now.element, level + 1)
    return now if element is now.element else Repeated(element, now.type)


def _entries(interp: Context, before: DictContent, now: DictContent, level: int) -> DictContent:
    """A key that is there no more is there without a turn."""
    entries = {
        key: unless_skipped(interp, before.entries[key], each, level + 1) if key in before.entries else each
        for key, each in now.entries.items()
    }
    left = {key: each for key, each in before.entries.items() if key not in now.entries}
    if not left and all(map(_same, entries.values(), now.entries.values())):
        return now
    return DictContent({**left, **entries}, now.rest, now.maybe | left.keys())


def _node(interp: Context, value: Value) -> Node | None:
    """The place in the graph of what may be a tensor."""
    if isinstance(value, (*_DATA, Variable)):
        return value.node
    nodes = [_node(interp, each) for each in value.values] if isinstance(value, Union) else []
    found = [node for node in nodes if node is not None]
    return interp.recorder.phi(found) if found else None


def _same(one: Value, other: Value) -> bool:
    return one is other
