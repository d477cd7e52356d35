"""Changes texts at positions, whatever their line ends are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from tfgradlint.analysis.results import Edit, Fix, Position

_LINE_END = re.compile(r"\r\n|\r|\n")


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits, which do not overlap. New lines end as the text's first one does."""
    starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
    newline = _LINE_END.search(text)
    for edit in sorted(edits, key=lambda each: each.position, reverse=True):
        at = edit.position
        start, end = _offset(text, starts, at.line, at.column), _offset(text, starts, at.end_line, at.end_column)
        new = edit.text if newline is None else edit.text.replace("\n", newline[0])
        text = text[:start] + new + text[end:]
    return text


def _offset(text: str, starts: Sequence[int], line: int, column: int) -> int:
    return starts[line - 1] + column - 1 if line <= len(starts) else len(text)


def overlap(edits: Sequence[Edit]) -> bool:
    """Whether two of them change the same place."""
    ordered = sorted(each.position for each in edits)
    return any(_end(before) > (after.line, after.column) for before, after in itertools.pairwise(ordered))


def _end(position: Position) -> tuple[int, int]:
    return position.end_line, position.end_column


def together(one: Fix, other: Fix | None) -> Fix | None:
    """Two repairs as one; None where there is no other one."""
    if other is None:
        return None
    grade = "safe" if one.grade == other.grade == "safe" else "unsafe"
    return Fix(grade, one.title, tuple(dict.fromkeys((*one.edits, *other.edits))), one.beside or other.beside)
