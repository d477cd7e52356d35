"""What leaves the module's sight: whoever gets hold of a tape may do anything with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Member, Value
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject
from tfgradlint.flow.values.functions import ContextManagerCall, Function, Method, Scope
from tfgradlint.flow.values.objects import Instance

if TYPE_CHECKING:
    from tfgradlint.flow.machine.context import Context


def havoc(interp: Context, value: Value, depth: int = 0) -> None:
    """Whoever gets hold of a tape, or of a function that sees one, may watch with it, ask it or stop it."""
    interp.libraries.escaped(interp, value)
    if isinstance(value, Tape):
        interp.state.set(value, "blurred", True)
    elif isinstance(value, Member):
        havoc(interp, value.receiver, depth)
    elif isinstance(value, Method):
        havoc(interp, value.function, depth)
        havoc(interp, value.receiver, depth + 1)
    elif isinstance(value, Items) and depth < 3:
        for item in value.items:
            havoc(interp, item, depth + 1)
    elif isinstance(value, (ListObject, DictObject)) and depth < 3:
        havoc(interp, value.fields["content"], depth + 1)
    elif isinstance(value, DictContent):
        for item in value.entries.values():
            havoc(interp, item, depth + 1)
    elif isinstance(value, (Function, ContextManagerCall)):
        scope: Scope | None = value.scope
        while scope is not None:
            for item in scope.fields.values():
                if isinstance(item, Tape):
                    havoc(interp, item)
            scope = scope.parent
    elif isinstance(value, Instance) and depth < 2:
        for item in value.fields.values():
            if isinstance(item, Tape):
                havoc(interp, item)
