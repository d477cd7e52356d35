"""Blocks of ``with``: under a generator they run where it yields, and some context managers end them early."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Attempt, Frame
from tfgradlint.flow.machine.state import Left, Raised, Snapshot
from tfgradlint.flow.values.base import NONE, Value
from tfgradlint.flow.values.functions import ContextManagerCall, Function
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.objects import Instance, LibraryObject

Leave = Callable[[], "bool | None"]
#: Of an object of a library: whether it is a context manager that keeps exceptions to itself.
SWALLOWS: Note[bool] = Note("swallows exceptions")


def swallows(interp: Context, manager: Value) -> bool:
    """Whether control may go on behind a ``with`` whose block has raised."""
    if isinstance(manager, LibraryObject):
        return bool(SWALLOWS.of(manager))
    if isinstance(manager, Instance) and "__class__" in manager.fields:
        return True  # it is of another class by now
    leave = interp.attributes.of_class(manager.cls, "__exit__") if isinstance(manager, Instance) else None
    return isinstance(leave, Function) and _answers(leave.node)


def _answers(function: cst.CSTNode) -> bool:
    """Whether a method returns anything but None and False."""
    waiting = [function.body] if isinstance(function, cst.FunctionDef) else []
    while waiting:
        each = waiting.pop()
        if isinstance(each, cst.Return):
            value = each.value
            if value is not None and not (isinstance(value, cst.Name) and value.value in ("None", "False")):
                return True
        elif not isinstance(each, (cst.FunctionDef, cst.ClassDef, cst.BaseExpression)):
            waiting.extend(each.children)  # type: ignore[arg-type]
    return False


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
        attempts = len(interp.attempts)
        left = False

        def at_yield(value: Value) -> Value:
            nonlocal left
            interp.kept_exceptions += len(interp.attempts) > attempts
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

    def swallowed(self, block: Callable[[], bool]) -> bool:
        """Run a block that a context manager may end before any of its steps."""
        interp, state = self._interp, self._interp.state
        mark = state.mark()
        attempt = Attempt(mark, len(interp.contexts))
        interp.attempts.append(attempt)
        interp.kept_exceptions += 1
        with state.remembering() as undone:
            ends: list[Snapshot] = [state.snapshot(mark)] if block() else []
            interp.attempts.pop()
            middle = [*state.intermediate_states(mark, undone), *attempt.raises]
        state.rollback(mark)
        state.join_into([*ends, *middle])
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
