"""What requests gave back: of each gradient in the program, with respect to what it was taken."""

from __future__ import annotations

from collections.abc import Iterable

from tfgradlint.flow.graph.nodes import OPAQUE, Node
from tfgradlint.flow.graph.origins import Kind
from tfgradlint.flow.values.base import Tensor, Unknown, Value
from tfgradlint.flow.values.walk import nodes_of

#: A source, and all sources that were asked for together with it.
Asked = tuple[Value, tuple[Value, ...]]


class RequestedGradients:
    """The gradients that requests gave."""

    def __init__(self) -> None:
        self._sources: dict[Node, Asked] = {}
        self._together: tuple[Value, ...] = ()
        self._asked_nothing = False
        #: Whether any request came out as None.
        self.gave_none = False

    def begin(self, sources: Iterable[Value]) -> None:
        """A request for these sources was made."""
        self._together = tuple(sources)
        self._asked_nothing = self._asked_nothing or not self._together

    def record(self, gradient: Node, source: Value) -> None:
        """The latest request gave this gradient with respect to ``source``."""
        self._sources[gradient] = (source, self._together)

    def filtered(self) -> bool:
        """Whether a list without gradients may well be what was left when None was taken out."""
        return self.gave_none and not self._asked_nothing

    def is_gradient(self, value: Value) -> bool:
        """Whether a value is what a request gave, or an element of it."""
        if not isinstance(value, (Tensor, Unknown)):
            return False
        node = value.node
        while node not in self._sources and _element(node):
            if len(node.edges) != 1:
                return False
            node = node.edges[0].node
        return node in self._sources

    def sources_of(self, value: Value) -> list[Asked] | None:
        """With respect to what a value holds gradients; None where something on the way is not known."""
        found: dict[int, Asked] = {}
        seen = set(nodes_of(value))
        stack = list(seen)
        while stack:
            node = stack.pop()
            asked = self._sources.get(node)
            if asked is not None:
                found[id(asked[0])] = asked
                continue
            if node.kind == OPAQUE and not _element(node):
                return None
            for edge in node.edges:
                if edge.node not in seen:
                    seen.add(edge.node)
                    stack.append(edge.node)
        return list(found.values())


def _element(node: Node) -> bool:
    """Whether it is one of the elements of something unknown."""
    return node.kind == OPAQUE and node.origin is not None and node.origin.kind is Kind.ELEMENT
