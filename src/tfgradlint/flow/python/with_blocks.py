"""Generators under ``contextlib.contextmanager``: the block of the ``with`` runs where they yield."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Frame
from tfgradlint.flow.machine.state import Left, Raised
from tfgradlint.flow.values.base import NONE, Value
from tfgradlint.flow.values.functions import ContextManagerCall

Leave = Callable[[], "bool | None"]


class ManagedBlocks:
    """Runs a block inside of the generator that manages it."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def run(self, manager: ContextManagerCall, block: Callable[[Value], bool]) -> bool:
        """Run the generator, and ``block`` with what it yields; whether control goes on behind the ``with``.

        Raises Raised where the generator ends in an exception.
        """
        interp = self._interp
        outside, base, loops = len(interp.frames), len(interp.contexts), interp.loops
        left = False

        def at_yield(value: Value) -> Value:
            nonlocal left
            own, waiting, inside = interp.frames[outside:], interp.contexts[base:], interp.loops
            statement, site = interp.statement, interp.recorder.site
            del interp.frames[outside:]
            # What the generator has to do when it is left early, it does with its own names.
            interp.contexts[base:] = [self._among(own, outside, leave) for leave in waiting]
            interp.loops = loops
            try:
                goes_on = block(value)
            finally:
                interp.frames[outside:] = own
                interp.contexts[base:] = waiting
                interp.loops = inside
                interp.statement, interp.recorder.site = statement, site
            if not goes_on:
                left = True
                raise Left
            return NONE

        try:
            interp.calls.execute(manager.function, manager.scope, at_yield=at_yield)
        except Raised:
            if not left:
                raise
            return False
        return True

    def _among(self, frames: list[Frame], outside: int, leave: Leave) -> Leave:
        interp = self._interp

        def run() -> bool | None:
            present = interp.frames[outside:]
            interp.frames[outside:] = frames
            try:
                return leave()
            finally:
                interp.frames[outside:] = present

        return run
