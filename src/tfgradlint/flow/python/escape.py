"""What leaves the module's sight: whoever gets hold of a tape may do anything with it."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.walk import HANDED, walk


def havoc(interp: Context, value: Value) -> None:
    """Whoever gets hold of a tape, or of a function that sees one, may watch with it, ask it or stop it."""
    for each in walk(value, HANDED):
        interp.libraries.escaped(interp, each)
        for reached in (each, *each.sees()):
            if isinstance(reached, Tape):
                interp.state.set(reached, "escaped", True)
