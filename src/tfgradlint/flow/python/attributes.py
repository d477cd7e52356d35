"""Attributes of values."""

from __future__ import annotations

from types import NoneType
from typing import TypeGuard

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Edge, Effect, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.modules import Module
from tfgradlint.flow.python.entry_points import must_be_overridden, trivial
from tfgradlint.flow.python.escape import STAYS, forget, forget_content, not_followed
from tfgradlint.flow.python.own_attributes import OwnAttributes
from tfgradlint.flow.python.places import Named
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import (
    NONE,
    Cell,
    Const,
    Member,
    Symbol,
    Tensor,
    Unknown,
    UnknownMember,
    Value,
)
from tfgradlint.flow.values.containers import (
    Container,
    DictObject,
    Items,
    ListObject,
    Repeated,
    Union,
)
from tfgradlint.flow.values.functions import Descriptor, Function, Method, NativeFunction, Super
from tfgradlint.flow.values.notes import Gathered, Note
from tfgradlint.flow.values.objects import (
    OPENED,
    OWN_ATTRIBUTES,
    AttributesOf,
    Class,
    Instance,
    Layer,
    LibraryObject,
    Members,
)
from tfgradlint.flow.values.walk import nodes_of

#: Methods that change what it means to make an object or to reach its attributes.
_HOOKS = ("__new__", "__getattribute__", "__delattr__")
#: What arrays and tensors have and lists lack: it raises.
OF_ARRAYS = frozenset({"shape", "dtype", "ndim", "T", "numpy", "mean", "sum", "astype", "reshape", "assign"})
#: Of an object: the methods that do nothing any more, as they have been called once.
_DONE: Note[Gathered[int]] = Note("done once")


def of_unknown_base(cls: Class) -> bool:
    """Whether a class has a base of which nothing is known."""
    return any(isinstance(each, Unknown) for each in cls.lineage())


def _is_object(base: Value) -> bool:
    return isinstance(base, Symbol) and base.path == "builtins.object"


