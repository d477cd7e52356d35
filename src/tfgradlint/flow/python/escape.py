"""What leaves the module's sight: whoever gets hold of a tape may do anything with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Member, Value
from tfgradlint.flow.values.containers import Entries, Items, Listing, Mapping
from tfgradlint.flow.values.functions import Function, Managed, Method, Scope
from tfgradlint.flow.values.objects import Instance

if TYPE_CHECKING:
    from tfgradlint.flow.machine.context import Context


def let_go(interp: Context, value: Value, depth: int = 0) -> None:
    """Whoever gets hold of a tape, or of a function that sees one, may watch with it, ask it or stop it."""
    interp.libraries.escaped(interp, value)
    if isinstance(value, Tape):
        interp.state.set(value, "blurred", True)
    elif isinstance(value, Member):
        let_go(interp, value.receiver, depth)
    elif isinstance(value, Method):
        let_go(interp, value.function, depth)
        let_go(interp, value.receiver, depth + 1)
    elif isinstance(value, Items) and depth < 3:
        for item in value.items:
            let_go(interp, item, depth + 1)
    elif isinstance(value, (Listing, Mapping)) and depth < 3:
        let_go(interp, value.fields["content"], depth + 1)
    elif isinstance(value, Entries):
        for item in value.entries.values():
            let_go(interp, item, depth + 1)
    elif isinstance(value, (Function, Managed)):
        scope: Scope | None = value.scope
        while scope is not None:
            for item in scope.fields.values():
                if isinstance(item, Tape):
                    let_go(interp, item)
            scope = scope.parent
    elif isinstance(value, Instance) and depth < 2:
        for item in value.fields.values():
            if isinstance(item, Tape):
                let_go(interp, item)
