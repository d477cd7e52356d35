"""Elements of values, by an index or key."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Edge, Effect
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.comparing import looked_up
from tfgradlint.flow.python.container_methods import COUNTS, FACTORY
from tfgradlint.flow.python.escape import forget, forget_content
from tfgradlint.flow.python.identity import one_of_many, some_of_many
from tfgradlint.flow.values.base import (
    NONE,
    Array,
    Const,
    Scalar,
    Symbol,
    Tensor,
    Unknown,
    Value,
    Variable,
    hashable,
)
from tfgradlint.flow.values.containers import (
    DictContent,
    DictObject,
    Items,
    ListObject,
    Repeated,
    Slice,
    Union,
    as_key,
)
from tfgradlint.flow.values.functions import Method
from tfgradlint.flow.values.objects import AttributesOf, Class, Instance
from tfgradlint.flow.values.walk import nodes_of

_NOT_CONSTANT: Any = object()


class Elements:
    """Reads, sets and deletes elements."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def get(self, receiver: Value, index: Value) -> Value:
        """``receiver[index]``."""
        interp = self._interp
        if isinstance(receiver, ListObject):
            content = receiver.fields["content"]
            picked = self._pick(content, index)
            return ListObject(picked) if isinstance(index, Slice) and isinstance(picked, (Items, Repeated)) else picked
        if isinstance(receiver, (Items, Repeated)):
            return self._pick(receiver, index)
        if isinstance(receiver, DictObject):
            return self._entry(receiver, index)
        if isinstance(receiver, AttributesOf):
            return interp.attributes.own.get(receiver, index)
        if isinstance(receiver, Union):
            return interp.join([self.get(each, index) for each in receiver.values if not isinstance(each, Const)])
        if isinstance(receiver, (Class, Symbol)):
            found = interp.libraries.class_element(receiver, index)
            return found if found is not None else interp.unknown(origins.ELEMENT)
        if isinstance(receiver, Instance):
            function = interp.attributes.of_object(receiver, "__getitem__")
            if function is not None:
                return interp.calls.call(Method(function, receiver), [index], {})
            missing = interp.attributes.of_object(receiver, "__missing__")
            if missing is not None:  # a dictionary, which calls it for a key that it has not
                return interp.calls.call(interp.unknown(origins.ELEMENT), [Method(missing, receiver), index], {})
            content = interp.libraries.elements(interp, receiver)
            return self._pick(content, index) if content is not None else interp.unknown(origins.ELEMENT, receiver)
        if isinstance(receiver, Unknown) and isinstance(index, Const) and not isinstance(index.value, float):
            known = interp.attributes.members_of(receiver.node)
            interp.recorder.look_into([receiver.node])
            key = ("[]", index.value)
            value = known.fields.get(key)
            if value is None:
                if isinstance(index.value, str):
                    value = interp.unknown(origins.ELEMENT, receiver)
                else:
                    value = self.element_of(receiver, index)
                interp.state.set(known, key, value)
            result: Value = value
            return result
        return self.element_of(receiver, index)

    def element_of(self, receiver: Value, index: Value) -> Value:
        interp = self._interp
        if isinstance(receiver, Const) and isinstance(receiver.value, str):
            part = _part_of_text(receiver.value, index)
            if part is not None:
                return Const(part)
        if isinstance(receiver, (Array, Scalar)) or (isinstance(receiver, Const) and receiver.value is not None):
            edges = [Edge(node, Effect.PLAIN) for node in (*nodes_of(receiver), *nodes_of(index))]
            node = interp.recorder.op(edges, receiver.node.dtype if isinstance(receiver, Array) else None)
            if isinstance(receiver, Array):
                return Array(node, receiver.exact)
            if isinstance(index, Slice):
                return Scalar(node, receiver.type if isinstance(receiver, Scalar) else type(receiver.value).__name__)
            return Scalar(node, receiver.element_type if isinstance(receiver, Scalar) else "")
        if isinstance(receiver, (Tensor, Variable, Unknown)):
            found = interp.libraries.operator(interp, "__getitem__", [receiver, index])
            if found is not None:
                return found
        return interp.unknown(origins.ELEMENT, receiver)

    def _pick(self, content: Items | Repeated, index: Value) -> Value:
        interp = self._interp
        if isinstance(content, Repeated):
            picked = one_of_many(interp, content.element, content, index)
            return Repeated(picked, content.type) if isinstance(index, Slice) else picked
        if isinstance(index, Const) and isinstance(index.value, int):
            if -len(content.items) <= index.value < len(content.items):
                return content.items[index.value]
            return interp.unknown(origins.INDEX_OUT_OF_RANGE)
        if isinstance(index, Slice):
            bounds = [part.value if isinstance(part, Const) else _NOT_CONSTANT for part in index.parts]
            if _NOT_CONSTANT not in bounds:
                try:
                    return Items(content.items[slice(*bounds)], content.type)
                except (TypeError, ValueError):
                    return interp.unknown(origins.SLICE)
            return Repeated(interp.state.element(content), content.type)
        return interp.state.element(content)

    def _entry(self, receiver: DictObject, index: Value) -> Value:
        interp = self._interp
        looked_up(interp, index, receiver)
        index = as_key(index)
        content: DictContent = receiver.fields["content"]
        factory = receiver.fields.get(FACTORY)
        if isinstance(index, Const) and index.value in content.entries:
            found = content.entries[index.value]
            if factory is None or index.value not in content.maybe:
                return found
            found = interp.join([found, interp.calls.call(factory, [], {})])
            if not receiver.fields.get(COUNTS):
                self.set(receiver, index, found)
            return found
        if factory is not None and content.rest is None:
            made = interp.calls.call(factory, [], {})
            if isinstance(index, Const) and receiver.fields.get(COUNTS):
                return made
            if isinstance(index, Const) and hashable(index.value):
                self.set(receiver, index, made)
                return made
            content = DictContent(content.entries, made, content.maybe)
            interp.state.set(receiver, "content", content)
        candidates = [] if isinstance(index, Const) else list(content.entries.values())
        if content.rest is not None:
            candidates.append(one_of_many(interp, content.rest, content, index))
        return interp.join(candidates) if candidates else interp.unknown(origins.MISSING_KEY)

    def peek(self, receiver: Value, index: Value) -> Value | None:
        """The element that is about to be replaced, where it is known."""
        if isinstance(receiver, ListObject) and isinstance(index, Const):
            content = receiver.fields["content"]
            place = _place(content, index)
            if place is not None:
                return content.items[place]  # type: ignore[no-any-return]
        if isinstance(receiver, DictObject) and isinstance(index := as_key(index), Const):
            value: Value | None = receiver.fields["content"].entries.get(index.value)
            return value
        return None

    def set(self, receiver: Value, index: Value, value: Value) -> None:
        interp = self._interp
        if isinstance(receiver, ListObject):
            content = receiver.fields["content"]
            place = _place(content, index)
            if place is not None:
                items = list(content.items)
                items[place] = value
                content = Items(tuple(items), content.type)
            elif isinstance(content, Items) and not isinstance(index, Slice):
                content = Items(tuple(interp.join([item, value]) for item in content.items), content.type)
            elif isinstance(index, Slice) and (spliced := self._spliced(content, index, value)) is not None:
                content = spliced
            elif isinstance(index, Slice):
                content = Repeated(interp.join([interp.state.element(content), interp.unknown(origins.SLICE, value)]))
            else:
                content = Repeated(interp.join([content.element, value]), content.type)
            interp.state.set(receiver, "content", content)
        elif isinstance(receiver, DictObject):
            looked_up(interp, index, receiver, kept=True)
            index = as_key(index)
            content = receiver.fields["content"]
            if isinstance(index, Const) and hashable(index.value):
                maybe = content.maybe - {index.value} if content.maybe else content.maybe
                content = DictContent({**content.entries, index.value: value}, content.rest, maybe)
            else:
                entries = {key: interp.join([old, value]) for key, old in content.entries.items()}
                rest = value if content.rest is None else interp.join([content.rest, value])
                content = DictContent(entries, rest, content.maybe)
            interp.state.set(receiver, "content", content)
            interp.libraries.put_into(interp, receiver, value)
        elif isinstance(receiver, AttributesOf):
            interp.attributes.own.set(receiver, index, value)
        elif isinstance(receiver, Unknown):
            interp.unseen.kept[receiver.node].update(nodes_of(value))
            forget(interp, receiver, (value,))
            known = interp.attributes.members_of(receiver.node)
            if isinstance(index, Const) and hashable(index.value):
                interp.state.set(known, ("[]", index.value), value)
            else:
                for key in [key for key in known.fields if isinstance(key, tuple)]:
                    interp.state.delete(known, key)
        elif isinstance(receiver, (Instance, Union)):
            self._perhaps_of_a_class(receiver, "__setitem__", [index, value])
        elif isinstance(receiver, Array):
            # The array now also holds what was put in: a detour if that was a tensor.
            interp.libraries.operator(interp, "__setitem__", [receiver, index, value])

    def delete(self, receiver: Value, index: Value) -> None:
        interp = self._interp
        if isinstance(receiver, DictObject):
            looked_up(interp, index, receiver)
            index = as_key(index)
            content = receiver.fields["content"]
            if isinstance(index, Const):
                entries = {key: value for key, value in content.entries.items() if key != index.value}
                maybe = content.maybe - {index.value}
            else:
                entries, maybe = content.entries, frozenset(content.entries)
            interp.state.set(receiver, "content", DictContent(entries, content.rest, maybe))
        elif isinstance(receiver, ListObject):
            content = receiver.fields["content"]
            place = _place(content, index)
            if place is not None:
                items = list(content.items)
                del items[place]
                interp.state.set(receiver, "content", Items(tuple(items), content.type))
                return
            interp.state.set(receiver, "content", some_of_many(interp, content))
        elif isinstance(receiver, AttributesOf):
            interp.attributes.own.delete(receiver, index)
        elif isinstance(receiver, Unknown):
            known = interp.attributes.members_of(receiver.node)
            for key in [key for key in known.fields if isinstance(key, tuple)]:
                interp.state.delete(known, key)
        elif isinstance(receiver, (Instance, Union)):
            self._perhaps_of_a_class(receiver, "__delitem__", [index])

    def _spliced(self, content: Value, index: Slice, value: Value) -> Items | None:
        """A list's content with others in the place of a part of it, where all of them and the place are known."""
        bounds = [part.value for part in index.parts if isinstance(part, Const)]
        put = value.structure
        if not isinstance(content, Items) or not isinstance(put, Items) or len(bounds) < len(index.parts):
            return None
        if put.type == "set" and len(put.items) > 1:
            return None  # in which order they come is not known
        items = list(content.items)
        try:
            items[slice(*bounds)] = put.items
        except (TypeError, ValueError):
            return None
        return Items(tuple(items), content.type)

    def _perhaps_of_a_class(self, receiver: Instance | Union, name: str, args: list[Value]) -> None:
        """Set or delete an element of an object of the module, or of one of several values."""
        if isinstance(receiver, Union):
            changed = [each for each in receiver.values if not isinstance(each, Const)]
            self._interp.calls.any_of(changed, lambda each: self._changed(each, name, args))
            return
        function = self._interp.attributes.of_object(receiver, name)
        if function is not None:
            self._interp.calls.call(Method(function, receiver), args, {})
        elif "__class__" in receiver.fields or any(not isinstance(base, Class) for base in receiver.cls.lineage()):
            forget_content(self._interp, receiver, *args)

    def _changed(self, receiver: Value, name: str, args: list[Value]) -> Value:
        if name == "__setitem__":
            self.set(receiver, *args)
        else:
            self.delete(receiver, *args)
        return NONE


def _place(content: Value, index: Value) -> int | None:
    """Where an element of a sequence of known length stands."""
    if isinstance(content, Items) and isinstance(index, Const) and isinstance(index.value, int):
        return index.value if -len(content.items) <= index.value < len(content.items) else None
    return None


def _part_of_text(text: str, index: Value) -> str | None:
    """A character of a text, or a piece of it; None where it is not known."""
    parts = index.parts if isinstance(index, Slice) else (index,)
    bounds = [part.value for part in parts if isinstance(part, Const)]
    try:
        known = len(bounds) == len(parts)
        return text[slice(*bounds) if isinstance(index, Slice) else bounds[0]] if known else None
    except (IndexError, TypeError, ValueError):
        return None
