"""Data classes and named tuples written as classes: what their making puts into an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from tfgradlint.flow.values import Class, Foreign, Instance, Method, Value

if TYPE_CHECKING:
    from tfgradlint.flow.interpreter import Interpreter

#: What ``dataclasses.field`` gives, with its arguments as fields.
FIELD = "dataclasses.field"


def fill(interp: Interpreter, instance: Instance, args: list[Value], kwargs: dict[str, Value]) -> None:
    """What the ``__init__`` does that Python writes for a class with annotated names."""
    fields: dict[str, str] = {}
    for each in reversed(list(instance.cls.lineage())):
        if isinstance(each, Class):
            fields.update(_annotated(each))
    told: dict[str, Foreign] = {}
    for name in fields:
        default = interp.calls.class_attribute(instance.cls, name)
        if isinstance(default, Foreign) and default.path == FIELD:
            told[name] = default
    given = [name for name in fields if name not in told or _is_parameter(interp, told[name])]
    for name, value in [*zip(given, args, strict=False), *kwargs.items()]:
        interp.state.set(instance, name, value)
    for name, default in told.items():
        if name not in instance.fields and (_is_parameter(interp, default) or default.fields.keys() & _DEFAULTS):
            interp.state.set(instance, name, _default(interp, default))
    after = interp.calls.class_attribute(instance.cls, "__post_init__")
    if after is not None and not any("InitVar" in annotation for annotation in fields.values()):
        interp.calls.call(Method(after, instance), [], {})


_DEFAULTS = frozenset({"default", "default_factory"})


def _is_parameter(interp: Interpreter, field: Foreign) -> bool:
    flag = field.fields.get("init")
    return not isinstance(flag, Value) or interp.expressions.truth(flag) is not False


def _default(interp: Interpreter, field: Foreign) -> Value:
    """The default of a field: its value, or what its factory makes anew for each object."""
    factory = field.fields.get("default_factory")
    if isinstance(factory, Value):
        return interp.calls.call(factory, [], {})
    default = field.fields.get("default")
    return default if isinstance(default, Value) else interp.unknown("field")


def field(interp: Interpreter, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``dataclasses.field(...)``."""
    if "**" in kwargs:
        return interp.unknown("field")
    made = Foreign(FIELD)
    made.fields.update(kwargs)
    return made


def _annotated(cls: Class) -> dict[str, str]:
    """The annotated names of a class body, with their annotations: a data class's or named tuple's fields."""
    names: dict[str, str] = {}
    for statement in getattr(cls.node.body, "body", ()):
        for small in getattr(statement, "body", ()) if isinstance(statement, cst.SimpleStatementLine) else ():
            if isinstance(small, cst.AnnAssign) and isinstance(small.target, cst.Name):
                annotation = cst.Module([]).code_for_node(small.annotation.annotation)
                if "ClassVar" not in annotation:
                    names[small.target.value] = annotation
    return names
