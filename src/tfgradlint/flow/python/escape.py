"""What leaves the module's sight: whoever gets hold of something may do anything with it, at once or later."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.bodies import Bodies
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Cell, Member, UnknownMember, Value, Variable
from tfgradlint.flow.values.containers import Container, DictContent, DictObject, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.functions import ContextManagerCall, Descriptor, Function, Method, Partial, Super
from tfgradlint.flow.values.objects import Class, Instance, Layer, LibraryObject
from tfgradlint.flow.values.walk import HANDED, walk

#: What is taken to stay where it is: nearly every program hands its model, its weights and its optimizer to helpers
#: of other modules, and a helper that puts another in the place of one of these was met in none.
_STAYS = (Variable, Layer, LibraryObject, Instance, Function, Method, Class, Descriptor)


def havoc(interp: Context, value: Value) -> None:
    """Whoever gets hold of a tape, or of a function that sees one, may watch with it, ask it or stop it."""
    for each in walk(value, HANDED):
        interp.libraries.escaped(interp, each)
        for reached in (each, *each.sees()):
            if isinstance(reached, Tape):
                interp.state.set(reached, "escaped", True)


def forget(interp: Context, value: Value, given: Sequence[Value] = ()) -> None:
    """Code that is not followed got hold of the value: all that it reaches may hold anything, or what was ``given``.

    What it held before it may hold still. Tensors are immutable, and no gradient passes an assignment to a variable.
    """
    bodies = interp.of(Bodies)

    def into(each: Value) -> Sequence[Value]:
        return [*each.defaults.values(), *bodies.touched(each)] if isinstance(each, Function) else _reached(each)

    reached = [each for each in walk(value, into) if isinstance(each, (Container, Instance, Function))]
    for each in {id(each): each for each in reached}.values():
        if isinstance(each, Container):
            _forget_content(interp, each, given)
        elif isinstance(each, Instance):
            _forget_attributes(interp, each, given)
        elif isinstance(each, Function):
            for scope, name in bodies.rebound(each):
                _join(interp, scope, name, given)


def _reached(value: Value) -> Sequence[Value]:
    """What can be changed of a value by whoever gets hold of it."""
    if isinstance(value, Instance):
        return [each for each in value.fields.values() if isinstance(each, Value)]
    if isinstance(value, ContextManagerCall):
        return (value.function, *(each for each in value.scope.fields.values() if isinstance(each, Value)))
    if isinstance(value, Partial):
        return (value.function, *value.args, *value.kwargs.values())
    if isinstance(value, (Member, UnknownMember, Super)):
        return (value.receiver,)
    if isinstance(value, (Container, Items, Repeated, DictContent, Union)):
        return value.held()
    return value.handed()


def _forget_content(interp: Context, value: Container, given: Sequence[Value]) -> None:
    content = value.fields["content"]
    held = content.held()
    if held and all(isinstance(each, _STAYS) for each in held):
        return
    if isinstance(value, ListObject):
        element = interp.join([*held, interp.unknown(origins.FILLED, *given)])
        interp.state.set(value, "content", Repeated(element, content.type))
    elif isinstance(value, DictObject):
        filled = interp.unknown(origins.FILLED, *given)
        entries = {
            key: each if isinstance(each, _STAYS) else interp.join([each, filled])
            for key, each in content.entries.items()
        }
        rest = filled if content.rest is None else interp.join([content.rest, filled])
        interp.state.set(value, "content", DictContent(entries, rest))


def _forget_attributes(interp: Context, value: Instance, given: Sequence[Value]) -> None:
    """Any attribute of an object may be another one; its methods are taken to stay."""
    found = {name: each for name, each in value.fields.items() if isinstance(name, str)}
    for cls in value.cls.lineage():
        for name, each in cls.fields.items() if isinstance(cls, Class) else ():
            if isinstance(name, str) and not name.startswith("__"):
                found.setdefault(name, each)
    for name, each in found.items():
        if isinstance(each, Value) and not isinstance(each, (*_STAYS, Container)) and name != "trainable":
            interp.state.set(value, name, interp.join([each, interp.unknown(origins.LAID_OPEN, *given)]))


def _join(interp: Context, cell: Cell, name: str, given: Sequence[Value]) -> None:
    old = cell.fields[name]
    interp.state.set(cell, name, interp.join([old, interp.unknown(origins.LAID_OPEN, *given)]))
