"""What leaves the module's sight, or is changed in a way that is not described."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.functions import Descriptor, Function
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import HANDED, walk


def havoc(interp: Context, value: Value) -> None:
    """Whoever gets hold of a tape, or of a function that sees one, may watch with it, ask it or stop it."""
    for each in walk(value, HANDED):
        interp.libraries.escaped(interp, each)
        for reached in (each, *each.sees()):
            if isinstance(reached, Tape):
                interp.state.set(reached, "escaped", True)


def forget(interp: Context, value: Value, *given: Value) -> None:
    """Something that is not described changed the value: it may hold anything from here on, or what was ``given``."""
    if isinstance(value, Union):
        for each in value.values:
            forget(interp, each, *given)
    elif isinstance(value, ListObject):
        content = value.fields["content"]
        held = content.items if isinstance(content, Items) else (content.element,)
        element = interp.join([*held, interp.unknown(origins.FILLED, *given)])
        interp.state.set(value, "content", Repeated(element, content.type))
    elif isinstance(value, DictObject):
        rest = interp.join([*value.fields["content"].held(), interp.unknown(origins.FILLED, *given)])
        interp.state.set(value, "content", DictContent({}, rest))
    elif isinstance(value, Instance):
        forget_attributes(interp, value, *given)
    else:
        interp.iteration.forget_position(value)
        havoc(interp, value)


def forget_attributes(interp: Context, value: Instance, *given: Value) -> None:
    """Any attribute of an object may be another one; its methods are taken to stay."""
    interp.libraries.escaped(interp, value)
    found = {name: each for name, each in value.fields.items() if isinstance(name, str)}
    for cls in value.cls.lineage():
        for name, each in cls.fields.items() if isinstance(cls, Class) else ():
            kept = isinstance(each, (Function, Descriptor)) or not isinstance(name, str) or name.startswith("__")
            if not kept:
                found.setdefault(name, each)
    for name, each in found.items():
        interp.state.set(value, name, interp.join([each, interp.unknown(origins.LAID_OPEN, *given)]))
