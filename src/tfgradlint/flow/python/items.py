"""Attributes, elements and iteration of values."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import LEAF, Edge, Effect, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.container_methods import COUNTS, FACTORY
from tfgradlint.flow.python.entry_points import trivial
from tfgradlint.flow.python.iterators import Iterators
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import (
    NONE,
    Array,
    Cell,
    Const,
    GraphValue,
    HostObject,
    Member,
    Scalar,
    Symbol,
    Tensor,
    Unknown,
    UnknownMember,
    Value,
    Variable,
    hashable,
)
from tfgradlint.flow.values.containers import (
    Deferred,
    DictContent,
    DictObject,
    Items,
    ListObject,
    Repeated,
    Slice,
    Union,
)
from tfgradlint.flow.values.functions import Descriptor, Function, Method, NativeFunction, Super
from tfgradlint.flow.values.notes import Gathered, Note
from tfgradlint.flow.values.objects import Class, Instance, Layer, LibraryObject
from tfgradlint.flow.values.walk import fold, known_tuple, nodes_of, rebuilt

#: Methods that change what it means to make an object or to reach its attributes.
_HOOKS = ("__new__", "__setattr__", "__getattr__", "__getattribute__", "__delattr__")
#: Of an object: the methods that do nothing any more, as they have been called once.
_DONE: Note[Gathered[int]] = Note("done once")


class Objects:
    """What values have: attributes and elements."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        #: What is known of unknown objects: the same attribute is the same value until it is assigned.
        self._members: dict[Node, Cell] = {}
        #: Generators that are being run through.
        self._forcing: list[Deferred] = []
        self._iterators = Iterators(interp)
        self.once = self._iterators.once
        self.take = self._iterators.take
        self.blur = self._iterators.blur
        self.knows = self._iterators.knows
        #: The attributes of functions, by their text and the scope they are closed over.
        self._of_functions: dict[tuple[int, int], tuple[Function, Cell]] = {}
        #: Members of library modules that the program replaced.
        self._replaced = Cell()

    # -- attributes

    def attribute(self, receiver: Value, name: str) -> Value:
        """``receiver.name``."""
        interp = self._interp
        if isinstance(receiver, Symbol):
            path = f"{receiver.path}.{name}"
            if path in self._replaced.fields:
                value: Value = self._replaced.fields[path]
                return value
            found = interp.libraries.attribute(interp, receiver, name)
            return found if found is not None else interp.unknown(origins.name_in_library(path))
        if name == "__dict__" and isinstance(receiver, (Instance, LibraryObject, Class)):
            return self._laid_open(receiver)
        if isinstance(receiver, Instance):
            return self._instance_attribute(receiver, name)
        if isinstance(receiver, Function):
            known = self._function(receiver).fields.get(name)
            return known if known is not None else interp.unknown(origins.attribute(name))
        if isinstance(receiver, Unknown):
            return self._unknown_attribute(receiver, name)
        if isinstance(receiver, Class):
            found = self.class_attribute(receiver, name)
            if isinstance(found, Descriptor):
                return Method(found.function, receiver) if found.kind == "classmethod" else found.function
            return found if found is not None else interp.unknown(origins.CLASS_ATTRIBUTE)
        if isinstance(receiver, Union):
            return interp.join(
                [self.attribute(each, name) for each in receiver.values if not isinstance(each, Const)]
                or [interp.unknown(origins.ATTRIBUTE)]
            )
        if isinstance(receiver, Items) and name in receiver.fields:
            return receiver.items[receiver.fields.index(name)]
        if isinstance(receiver, Super):
            return self._super_attribute(receiver, name)
        if isinstance(receiver, (Tape, ListObject, DictObject, Items, Repeated)):
            return Member(receiver, name)
        if isinstance(receiver, LibraryObject) and name in receiver.fields:
            set_before: Value = receiver.fields[name]
            return set_before
        found = interp.libraries.attribute(interp, receiver, name)
        return found if found is not None else Member(receiver, name)

    def class_attribute(self, cls: Class, name: str) -> Value | None:
        """The attribute a class or one of its bases in the module gives, or None."""
        for each in cls.lineage():
            if isinstance(each, Class) and name in each.fields:
                found: Value = each.fields[name]
                return found
        return None

    def _laid_open(self, receiver: Cell) -> Value:
        """An object's dictionary is in somebody's hands: its attributes may become anything."""
        interp = self._interp
        for name in list(receiver.fields):
            if isinstance(name, str):
                interp.state.set(receiver, name, interp.unknown(origins.LAID_OPEN))
        return interp.unknown(origins.LAID_OPEN)

    def _function(self, function: Function) -> Cell:
        key = (id(function.node), id(function.scope))
        known = self._of_functions.setdefault(key, (function, Cell()))
        return known[1]

    def _instance_attribute(self, receiver: Instance, name: str) -> Value:
        if name == "__class__" and not receiver.open:
            return receiver.cls
        if name in receiver.fields:
            value: Value = receiver.fields[name]
            return value
        if self.hooked(receiver.cls):
            return self._interp.unknown(origins.CLASS_WITH_HOOKS, receiver)
        found = self.class_attribute(receiver.cls, name)
        if found is None:
            made = self._interp.libraries.attribute(self._interp, receiver, name)
            if made is not None:
                return made
            unknown = self._interp.unknown(origins.ATTRIBUTE)
            value = UnknownMember(unknown.node, receiver, name)
            self._interp.state.set(receiver, name, value)
            return value
        if isinstance(found, Function):
            if receiver.open and self._replaceable(receiver, found):
                return self._interp.unknown(origins.DERIVED_METHOD)
            return Method(found, receiver)
        if isinstance(found, Descriptor):
            if found.kind == "cached":
                value = self._interp.calls.call(found.function, [receiver], {})
                self._interp.state.set(receiver, name, value)
                return value
            if found.kind == "property":
                return self._interp.calls.call(found.function, [receiver], {})
            if found.kind == "classmethod":
                return Method(found.function, receiver.cls)
            if found.kind == "once":
                function = found.function
                return NativeFunction(name, lambda args, kwargs: self._once(function, receiver, args, kwargs))
            return found.function
        if isinstance(found, Instance) and self.class_attribute(found.cls, "__get__") is not None:
            return self._interp.unknown(origins.DESCRIPTOR, receiver)
        return found

    def _once(self, function: Value, receiver: Instance, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """A method that does nothing but the first time it is called on an object."""
        done = _DONE.of(receiver) or ()
        if id(function) not in done:
            _DONE.put(self._interp.state, receiver, Gathered((*done, id(function))))
            self._interp.calls.call(Method(function, receiver), args, kwargs)
        return NONE

    def hooked(self, cls: Class) -> bool:
        """Whether the class changes what it means to make its objects or to reach their attributes."""
        if any(each.customised for each in cls.lineage() if isinstance(each, Class)):
            return True
        return any(self.class_attribute(cls, name) is not None for name in _HOOKS)

    def _replaceable(self, receiver: Instance, function: Function) -> bool:
        """Whether the object's own class may well define the method anew."""
        outline = self._interp.prescan
        return outline.overridden(receiver.cls.name, function.name) or trivial(function.node)

    def _super_attribute(self, receiver: Super, name: str) -> Value:
        interp = self._interp
        of = receiver.receiver.cls if isinstance(receiver.receiver, Instance) else receiver.receiver
        order = list(of.lineage()) if isinstance(of, Class) else []
        behind = order[order.index(receiver.cls) + 1 :] if receiver.cls in order else list(receiver.cls.lineage())[1:]
        for base in behind:
            found = base.fields.get(name) if isinstance(base, Class) else None
            if isinstance(found, Descriptor):
                if found.kind in ("property", "cached"):
                    return interp.calls.call(found.function, [receiver.receiver], {})
                if found.kind == "classmethod" and isinstance(of, Class):
                    return Method(found.function, of)
                if found.kind == "staticmethod":
                    return found.function
                found = found.function
            if found is not None:
                return Method(found, receiver.receiver)
        if name == "__init__":
            return NativeFunction(
                "super().__init__", lambda args, kwargs: self._initialised(receiver.receiver, args, kwargs)
            )
        inherited = interp.libraries.attribute(interp, receiver.receiver, name)
        if isinstance(inherited, Member) and name != "build":
            return inherited
        return NativeFunction(
            f"super().{name}", lambda args, kwargs: interp.unknown(origins.returned_by(f"super().{name}"), *args)
        )

    def _initialised(self, receiver: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        self._interp.libraries.initialise(self._interp, receiver, args, kwargs)
        return NONE

    def _unknown_attribute(self, receiver: Unknown, name: str) -> Value:
        known = self._known(receiver.node)
        value = known.fields.get(name)
        if value is None:
            found = self._interp.libraries.attribute(self._interp, receiver, name)
            if found is None:
                origin = receiver.node.origin
                if origin is not origins.PARAMETER and origin is not origins.IMPORT:
                    origin = origins.attribute(name)
                node = self._interp.recorder.opaque(origin, [Edge(receiver.node, Effect.UNKNOWN)])
                found = UnknownMember(node, receiver, name)
            self._interp.state.set(known, name, found)
            value = found
        result: Value = value
        return result

    def _known(self, node: Node) -> Cell:
        known = self._members.get(node)
        if known is None:
            known = self._members[node] = Cell()
        return known

    def set_attribute(self, receiver: Value, name: str, value: Value) -> None:
        interp = self._interp
        if len(interp.prescan.private[name]) > 1:
            # Two classes have an attribute of this name, each its own.
            value = interp.unknown(origins.PRIVATE_ATTRIBUTE, value)
        if interp.libraries.set_attribute(interp, receiver, name, value):
            return
        found = self.class_attribute(receiver.cls, name) if isinstance(receiver, Instance) else None
        if isinstance(found, Descriptor) and found.kind == "property":
            if found.setter is not None:
                interp.calls.call(found.setter, [receiver, value], {})
        elif isinstance(found, Instance) and self.class_attribute(found.cls, "__set__") is not None:
            pass
        elif isinstance(receiver, (Instance, Class, LibraryObject)):
            interp.state.set(receiver, name, value)
        elif isinstance(receiver, Function):
            interp.state.set(self._function(receiver), name, value)
        elif isinstance(receiver, Symbol):
            interp.state.set(self._replaced, f"{receiver.path}.{name}", value)
        elif isinstance(receiver, Tape):
            interp.state.set(receiver, "blurred", True)
        elif isinstance(receiver, Layer):
            interp.state.set(receiver, name, value if name != "trainable" else value.truth())
        elif isinstance(receiver, Unknown):
            # What an unknown class makes of an assignment is its own affair.
            interp.state.set(self._known(receiver.node), name, interp.unknown(origins.ASSIGNED_ATTRIBUTE, value))
        elif isinstance(receiver, Union):
            for each in receiver.values:
                interp.libraries.escaped(interp, each)
                if isinstance(each, (Instance, Unknown)):
                    self.set_attribute(each, name, interp.unknown(origins.ATTRIBUTE))

    # -- elements

    def subscript(self, receiver: Value, index: Value) -> Value:
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
        if isinstance(receiver, Union):
            return interp.join([self.subscript(each, index) for each in receiver.values if not isinstance(each, Const)])
        if isinstance(receiver, Class):
            found = interp.libraries.class_element(receiver, index)
            return found if found is not None else interp.unknown(origins.ELEMENT)
        if isinstance(receiver, Instance):
            function = self.class_attribute(receiver.cls, "__getitem__")
            if function is not None:
                return interp.calls.call(Method(function, receiver), [index], {})
            content = interp.libraries.elements(interp, receiver)
            return self._pick(content, index) if content is not None else interp.unknown(origins.ELEMENT, receiver)
        if isinstance(receiver, Unknown) and isinstance(index, Const) and not isinstance(index.value, float):
            known = self._known(receiver.node)
            key = ("[]", index.value)
            value = known.fields.get(key)
            if value is None:
                if isinstance(index.value, str):
                    value = interp.unknown(origins.ELEMENT, receiver)
                else:
                    value = self._element_of(receiver, index)
                interp.state.set(known, key, value)
            result: Value = value
            return result
        return self._element_of(receiver, index)

    def _element_of(self, receiver: Value, index: Value) -> Value:
        interp = self._interp
        if isinstance(receiver, (Array, Scalar)) or (isinstance(receiver, Const) and receiver.value is not None):
            edges = [Edge(node, Effect.PLAIN) for node in (*nodes_of(receiver), *nodes_of(index))]
            node = interp.recorder.op(edges, receiver.node.dtype if isinstance(receiver, Array) else None)
            return Array(node, receiver.exact) if isinstance(receiver, Array) else Scalar(node)
        if isinstance(receiver, (Tensor, Variable, Unknown)):
            found = interp.libraries.operator(interp, "__getitem__", [receiver, index])
            if found is not None:
                return found
        return interp.unknown(origins.ELEMENT, receiver)

    def _pick(self, content: Items | Repeated, index: Value) -> Value:
        interp = self._interp
        if isinstance(content, Repeated):
            return content if isinstance(index, Slice) else content.element
        if isinstance(index, Const) and isinstance(index.value, int):
            if -len(content.items) <= index.value < len(content.items):
                return content.items[index.value]
            return interp.unknown(origins.INDEX_OUT_OF_RANGE)
        if isinstance(index, Slice):
            bounds = [part.value if isinstance(part, Const) else MISSING for part in index.parts]
            if MISSING not in bounds:
                try:
                    return Items(content.items[slice(*bounds)], content.type)
                except (TypeError, ValueError):
                    return interp.unknown(origins.SLICE)
            return Repeated(interp.state.element(content), content.type)
        return interp.state.element(content)

    def _entry(self, receiver: DictObject, index: Value) -> Value:
        interp = self._interp
        content: DictContent = receiver.fields["content"]
        if isinstance(index, Const) and index.value in content.entries:
            return content.entries[index.value]
        factory = receiver.fields.get(FACTORY)
        if factory is not None and content.rest is None:
            made = interp.calls.call(factory, [], {})
            if isinstance(index, Const) and receiver.fields.get(COUNTS):
                return made
            if isinstance(index, Const) and hashable(index.value):
                self.set_item(receiver, index, made)
                return made
            content = DictContent(content.entries, made)
            interp.state.set(receiver, "content", content)
        candidates = [] if isinstance(index, Const) else list(content.entries.values())
        if content.rest is not None:
            candidates.append(content.rest)
        return interp.join(candidates) if candidates else interp.unknown(origins.MISSING_KEY)

    def peek(self, receiver: Value, index: Value) -> Value | None:
        """The element that is about to be replaced, where it is known."""
        if isinstance(receiver, ListObject) and isinstance(index, Const):
            content = receiver.fields["content"]
            place = _place(content, index)
            if place is not None:
                return content.items[place]  # type: ignore[no-any-return]
        if isinstance(receiver, DictObject) and isinstance(index, Const):
            value: Value | None = receiver.fields["content"].entries.get(index.value)
            return value
        return None

    def set_item(self, receiver: Value, index: Value, value: Value) -> None:
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
            elif isinstance(index, Slice):
                content = Repeated(interp.join([interp.state.element(content), interp.unknown(origins.SLICE, value)]))
            else:
                content = Repeated(interp.join([content.element, value]), content.type)
            interp.state.set(receiver, "content", content)
        elif isinstance(receiver, DictObject):
            content = receiver.fields["content"]
            if isinstance(index, Const) and hashable(index.value):
                content = DictContent({**content.entries, index.value: value}, content.rest)
            else:
                entries = {key: interp.join([old, value]) for key, old in content.entries.items()}
                content = DictContent(entries, value if content.rest is None else interp.join([content.rest, value]))
            interp.state.set(receiver, "content", content)
        elif isinstance(receiver, Unknown):
            known = self._known(receiver.node)
            if isinstance(index, Const) and hashable(index.value):
                interp.state.set(known, ("[]", index.value), value)
            else:
                for key in [key for key in known.fields if isinstance(key, tuple)]:
                    interp.state.delete(known, key)
        elif isinstance(receiver, Array):
            # The array now also holds what was put in: a detour if that was a tensor.
            interp.libraries.operator(interp, "__setitem__", [receiver, index, value])

    def delete_item(self, receiver: Value, index: Value) -> None:
        interp = self._interp
        if isinstance(receiver, DictObject) and isinstance(index, Const):
            content = receiver.fields["content"]
            entries = {key: value for key, value in content.entries.items() if key != index.value}
            interp.state.set(receiver, "content", DictContent(entries, content.rest))
        elif isinstance(receiver, ListObject):
            content = receiver.fields["content"]
            place = _place(content, index)
            if place is not None:
                items = list(content.items)
                del items[place]
                interp.state.set(receiver, "content", Items(tuple(items), content.type))
                return
            interp.state.set(receiver, "content", Repeated(interp.state.element(content), content.type))

    # -- iteration

    def iterate(self, value: Value, unpacking: int = 0) -> Items | Repeated:
        """The elements of an iterable; those of an iterator are gone then."""
        if self._iterators.knows(value):
            return self._iterators.rest(value)
        return self.elements(value, unpacking)

    def elements(self, value: Value, unpacking: int = 0) -> Items | Repeated:
        """The elements of an iterable, as it was made."""
        interp = self._interp
        if isinstance(value, Deferred):
            if value in self._forcing:
                return Repeated(interp.unknown(origins.GENERATOR))
            self._forcing.append(value)
            try:
                return self.iterate(value.force(), unpacking)
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
            if content.rest is None:
                return Items(tuple(Const(key) for key in content.entries))
            return Repeated(Scalar(interp.recorder.leaf()))
        if isinstance(value, Const) and isinstance(value.value, str):
            return Items(tuple(Const(each) for each in value.value[:64]))
        if isinstance(value, Union):
            parts: list[Value] = [self.iterate(each) for each in value.values if not isinstance(each, Const)]
            return interp.join(parts) if parts else Repeated(interp.unknown(origins.ELEMENT))  # type: ignore[return-value]
        if isinstance(value, (Tensor, Variable, Unknown, Array)):
            element = self._element_of(value, Scalar(interp.recorder.leaf(), "int"))
            if isinstance(value, Unknown) and isinstance(element, Unknown):
                element = interp.unknown(origins.element_of(value.node.origin), value)
            if unpacking:
                return Items((element, *(self.another(element) for _ in range(unpacking - 1))))
            return Repeated(element)
        if isinstance(value, (Scalar, Const)):
            edges = [Edge(node, Effect.PLAIN) for node in nodes_of(value)]
            return Repeated(Scalar(interp.recorder.plain(edges)))
        return Repeated(interp.unknown(origins.ELEMENT, value))

    def _instance_elements(self, value: Instance) -> Items | Repeated:
        interp = self._interp
        function = self.class_attribute(value.cls, "__iter__")
        if function is not None and not self.hooked(value.cls):
            iterator = interp.calls.call(Method(function, value), [], {})
            if not isinstance(iterator, Instance):
                return self.iterate(iterator)
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


MISSING: Any = object()


def _place(content: Value, index: Value) -> int | None:
    """Where an element of a sequence of known length stands."""
    if isinstance(content, Items) and isinstance(index, Const) and isinstance(index.value, int):
        return index.value if -len(content.items) <= index.value < len(content.items) else None
    return None
