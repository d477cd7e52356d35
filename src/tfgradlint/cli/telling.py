"""Lines for standard output and standard error, and the exit statuses."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2
#: What a shell reports of a program ended by the interrupt key, and by a reader that went away.
INTERRUPTED, NO_READER = 130, 141


def show(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Print lines, to standard output where no stream is given."""
    for line in lines:
        print(line, file=stream)


def complain(line: str) -> None:
    """Say on standard error what could not be done."""
    print(f"tfgradlint: {line}", file=sys.stderr)
