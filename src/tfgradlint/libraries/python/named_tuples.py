"""Named tuples, namespaces, and objects of classes that a base of another library fills by the annotations in them."""

from __future__ import annotations

from collections.abc import Iterator

from tfgradlint.flow.graph.origins import Kind, Origin, returned_by
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.attributes import of_unknown_base
from tfgradlint.flow.values.base import Const, Member, Symbol, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.objects import OWN_ATTRIBUTES, Class, Instance, LibraryObject
from tfgradlint.libraries.python.dataclasses import annotated, head

_TUPLE = "typing.NamedTuple"
#: What a base of another module made of what was given for a field.
_FIELD = Origin(Kind.ANYTHING, "field")


def construct(interp: Context, instance: Instance, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """An object of a class without a constructor of its own: what is given for the annotated names is set."""
    cls = instance.cls
    given = {**dict(zip(_names(cls), args, strict=False)), **kwargs}
    unknown = of_unknown_base(cls)
    for name, value in given.items():
        if unknown:
            value = interp.join([value, interp.unknown(_FIELD, *args, *kwargs.values())])
        interp.state.set(instance, name, value)
    return instance


def elements(interp: Context, instance: Instance) -> Items | None:
    """The fields of a named tuple, in order."""
    names = tuple(_fields(instance.cls))
    return Items(tuple(interp.attributes.get(instance, name) for name in names), "tuple", names) if names else None


def attribute(interp: Context, instance: Instance, name: str) -> Value | None:
    """A method that every named tuple has."""
    if name not in ("_replace", "_asdict") or (content := elements(interp, instance)) is None:
        return None

    def replace(args: list[Value], kwargs: dict[str, Value]) -> Value:
        old = dict(zip(content.fields, content.items, strict=True))
        return interp.calls.call(instance.cls, [], {**old, **kwargs})

    return NativeFunction(name, replace) if name == "_replace" else Member(content, name)


def named_tuple(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``collections.namedtuple``: the class as a callable."""
    defaults = interp.iteration.iterate(kwargs["defaults"]) if "defaults" in kwargs else Items(())
    if len(args) < 2 or not {"defaults"}.issuperset(kwargs) or not isinstance(defaults, Items):
        return None
    content = args[1] if isinstance(args[1], Const) else interp.iteration.iterate(args[1])
    texts = [content] if isinstance(content, Const) else list(content.items) if isinstance(content, Items) else []
    parts = [each.value for each in texts if isinstance(each, Const) and isinstance(each.value, str)]
    names = tuple(" ".join(parts).replace(",", " ").split())
    if not names or len(parts) != len(texts) or len(names) < len(defaults.items):
        return None
    usual = dict(zip(names[len(names) - len(defaults.items) :], defaults.items, strict=True))

    def make(given: list[Value], named: dict[str, Value]) -> Value:
        values = {**usual, **dict(zip(names, given, strict=False)), **named}
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
    OWN_ATTRIBUTES.begin(made, True)
    return made


def _fields(cls: Class) -> Iterator[str]:
    """The fields of a class that is a named tuple: those of the class that says so."""
    for each in cls.lineage():
        if isinstance(each, Class) and any(isinstance(b, Symbol) and b.path == _TUPLE for b in each.bases):
            yield from (name for name, _ in annotated(each))


def _names(cls: Class) -> list[str]:
    """The annotated names of a class and its bases, those of the bases first."""
    return list(_fields(cls)) or list(
        dict.fromkeys(
            name
            for each in reversed(list(cls.lineage()))
            for name, annotation in (annotated(each) if isinstance(each, Class) else ())
            if head(annotation) != "ClassVar"
        )
    )
