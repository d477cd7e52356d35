"""The module ``asyncio``, as far as it runs coroutines in an order that is known."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.coroutines import awaited
from tfgradlint.flow.values.base import NONE, Value
from tfgradlint.flow.values.functions import Coroutine, Gathered, NativeFunction
from tfgradlint.flow.values.objects import LibraryObject
from tfgradlint.libraries.registry import Handler


def _run(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return awaited(interp, args[0]) if args and isinstance(args[0], (Coroutine, Gathered)) else None


def _gather(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    known = all(isinstance(value, (Coroutine, Gathered)) for value in args)
    return Gathered(args) if known and not kwargs else None


def _loop(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A loop of events, which runs a coroutine to its end; its other methods are not described."""
    made = LibraryObject("asyncio.loop")
    made.fields["run_until_complete"] = NativeFunction(
        "run_until_complete", lambda args, kwargs: awaited(interp, args[0]) if args else NONE
    )
    return made


HANDLERS: dict[str, Handler] = {
    "asyncio.run": _run,
    "asyncio.gather": _gather,
    "asyncio.new_event_loop": _loop,
    "asyncio.get_event_loop": _loop,
}
