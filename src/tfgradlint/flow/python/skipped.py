"""What a loop leaves behind that perhaps makes no turn: then all is as it was before."""

from __future__ import annotations

from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import DictContent, Items, Union

#: What has a place in the graph and may be a tensor.
_DATA = (Tensor, Unknown)
#: How deep tuples and dictionaries are looked into, as those are whose numbers change in a loop.
_LEVELS = 3


def unless_skipped(interp: Context, before: Value, now: Value, level: int = 0) -> Value:
    """What a place holds behind such a loop that held ``before`` and holds ``now`` where there was a turn.

    Of anything but tensors and variables, such as a list that the loop fills, a program takes that there was one.
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
        alike = len(now.items) == len(before.items) and now.fields == before.fields
    else:
        alike = (
            isinstance(now, DictContent)
            and isinstance(before, DictContent)
            and [*now.entries] == [*before.entries]
            and (now.rest is None) == (before.rest is None)
        )
    if not alike:
        return now
    old, new = before.held() or (), now.held() or ()
    parts = [unless_skipped(interp, one, each, level + 1) for one, each in zip(old, new, strict=True)]
    return now if all(map(_same, parts, new)) else now.with_held(parts)


def _node(interp: Context, value: Value) -> Node | None:
    """The place in the graph of what may be a tensor."""
    if isinstance(value, (*_DATA, Variable)):
        return value.node
    nodes = [_node(interp, each) for each in value.values] if isinstance(value, Union) else []
    found = [node for node in nodes if node is not None]
    return interp.recorder.phi(found) if found else None


def _same(one: Value, other: Value) -> bool:
    return one is other
