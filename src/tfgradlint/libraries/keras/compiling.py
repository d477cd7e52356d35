"""How Keras runs the program's functions: compiled as a rule, step by step where the program asks for that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import XlaContext
from tfgradlint.flow.values.base import FALSE, Const, Value


def eager(interp: Context, options: dict[str, Value]) -> bool | None:
    """Whether Keras calls the program's functions one by one instead of compiling them; None if not known."""
    asking = {"run_eagerly", "run_functions_eagerly"}
    if interp.eager_functions or any(each.stored & asking for each in interp.prescans()):
        return None
    return interp.expressions.truth(options["run_eagerly"]) if "run_eagerly" in options else False


def under_xla(interp: Context, options: dict[str, Value]) -> bool:
    """Whether the program asks Keras to compile the step, perhaps, with XLA. ``"auto"`` is left to the machine."""
    asked = options.get("jit_compile", FALSE)
    return not (isinstance(asked, Const) and asked.value in (False, None, "auto"))


@contextmanager
def compiling(interp: Context, eagerly: bool | None, xla: bool = False) -> Iterator[None]:
    """What runs inside is traced, unless it runs ``eagerly``; where that is not known nothing is refused."""
    before = interp.xla
    interp.xla = XlaContext(active=True) if xla and not before.active else replace(before)
    recorder = interp.recorder
    others = recorder.tapes.fields["others"]
    site, statement = recorder.site, interp.statement
    recorder.level += not eagerly
    interp.unconverted += 1
    if eagerly is None:
        interp.state.set(recorder.tapes, "others", (others or 0) + 1)
    try:
        yield
    finally:
        interp.xla = before
        recorder.level -= not eagerly
        interp.unconverted -= 1
        recorder.site, interp.statement = site, statement
        if eagerly is None:
            interp.state.set(recorder.tapes, "others", others)


@contextmanager
def converted(interp: Context, legacy: bool) -> Iterator[None]:
    """AutoGraph converts the ``call`` of layers and losses for Keras 2, whoever calls them; Keras 3 does without."""
    before = interp.unconverted
    if legacy:
        interp.unconverted = 0
    try:
        yield
    finally:
        interp.unconverted = before
