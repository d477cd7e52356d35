"""Iteration over values."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import LEAF, Edge, Effect, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.iterators import Iterators
from tfgradlint.flow.values.base import (
    Array,
    Const,
    GraphValue,
    HostObject,
    Scalar,
    Tensor,
    Unknown,
    UnknownMember,
    Value,
    Variable,
)
from tfgradlint.flow.values.containers import (
    Deferred,
    DictContent,
    DictObject,
    Items,
    ListObject,
    Repeated,
    Union,
)
from tfgradlint.flow.values.functions import Method
from tfgradlint.flow.values.objects import Class, Instance, LibraryObject
from tfgradlint.flow.values.walk import fold, known_tuple, nodes_of, rebuilt


class Iteration:
    """Runs through iterables: each element of an iterator once, those of anything else as often as it is asked."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        #: Generators that are being run through.
        self._forcing: list[Deferred] = []
        self._iterators = Iterators(interp)
        self.once = self._iterators.once
        self.take = self._iterators.take
        self.forget_position = self._iterators.forget_position
        self.knows = self._iterators.knows

    def iterate(self, value: Value, unpacking: int = 0, ordered: bool = True) -> Items | Repeated:
        """The elements of an iterable; those of an iterator are gone then.

        ``ordered``: where it matters in which order they come, which nobody knows of a set.
        """
        content = self._iterators.rest(value) if self._iterators.knows(value) else self.elements(value, unpacking)
        if ordered and content.type == "set" and isinstance(content, Items) and len(content.items) > 1:
            return Repeated(self._interp.join(list(content.items)), "set")
        return content

    def elements(self, value: Value, unpacking: int = 0) -> Items | Repeated:
        """The elements of an iterable, as it was made."""
        interp = self._interp
        if isinstance(value, Deferred):
            if value in self._forcing:
                return Repeated(interp.unknown(origins.GENERATOR))
            self._forcing.append(value)
            try:
                return self.iterate(value.force(), unpacking, ordered=False)
            finally:
                self._forcing.pop()
        if isinstance(value, ListObject):
            value = value.fields["content"]
        if isinstance(value, (Items, Repeated)):
            return value
        if isinstance(value, Instance):
            return self._instance_elements(value)
        if isinstance(value, Class):
            listed = interp.libraries.elements(interp, value)
            return listed if listed is not None else Repeated(interp.unknown(origins.ELEMENT))
        if isinstance(value, LibraryObject):
            element = interp.libraries.operator(interp, "__iter__", [value])
            return Repeated(element if element is not None else interp.unknown(origins.ELEMENT, value))
        if isinstance(value, DictObject):
            content: DictContent = value.fields["content"]
            if content.complete:
                return Items(tuple(Const(key) for key in content.entries))
            return Repeated(interp.unknown(origins.ELEMENT))
        if isinstance(value, Const) and isinstance(value.value, str):
            return Items(tuple(Const(each) for each in value.value[:64]))
        if isinstance(value, Union):
            parts: list[Value] = [
                _unnamed(self.iterate(each, ordered=False)) for each in value.values if not isinstance(each, Const)
            ]
            return interp.join(parts) if parts else Repeated(interp.unknown(origins.ELEMENT))  # type: ignore[return-value]
        if isinstance(value, (Tensor, Variable, Unknown, Array)):
            element = self._interp.elements.element_of(value, Scalar(interp.recorder.leaf(), "int"))
            if isinstance(value, Unknown) and isinstance(element, Unknown):
                element = interp.unknown(origins.element_of(value.node.origin), value)
            if unpacking:
                return Items((element, *(self.another(element) for _ in range(unpacking - 1))))
            return Repeated(element)
        if isinstance(value, (Scalar, Const)):
            edges = [Edge(node, Effect.PLAIN) for node in nodes_of(value)]
            return Repeated(
                Scalar(interp.recorder.plain(edges), value.element_type if isinstance(value, Scalar) else "")
            )
        return Repeated(interp.unknown(origins.ELEMENT, value))

    def _instance_elements(self, value: Instance) -> Items | Repeated:
        interp = self._interp
        function = interp.attributes.of_object(value, "__iter__")
        if function is not None and not interp.attributes.hooked(value.cls):
            iterator = interp.calls.call(Method(function, value), [], {})
            if not isinstance(iterator, Instance):
                return self.iterate(iterator, ordered=False)
        known = interp.libraries.elements(interp, value)
        return known if known is not None else Repeated(interp.unknown(origins.ELEMENT, value))

    def another(self, value: Value) -> Value:
        """A further element of the same kind: a different object with the same history."""
        return fold(value, known_tuple, self._another, rebuilt)

    def _another(self, value: Value) -> Value:
        if isinstance(value, Items):
            return self._interp.unknown(origins.ANOTHER_OF_MANY, value)
        if isinstance(value, GraphValue):
            old = value.node
            recorder = self._interp.recorder
            if old.kind == LEAF:
                node = recorder.leaf(old.dtype)
            else:
                node = Node(old.kind, recorder.now(), old.site, old.edges, old.dtype, old.active)
                node.recorded, node.stopped, node.origin = old.recorded, old.stopped, old.origin
                node.joint, node.sparse = old.joint, old.sparse
            if isinstance(value, Scalar):
                return Scalar(node, value.type)
            if isinstance(value, UnknownMember):
                return Unknown(node)
            if isinstance(value, HostObject):
                return HostObject(node, value.path)
            return type(value)(node)
        return value


def _unnamed(content: Items | Repeated) -> Items | Repeated:
    """A named tuple as a sequence like any other."""
    return Items(content.items, content.type) if isinstance(content, Items) and content.fields else content
