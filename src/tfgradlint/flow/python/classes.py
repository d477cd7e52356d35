"""Classes of the module: their definitions, their objects, and ``super()``."""

from __future__ import annotations

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import EXISTS
from tfgradlint.flow.python.container_methods import mapping
from tfgradlint.flow.values.base import Const, Symbol, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.functions import (
    Descriptor,
    Function,
    Method,
    Partial,
    Scope,
    Super,
)
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import Class, Instance

#: The metaclass that a class was made by.
_METACLASS: Note[Value] = Note("metaclass")


class Classes:
    """Defines classes and makes their objects."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def define(self, node: cst.ClassDef) -> Value:
        """A class definition: its body runs in a scope of its own."""
        interp = self._interp
        bases = tuple(self._base(interp.eval(arg.value)) for arg in node.bases if arg.star == "")
        plain = [interp.libraries.plain_metaclass(interp.eval(arg.value)) for arg in node.keywords]
        cls = Class(node.name.value, node, bases, customised=not all(plain))
        scope = Scope("class", interp.scope)
        scope.fields["__owner__"] = cls
        frame = interp.frame
        outer = frame.scope
        frame.scope = scope
        try:
            interp.statements.suite(node.body)
        finally:
            frame.scope = outer
        cls.fields.update({name: value for name, value in scope.fields.items() if name != "__owner__"})
        interp.libraries.defined(cls)
        if interp.module is interp.main:
            interp.classes.append(cls)
        self._made(cls, {arg.keyword.value: interp.eval(arg.value) for arg in node.keywords if arg.keyword is not None})
        value: Value = cls
        for decorator in reversed(node.decorators):
            decorating = interp.eval(decorator.decorator)
            applied = interp.libraries.decorate(interp, decorating, value)
            if applied is None and isinstance(decorating, (Function, Partial)):
                applied = interp.calls.call(decorating, [value], {})
            value = applied if applied is not None else interp.unknown(origins.CLASS_DECORATOR)
        return value

    def _base(self, base: Value) -> Value:
        unseen = isinstance(base, Symbol) and self._interp.libraries.unseen_base(base)
        return self._interp.unknown(origins.name_in_library(base.path)) if isinstance(base, Symbol) and unseen else base

    def _made(self, cls: Class, keywords: dict[str, Value]) -> None:
        """What runs when a class was made: ``__set_name__``, ``__init_subclass__``, and its metaclass."""
        interp = self._interp
        for name, value in list(cls.fields.items()):
            named = interp.attributes.of_class(value.cls, "__set_name__") if isinstance(value, Instance) else None
            if named is not None:
                interp.calls.call(Method(named, value), [cls, Const(name)], {})
        metaclass = keywords.pop("metaclass", None)
        bases = [base for base in cls.lineage() if isinstance(base, Class) and base is not cls]
        for base in bases:
            hook = base.fields.get("__init_subclass__")
            if hook is not None:
                interp.calls.call(Method(hook.function if isinstance(hook, Descriptor) else hook, cls), [], keywords)
                break
        if metaclass is None:
            metaclass = next((found for base in bases if (found := _METACLASS.of(base)) is not None), None)
        if isinstance(metaclass, Class):
            _METACLASS.put(interp.state, cls, metaclass)
            self._run_metaclass(metaclass, cls, keywords)

    def _run_metaclass(self, metaclass: Class, cls: Class, keywords: dict[str, Value]) -> None:
        """The methods of a metaclass run for what they do besides; what they make of the class is not followed."""
        interp = self._interp
        given: list[Value] = [
            Const(cls.name),
            Items(cls.bases),
            mapping({name: value for name, value in cls.fields.items() if isinstance(name, str)}),
        ]
        for name, first in (("__new__", metaclass), ("__init__", cls)):
            function = interp.attributes.of_class(metaclass, name)
            function = function.function if isinstance(function, Descriptor) else function
            if function is not None:
                interp.calls.call(Method(function, first), list(given), keywords)

    def instantiate(self, cls: Class, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self._interp
        if interp.attributes.hooked(cls):
            return interp.unknown(origins.CLASS_WITH_HOOKS, *args, *kwargs.values())
        instance = Instance(cls)
        interp.state.set(instance, EXISTS, True)
        function = interp.attributes.of_class(cls, "__init__")
        if function is not None:
            interp.calls.call(Method(function, instance), args, kwargs)
            return instance
        return interp.libraries.construct(interp, instance, args, kwargs)

    def super_call(self, args: list[Value]) -> Value:
        """``super()`` in a method, or ``super(Class, self)``."""
        if len(args) == 2 and isinstance(args[0], Class):
            return Super(args[0], args[1])
        for frame in reversed(self._interp.frames):
            function = frame.function
            if function is not None and function.owner is not None:
                params = (*function.node.params.posonly_params, *function.node.params.params)
                if params:
                    receiver = frame.scope.fields.get(params[0].name.value)
                    if receiver is not None:
                        return Super(function.owner, receiver)
        return self._interp.unknown(origins.returned_by("super"))
