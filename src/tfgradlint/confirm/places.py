"""Names for places, and what is said of a lost gradient."""

from __future__ import annotations

import os

from tfgradlint.confirm.observations import APART, UNRECORDED, UNWATCHED, Lost

_DOES = {"none": "passes no gradient on", "zero": "makes it zero", "nonfinite": "makes it NaN or infinite"}


def relative(path: str, root: str = os.curdir) -> str:
    """The path from a folder, where it is below that."""
    found = os.path.relpath(path, root) if path else path
    return path if found.startswith(os.pardir) else found


def how(lost: Lost, place: str) -> str:
    """How a gradient was lost: ``losses.py:12: Round passes no gradient on``."""
    if lost.why == APART:
        return "no operation of TensorFlow leads from the source to the target"
    if lost.why == UNWATCHED:
        return "the tape does not watch the source"
    if not lost.step:
        return "the step at which it was lost was not found"
    what = "ran where no tape recorded" if lost.why == UNRECORDED else _DOES[lost.word]
    return f"{place}: {lost.step} {what}" if lost.line else f"{lost.step} {what}"
