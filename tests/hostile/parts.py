"""Programs that are written out in the text files of ``parts/``: under ``==== name``, or ``==== name | outcome``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .programs import CLOSE, JUDGED, OPEN, Hostile, between, indented

_FOLDER = Path(__file__).parent / "parts"


def sections(name: str) -> Iterator[tuple[str, str, str]]:
    """Name, text and outcome of each part in a file."""
    text = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    for section in text.split("\n==== ")[1:]:
        head, _, part = section.partition("\n")
        title, _, outcome = head.partition(" | ")
        yield title, part, outcome or JUDGED


def programs() -> list[Hostile]:
    """All of them; the parts of the language at the top of a module, under a tape and in a function as well."""
    found = [between(*section) for name in ("names", "values") for section in sections(name)]
    for title, part, outcome in sections("language"):
        taped = OPEN + indented("if unknown():\n" + indented(part)) + CLOSE
        found += [
            between(title, part, outcome),
            between(f"{title}, in a function", f"def f(w):\n{indented(part)}\nf(w)\n", outcome),
            between(f"{title}, taped", taped, outcome),
        ]
    return found
