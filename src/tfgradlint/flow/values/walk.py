"""The one way to walk what values hold."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.values.base import Const, GraphValue, Value, Variable
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject, Repeated, Slice, Union
from tfgradlint.flow.values.objects import HOLDS, LibraryObject


def nodes_of(value: Value, limit: int = 400) -> list[Node]:
    """The nodes of all values inside ``value``: elements of containers too, at most ``limit``."""
    found: list[Node] = []
    seen: set[int] = set()
    stack: list[Any] = [value]
    while stack and len(found) < limit:
        item = stack.pop()
        if isinstance(item, (GraphValue, Variable)):
            found.append(item.node)
            continue
        if isinstance(item, Const) or id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Items):
            stack.extend(reversed(item.items))
        elif isinstance(item, Repeated):
            stack.append(item.element)
        elif isinstance(item, (ListObject, DictObject)):
            stack.append(item.fields["content"])
        elif isinstance(item, DictContent):
            stack.extend(item.entries.values())
            if item.rest is not None:
                stack.append(item.rest)
        elif isinstance(item, Union):
            stack.extend(item.values)
        elif isinstance(item, Slice):
            stack.extend(item.parts)
        elif isinstance(item, LibraryObject) and HOLDS in item.fields:
            stack.append(item.fields[HOLDS])
    return found