class Attributes:
    """Reads and sets attributes."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        #: What is known of unknown objects: the same attribute is the same value until it is assigned.
        self._members: dict[Node, Members] = {}
        #: The attributes of the latest function of each definition, by the identities of that and of its scope.
        self._latest: dict[tuple[int, int], Cell] = {}
        #: The names of what was assigned to classes that a library made, such as those of named tuples.
        self.of_callables: set[str] = set()
        self.own = OwnAttributes(interp, self._laid_open)
        #: Members of library modules that the program replaced.
        self._replaced = Named()

    def get(self, receiver: Value, name: str) -> Value:
        """``receiver.name``."""
        interp = self._interp
        if isinstance(receiver, Symbol):
            path = f"{receiver.path}.{name}"
            if path in self._replaced.fields:
                value: Value = self._replaced.fields[path]
                return value
            found = interp.libraries.attribute(interp, receiver, name)
            return found if found is not None else interp.unknown(origins.name_in_library(path))
        if name == "__dict__" and isinstance(receiver, (Instance, LibraryObject, Class, Module)):
            return AttributesOf(receiver) if self._keeps_its_own(receiver) else self._laid_open(receiver)
        if isinstance(receiver, AttributesOf):
            return self.own.method(receiver, name)
        if isinstance(receiver, Instance):
            return self._instance_attribute(receiver, name)
        if isinstance(receiver, Module):
            return interp.imports.get(receiver, name)
        function = receiver.function if isinstance(receiver, Method) else receiver
        if name == "get_concrete_function" and isinstance(function, Function) and function.graph:
            interp.traces.made_unseen(function)
        if isinstance(receiver, Function):
            if name == "cache_clear" and receiver.cached:
                return NativeFunction(name, lambda args, kwargs: interp.calls.clear_cache(receiver))
            known: Value | None = receiver.attributes.fields.get(name)
            return known if known is not None else interp.unknown(origins.attribute(name))
        if isinstance(receiver, Unknown):
            return self._unknown_attribute(receiver, name)
        if isinstance(receiver, Class):
            found = self.of_class(receiver, name)
            if isinstance(found, Descriptor):
                return Method(found.function, receiver) if found.kind == "classmethod" else found.function
            if isinstance(found, Instance) and self.of_class(found.cls, "__get__") is not None:
                return self._asked(found, NONE, receiver)
            found = found if found is not None else interp.libraries.attribute(interp, receiver, name)
            return found if found is not None else interp.unknown(origins.CLASS_ATTRIBUTE)
        if isinstance(receiver, Union):
            return interp.join(
                [self.get(each, name) for each in receiver.values if not isinstance(each, Const)]
                or [interp.unknown(origins.ATTRIBUTE)]
            )
        if isinstance(receiver, Items) and name in receiver.fields:
            return receiver.items[receiver.fields.index(name)]
        if isinstance(receiver, Super):
            return self._super_attribute(receiver, name)
        if isinstance(receiver, (Tape, ListObject, DictObject, Items, Repeated)):
            if name in OF_ARRAYS and isinstance(receiver, ListObject) and self._lacks(receiver, name):
                interp.raise_here(None, "AttributeError")
            return Member(receiver, name)
        if isinstance(receiver, LibraryObject) and name in receiver.fields:
            set_before: Value = receiver.fields[name]
            return set_before
        found = interp.libraries.attribute(interp, receiver, name)
        if found is not None:
            return found
        edges = [Edge(node, Effect.UNKNOWN) for node in nodes_of(receiver)]
        made = interp.recorder.opaque(origins.attribute(name), edges)
        if not edges and isinstance(receiver, LibraryObject):
            interp.unseen.apart.add(made)
        return Member(receiver, name, made)

    def made(self, function: Function) -> None:
        """A definition has run, and made this function."""
        self._latest[id(function.node), id(function.scope)] = function.attributes

    def _lacks(self, receiver: ListObject, name: str) -> bool:
        content = receiver.structure
        return isinstance(content, Items) and content.type == "list" and name not in self._interp.asked_for

    def of_class(self, cls: Class, name: str) -> Value | None:
        """The attribute a class or one of its bases in the module gives, or None.

        A base that is not known may give another to those behind it. ``__init__`` usually goes on to theirs.
        """
        for each in cls.lineage():
            if isinstance(each, Unknown) and name != "__init__":
                return None
            if isinstance(each, Class) and name in each.fields:
                found: Value = each.fields[name]
                return found
        return None

    def of_object(self, receiver: Instance, name: str) -> Value | None:
        """The method behind an operator; None also where the object has been made one of another class."""
        return None if "__class__" in receiver.fields else self.of_class(receiver.cls, name)

    def perhaps_replaced(self, args: list[Value], kwargs: dict[str, Value]) -> None:
        """A call that is not followed may put something else in the place of a library's function that it is told.

        It is told a module and the names of attributes, as ``mock.patch.object(tf, "cast")``, or a dotted name.
        """
        texts = [each.value for each in (*args, *kwargs.values()) if isinstance(each, Const)]
        names = [each for each in (*texts, *kwargs) if isinstance(each, str)]
        for each in (*args, *kwargs.values()):
            if isinstance(each, Symbol):
                for name in names:
                    self._forget_member(each, name)
        for text in names:
            module, dot, name = text.rpartition(".")
            if dot and all(part.isidentifier() for part in text.split(".")):
                named = self._interp.libraries.imported(module)
                if isinstance(named, Symbol):
                    self._forget_member(named, name)

    def _forget_member(self, module: Symbol, name: str) -> None:
        if name.isidentifier():
            path = f"{module.path}.{name}"
            self._interp.state.set(self._replaced, path, self._interp.unknown(origins.name_in_library(path)))

    def _keeps_its_own(self, receiver: Value) -> TypeGuard[Instance | LibraryObject]:
        """Whether the attributes of an object are those that the program gives it, and nobody is told of them."""
        if isinstance(receiver, Instance):
            return self.is_closed(receiver)
        return isinstance(receiver, LibraryObject) and OWN_ATTRIBUTES.of(receiver) is True

    def _laid_open(self, receiver: Value) -> Value:
        """An object's dictionary is in somebody's hands: its attributes may become anything."""
        interp = self._interp
        assert isinstance(receiver, Cell)
        if isinstance(receiver, Instance):
            forget_content(interp, receiver)
        for name in list(receiver.fields):
            if isinstance(name, str):
                interp.state.set(receiver, name, interp.unknown(origins.LAID_OPEN))
        return interp.unknown(origins.LAID_OPEN)

    def _perhaps_set(self, receiver: Value, name: str, value: Value) -> None:
        def assigned() -> bool:
            self.set(receiver, name, value)
            return True

        self._interp.alternatives([assigned, lambda: True])

    def _of_another_class(self, receiver: Instance, cls: Value) -> None:
        """The object is of another class from here on, with other methods and defaults."""
        interp = self._interp
        classes = [*receiver.cls.lineage(), *(cls.lineage() if isinstance(cls, Class) else ())]
        names = {name for each in classes if isinstance(each, Class) for name in each.fields if isinstance(name, str)}
        for name in sorted(names | {name for name in receiver.fields if isinstance(name, str)} | {"__class__"}):
            interp.state.set(receiver, name, interp.unknown(origins.CLASS_WITH_HOOKS, cls))
        interp.libraries.escaped(interp, receiver)

    def _instance_attribute(self, receiver: Instance, name: str) -> Value:
        if name in receiver.fields and not self._described(receiver.cls, name):
            value: Value = receiver.fields[name]
            if self._interp.state.perhaps_missing(receiver, name):
                found = self.of_class(receiver.cls, name)
                if found is None and self.of_class(receiver.cls, "__getattr__") is not None:
                    return self._interp.join([value, self._interp.unknown(origins.CLASS_WITH_HOOKS, receiver)])
                if found is not None and not isinstance(found, Descriptor):
                    return self._interp.join([value, Method(found, receiver) if isinstance(found, Function) else found])
            return value
        if name == "__class__" and not receiver.open:
            return receiver.cls
        if self.hooked(receiver.cls):
            return self._interp.unknown(origins.CLASS_WITH_HOOKS, receiver)
        found = self.of_class(receiver.cls, name)
        if found is None:
            made = self._interp.libraries.attribute(self._interp, receiver, name)
            if made is not None:
                return made
            answer = self.of_class(receiver.cls, "__getattr__")
            if answer is not None:
                if isinstance(answer, Function) and self.is_closed(receiver):
                    return self._interp.calls.call(Method(answer, receiver), [Const(name)], {})
                return self._interp.unknown(origins.CLASS_WITH_HOOKS, receiver)
            unknown = self._interp.unknown(origins.ATTRIBUTE)
            self._interp.unseen.inherited[unknown.node] = receiver
            value = UnknownMember(unknown.node, receiver, name)
            self._interp.state.set(receiver, name, value)
            return value
        if isinstance(found, Function):
            if receiver.open and self._replaceable(receiver, found):
                return self._interp.unknown(origins.DERIVED_METHOD)
            return Method(found, receiver)
        if isinstance(found, NativeFunction) and found.name == name and name.startswith("__"):
            return Method(found, receiver)  # one that a decorator of the class made
        if isinstance(found, Descriptor):
            made_by = found.function
            if receiver.open and isinstance(made_by, Function) and self._replaceable(receiver, made_by):
                return self._interp.unknown(origins.DERIVED_METHOD)
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
        if isinstance(found, Instance) and self.of_class(found.cls, "__get__") is not None:
            return self._asked(found, receiver, receiver.cls)
        if not isinstance(found, STAYS) and of_unknown_base(receiver.cls):
            # The base may have given the object an attribute of its own.
            other = self._interp.unknown(origins.ATTRIBUTE)
            self._interp.unseen.inherited[other.node] = receiver
            value = self._interp.join([found, other])
            self._interp.state.set(receiver, name, value)
            return value
        return found

    def is_closed(self, receiver: Instance) -> bool:
        """Whether an object has no other attributes than those that it certainly or perhaps was given."""
        lineage = list(receiver.cls.lineage())
        return (
            not receiver.open
            and "__class__" not in receiver.fields
            and not self.hooked(receiver.cls)
            and not any(OPENED.of(each) for each in (receiver, *lineage) if isinstance(each, Cell))
            and all(isinstance(each, Class) or _is_object(each) for each in lineage)
        )

    def _described(self, cls: Class, name: str) -> bool:
        """Whether an object of a class, that says what is read and what is set, stands before the object's own."""
        found = self.of_class(cls, name)
        return isinstance(found, Instance) and all(
            self.of_class(found.cls, method) is not None for method in ("__get__", "__set__")
        )

    def _asked(self, descriptor: Instance, receiver: Value, of: Value) -> Value:
        """What a descriptor gives for an object and its class."""
        get = self.of_object(descriptor, "__get__")
        if not isinstance(get, Function) or descriptor.open or self.hooked(descriptor.cls):
            return self._interp.unknown(origins.DESCRIPTOR, receiver)
        return self._interp.calls.call(Method(get, descriptor), [receiver, of], {})

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
        setter = self.of_class(cls, "__setattr__")  # a function of the module is followed
        if setter is not None and not isinstance(setter, Function):
            return True
        return any(self.of_class(cls, name) is not None for name in _HOOKS)

    def _replaceable(self, receiver: Instance, function: Function) -> bool:
        """Whether the object's own class may well define the method anew."""
        cls, method = receiver.cls.name, function.name
        if trivial(function.node) or must_be_overridden(function.node):
            return True
        return any(each.overridden(cls, method) for each in self._interp.prescans())

    def _super_attribute(self, receiver: Super, name: str) -> Value:
        interp = self._interp
        of = receiver.receiver.cls if isinstance(receiver.receiver, Instance) else receiver.receiver
        order = list(of.lineage()) if isinstance(of, Class) else []
        behind = order[order.index(receiver.cls) + 1 :] if receiver.cls in order else list(receiver.cls.lineage())[1:]
        for base in behind:
            if isinstance(base, Unknown):
                break
            found = base.fields.get(name) if isinstance(base, Class) else None
            if isinstance(found, Descriptor):
                if found.kind in ("property", "cached"):
                    return interp.calls.call(found.function, [receiver.receiver], {})
                if found.kind == "classmethod" and isinstance(of, Class):
                    return Method(found.function, of)
                if found.kind == "staticmethod":
                    return found.function
                found = found.function
            if isinstance(found, Instance) and self.of_class(found.cls, "__get__") is not None:
                return self._asked(found, receiver.receiver, of)
            if isinstance(found, Function) or (isinstance(found, NativeFunction) and name.startswith("__")):
                return Method(found, receiver.receiver)
            if found is not None:
                return found
        if name == "__init__":
            return NativeFunction(
                "super().__init__", lambda args, kwargs: self._initialised(receiver.receiver, args, kwargs)
            )
        if name == "__setattr__" and isinstance(receiver.receiver, Instance) and not of_unknown_base(receiver.cls):
            setter = Symbol("builtins.object.__setattr__")
            return NativeFunction(
                name, lambda args, kwargs: interp.calls.call(setter, [receiver.receiver, *args], kwargs)
            )
        inherited = interp.libraries.attribute(interp, receiver.receiver, name)
        if isinstance(inherited, Member) and name != "build":
            return inherited
        origin = origins.returned_by(f"super().{name}")
        if any(isinstance(base, Unknown) for base in behind):
            return NativeFunction(
                f"super().{name}",
                lambda args, kwargs: not_followed(interp, origin, receiver.receiver, [*args, *kwargs.values()]),
            )
        return NativeFunction(f"super().{name}", lambda args, kwargs: interp.unknown(origin, *args))

    def _initialised(self, receiver: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        self._interp.libraries.initialise(self._interp, receiver, args, kwargs)
        if isinstance(receiver, Instance) and of_unknown_base(receiver.cls):
            forget(self._interp, Items((receiver, *args, *kwargs.values())), [receiver, *args, *kwargs.values()])
        return NONE

    def _unknown_attribute(self, receiver: Unknown, name: str) -> Value:
        known = self.members_of(receiver.node)
        self._interp.recorder.look_into([receiver.node])
        value = known.fields.get(name)
        if value is None:
            found = self._interp.libraries.attribute(self._interp, receiver, name)
            if found is None:
                origin = receiver.node.origin
                if origin is not origins.PARAMETER and origin is not origins.IMPORT:
                    origin = origins.attribute(name)
                node = self._interp.recorder.opaque(origin, [Edge(receiver.node, Effect.UNKNOWN)])
                self._interp.unseen.names[node] = name
                found = UnknownMember(node, receiver, name)
            self._interp.state.set(known, name, found)
            value = found
        result: Value = value
        return result

    def _assigned(self, receiver: Instance, value: Value) -> Value:
        """What an object keeps of an assigned value: a method of a class, or of a base that is not seen, may decide."""
        interp = self._interp
        if not isinstance(self.of_class(receiver.cls, "__setattr__"), (Function, NoneType)):
            return interp.unknown(origins.CLASS_WITH_HOOKS, value)
        if isinstance(value, Tensor) and of_unknown_base(receiver.cls):
            return interp.join([value, interp.unknown(origins.ASSIGNED_ATTRIBUTE, value)])
        return value

    def members_of(self, node: Node) -> Members:
        known = self._members.get(node)
        if known is None:
            known = self._members[node] = Members()
        return known

    def set(self, receiver: Value, name: str, value: Value) -> None:
        hook = self._setting(receiver)
        if hook is not None:
            self._interp.calls.call(hook, [Const(name), value], {})
        else:
            self.set_past_hooks(receiver, name, value)

    def _setting(self, receiver: Value) -> Method | None:
        """The method of an object of the module that is called to set any of its attributes."""
        hook = self.of_class(receiver.cls, "__setattr__") if isinstance(receiver, Instance) else None
        return Method(hook, receiver) if isinstance(hook, Function) else None

    def set_any(self, receiver: Value, name: Value, value: Value) -> bool:
        """Set an attribute of a name that is not known, where a method of the object does that."""
        hook = self._setting(receiver)
        if hook is not None:
            self._interp.calls.call(hook, [name, value], {})
        return hook is not None

    def set_past_hooks(self, receiver: Value, name: str, value: Value) -> None:
        """Set an attribute as ``object`` does, whatever method the class has for it."""
        interp = self._interp
        if name.startswith("__") and sum(len(each.private[name]) for each in interp.prescans()) > 1:
            # Two classes have an attribute of this name, each its own.
            value = interp.unknown(origins.PRIVATE_ATTRIBUTE, value)
        if isinstance(value, (Container, Items, Union)):
            value = interp.libraries.kept_as(interp, receiver, value)
        if name == "__dict__" and isinstance(receiver, (Instance, LibraryObject)):
            self._laid_open(receiver)
            return
        if interp.libraries.set_attribute(interp, receiver, name, value):
            return
        if name == "__class__" and isinstance(receiver, Instance):
            self._of_another_class(receiver, value)
            return
        found = self.of_class(receiver.cls, name) if isinstance(receiver, Instance) else None
        if isinstance(found, Descriptor) and found.kind == "property":
            if found.setter is not None:
                interp.calls.call(found.setter, [receiver, value], {})
        elif isinstance(found, Instance) and (setter := self.of_class(found.cls, "__set__")) is not None:
            interp.calls.call(Method(setter, found), [receiver, value], {})
        elif isinstance(receiver, Instance):
            interp.state.set(receiver, name, self._assigned(receiver, value))
        elif isinstance(receiver, (Class, LibraryObject, Module)):
            interp.state.set(receiver, name, value)
        elif isinstance(receiver, Function):
            if self._latest.get((id(receiver.node), id(receiver.scope))) is not receiver.attributes:
                # Where branches meet, it may stand for a later function of the same definition.
                value = interp.unknown(origins.ASSIGNED_ATTRIBUTE, value)
            interp.state.set(receiver.attributes, name, value)
        elif isinstance(receiver, NativeFunction):
            self.of_callables.add(name)
        elif isinstance(receiver, Symbol):
            interp.state.set(self._replaced, f"{receiver.path}.{name}", value)
        elif isinstance(receiver, Tape):
            interp.state.set(receiver, "escaped", True)
        elif isinstance(receiver, Layer):
            interp.state.set(receiver, name, value if name != "trainable" else value.truth())
        elif isinstance(receiver, Unknown):
            # What an unknown class makes of an assignment is its own affair.
            interp.unseen.assigned.add(receiver.node)
            interp.unseen.kept[receiver.node].update(nodes_of(value))
            forget(interp, receiver, (value,))
            interp.state.set(self.members_of(receiver.node), name, interp.unknown(origins.ASSIGNED_ATTRIBUTE, value))
        elif isinstance(receiver, Union):
            for each in receiver.values:
                interp.libraries.escaped(interp, each)
                if isinstance(each, (Instance, Unknown)):
                    self.set(each, name, interp.unknown(origins.ATTRIBUTE))
                elif isinstance(each, Layer):
                    self._perhaps_set(each, name, value)
