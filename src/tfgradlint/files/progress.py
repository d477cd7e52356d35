"""A line on a terminal that tells how far a long run has come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

#: Seconds before the line appears, and between two changes of it.
PATIENCE, PAUSE = 2.0, 0.1


class Progress:
    """Counts files on ``stream``; says nothing where that is no terminal, or the run is short."""

    def __init__(self, stream: TextIO, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._total, self._clock = stream, total, clock
        self._terminal = stream.isatty()
        self._next = clock() + PATIENCE
        self._done = self._width = 0

    def step(self) -> None:
        """One file more is done."""
        self._done += 1
        if self._terminal and self._clock() >= self._next:
            self._next = self._clock() + PAUSE
            self._show(f"tfgradlint: {self._done} of {self._total} files")

    def end(self) -> None:
        """Take the line away."""
        if self._width:
            self._show("")

    def _show(self, text: str) -> None:
        self._stream.write(f"\r{text.ljust(self._width)}" + ("" if text else "\r"))
        self._stream.flush()
        self._width = len(text)
