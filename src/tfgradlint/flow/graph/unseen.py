"""What a run knows of code that nobody sees: its calls, what these could get hold of, and what values are called.

It is noted down where it happens: later the state has moved on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from tfgradlint.flow.graph.nodes import Beyond, Node
from tfgradlint.flow.graph.origins import Kind

#: What a chain of attributes and elements is made of.
_PARTS = (Kind.PART, Kind.ELEMENT, Kind.OUTSIDE)


class Stateful(Protocol):
    """What the graph knows of an object of the program: its attributes."""

    fields: dict[Any, Any]


class UnseenCall(NamedTuple):
    """One call: ``callee`` is the node of what was called, where it has one; ``given`` those of its arguments.

    ``hides``: it could get hold of more than these lead to, by objects of the program; ``runs``: by functions of the
    program, which it may run.
    """

    callee: Node | None
    given: tuple[Node, ...]
    hides: bool
    runs: bool


class WeightList(NamedTuple):
    """A list of weights that is not known whole: those that are, and the ``models`` that hide others.

    ``parts``: unknown objects among what the model holds. They have weights, if they are called.
    """

    known: tuple[Node, ...]
    models: tuple[object, ...]
    parts: tuple[Node, ...]


class Unseen:
    """The calls of code that is not followed, and what the program does to the objects of others."""

    def __init__(self) -> None:
        #: Calls by the nodes of their results.
        self.calls: dict[Node, UnseenCall] = {}
        #: The results of calls by the objects they were made on: what was called, and what that was read from.
        self.on: dict[Node, list[Node]] = defaultdict(list)
        #: The same by what was given to them.
        self.given: dict[Node, list[Node]] = defaultdict(list)
        #: The names of attributes of unknown objects, and of values that come from outside.
        self.names: dict[Node, str] = {}
        #: Of what was imported: from which module.
        self.modules: dict[Node, str] = {}
        #: Unknown objects to whose attributes the program assigns.
        self.assigned: set[Node] = set()
        #: What the program assigned to them, or to an element of theirs.
        self.kept: dict[Node, set[Node]] = defaultdict(set)
        #: Any element of an unknown object that the program goes through.
        self.each: set[Node] = set()
        #: Attributes of objects of the program that it does not give them, with the objects: an unknown base may.
        self.inherited: dict[Node, Stateful] = {}
        #: Attributes of objects of libraries that hold nothing of the program's.
        self.apart: set[Node] = set()
        #: What models of the program gave that hold something nobody sees, with the model.
        self.models: dict[Node, object] = {}
        #: Lists of weights that are not known whole.
        self.weights: dict[Node, WeightList] = {}
        #: Unknown objects that are used as only models of Keras are.
        self.keras: set[Node] = set()

    def called(self, result: Node, call: UnseenCall) -> None:
        """A call has given this result."""
        self.calls[result] = call
        if call.callee is not None:
            for node in chain(call.callee):
                self.on[node].append(result)
        for node in call.given:
            self.given[node].append(result)


def chain(node: Node) -> Iterator[Node]:
    """A value from outside, what it was read from as an attribute or element, what that was, and so on."""
    seen = 0
    while not isinstance(node, Beyond) and seen < _CHAIN:
        yield node
        if node.origin is None or node.origin.kind not in _PARTS or len(node.edges) != 1:
            return
        node = node.edges[0].node
        seen += 1


#: Nobody writes down more dots.
_CHAIN = 20


def module_of(unseen: Unseen, nodes: Iterable[Node]) -> str:
    """The module that a chain begins in, or ""."""
    return next((unseen.modules[node] for node in nodes if node in unseen.modules), "")
