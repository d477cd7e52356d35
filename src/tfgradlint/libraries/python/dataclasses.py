"""Data classes, named tuples and namespaces: objects that their fields describe."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tfgradlint.flow.graph.origins import Kind, Origin, returned_by
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.container_methods import mapping
from tfgradlint.flow.values.base import NONE, Const, HoldsNothing, Symbol, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.functions import Function, Method, NativeFunction
from tfgradlint.flow.values.objects import Class, Instance, LibraryObject
from tfgradlint.libraries.python.copy import deep_copy

_TUPLE = "typing.NamedTuple"
_PLAIN = frozenset({"abc.ABCMeta", "builtins.type"})
#: What ``__post_init__`` may have put into a field.
_FIELD = Origin(Kind.ANYTHING, "field")


class Field(HoldsNothing):
    """``dataclasses.field(...)`` in the body of a class."""

    __slots__ = ("default", "factory", "given")

    def __init__(self, default: Value | None, factory: Value | None, given: bool) -> None:
        self.default = default
        self.factory = factory
        #: Whether the constructor has a parameter for it.
        self.given = given


def field(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``dataclasses.field``."""
    given = kwargs.get("init")
    if given is not None and not isinstance(given, Const):
        return None
    return Field(kwargs.get("default"), kwargs.get("default_factory"), given is None or bool(given.value))


def plain_metaclass(metaclass: Value) -> bool:
    """Whether classes under it are made, and behave, like any other."""
    return isinstance(metaclass, Symbol) and metaclass.path in _PLAIN


def construct(interp: Context, instance: Instance, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """An object of a class without a constructor of its own: a data class's or a named tuple's fields are filled."""
    cls = instance.cls
    names = list(dict.fromkeys(_annotated(cls)))
    fields = {name: _declared(cls, name) for name in names}
    positional = [name for name in names if not isinstance(own := fields[name], Field) or own.given]
    given = {**dict(zip(positional, args, strict=False)), **kwargs}
    for name in names:
        declared = fields[name]
        if name in given or not isinstance(declared, Field):
            continue
        if declared.factory is not None:
            interp.state.set(instance, name, interp.calls.call(declared.factory, [], {}))
        elif declared.default is not None:
            interp.state.set(instance, name, declared.default)
    for name, value in given.items():
        interp.state.set(instance, name, value)
    _finished(interp, instance, names)
    return instance


def _finished(interp: Context, instance: Instance, names: list[str]) -> None:
    finish = interp.attributes.of_class(instance.cls, "__post_init__")
    if not isinstance(finish, Function):
        return
    if len((*finish.node.params.posonly_params, *finish.node.params.params)) == 1:
        interp.calls.call(Method(finish, instance), [], {})
        return
    # It is given what is no field in the end.
    for name in names:
        interp.state.set(instance, name, interp.unknown(_FIELD))


def replaced(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``dataclasses.replace``."""
    if not args or not isinstance(args[0], Instance) or "**" in kwargs:
        return None
    old = args[0]
    names = list(dict.fromkeys(_annotated(old.cls)))
    made = Instance(old.cls, old.open)
    for name in names:
        if name in old.fields:
            interp.state.set(made, name, old.fields[name])
    for name, value in kwargs.items():
        interp.state.set(made, name, value)
    _finished(interp, made, names)
    return made


def as_dict(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``dataclasses.asdict``: the fields' values are copied, with all that is in them."""
    pairs = _copied_fields(interp, args, kwargs)
    return None if pairs is None else mapping(dict(pairs))


def as_tuple(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``dataclasses.astuple``."""
    pairs = _copied_fields(interp, args, kwargs)
    return None if pairs is None else Items(tuple(value for _, value in pairs))


def _copied_fields(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> list[tuple[str, Value]] | None:
    if len(args) != 1 or kwargs or not isinstance(args[0], Instance):
        return None
    record = args[0]
    return [
        (name, deep_copy(interp, interp.attributes.get(record, name))) for name in dict.fromkeys(_annotated(record.cls))
    ]


def elements(interp: Context, instance: Instance) -> Items | None:
    """The fields of a named tuple, in order."""
    if not any(isinstance(each, Symbol) and each.path == _TUPLE for each in instance.cls.lineage()):
        return None
    names = tuple(dict.fromkeys(_annotated(instance.cls)))
    return Items(tuple(interp.attributes.get(instance, name) for name in names), "tuple", names)


def named_tuple(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``collections.namedtuple``: the class as a callable."""
    if len(args) < 2 or kwargs:
        return None
    content = args[1] if isinstance(args[1], Const) else interp.iteration.iterate(args[1])
    texts = [content] if isinstance(content, Const) else list(content.items) if isinstance(content, Items) else []
    parts = [each.value for each in texts if isinstance(each, Const) and isinstance(each.value, str)]
    names = tuple(" ".join(parts).replace(",", " ").split())
    if not names or len(parts) != len(texts):
        return None

    def make(given: list[Value], named: dict[str, Value]) -> Value:
        values = {**dict(zip(names, given, strict=False)), **named}
        if set(values) != set(names):
            return interp.unknown(returned_by("named tuple"), *given, *named.values())
        return Items(tuple(values[name] for name in names), "tuple", names)

    return NativeFunction("named tuple", make)


def namespace(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``types.SimpleNamespace``."""
    if args or "**" in kwargs:
        return None
    made = LibraryObject("types.SimpleNamespace")
    made.fields.update(kwargs)
    return made


# -- the text of a class


def _annotated(cls: Class) -> Iterator[str]:
    """The annotated names of a class and its bases, those of the bases first."""
    for each in reversed(list(cls.lineage())):
        for statement in getattr(each.node.body, "body", ()) if isinstance(each, Class) else ():
            for small in getattr(statement, "body", ()) if isinstance(statement, cst.SimpleStatementLine) else ():
                if isinstance(small, cst.AnnAssign) and isinstance(small.target, cst.Name) and not _shared(small):
                    yield small.target.value


def _shared(statement: cst.AnnAssign) -> bool:
    """Whether the annotation says that the name is no field."""
    annotation = statement.annotation.annotation
    head = annotation.value if isinstance(annotation, cst.Subscript) else annotation
    name = head.attr if isinstance(head, cst.Attribute) else head
    return isinstance(name, cst.Name) and name.value == "ClassVar"


def _declared(cls: Class, name: str) -> Value:
    for each in cls.lineage():
        if isinstance(each, Class) and name in each.fields:
            found: Value = each.fields[name]
            return found
    return NONE
