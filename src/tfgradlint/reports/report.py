"""What a format is given: the findings in order, and what it may want to know besides."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tfgradlint.analysis.results import Finding, Position, place
from tfgradlint.settings.codes import OPT_IN


@dataclass(frozen=True)
class Report:
    """Findings with their paths, by position, and the texts of the files, or of the notebooks' cells, they are in.

    ``rows`` tells for each line of a cell on which line of the notebook's file it stands. ``left_out`` is what was not
    judged in full, where that is no finding.
    """

    located: Sequence[tuple[str, Finding]]
    texts: Mapping[str, str] = field(default_factory=dict)
    colour: bool = False
    rows: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    left_out: Sequence[tuple[str, Finding]] = ()

    def in_file(self, path: str, position: Position) -> Position:
        """A position for services, which know nothing of cells: of a notebook the whole line of its file."""
        if not position.cell:
            return position
        rows = self.rows.get(place(path, position.cell), {})
        return Position(rows.get(position.line, 1), 1, rows.get(position.end_line, 1), 1)

    def line(self, path: str, number: int, cell: int = 0) -> str | None:
        """A line of a file, where its text is known."""
        path = place(path, cell)
        lines = self.texts.get(path, "").split("\n")
        return lines[number - 1] if path in self.texts and 0 < number <= len(lines) else None

    def fingerprints(self) -> Iterator[tuple[str, Finding, str]]:
        """Every finding with what tells it from others however the lines before it change."""
        seen: Counter[tuple[str, ...]] = Counter()
        for path, finding in self.located:
            line = self.line(path, finding.position.line, finding.position.cell) or ""
            what = (relative(path), finding.code, " ".join(line.split()))
            digest = hashlib.sha256("\0".join((*what, str(seen[what]))).encode("utf-8", "surrogatepass"))
            seen[what] += 1
            yield path, finding, digest.hexdigest()[:32]


def relative(path: str) -> str:
    """A path as services know it: from the root of the checkout, with slashes."""
    root = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or os.getcwd()
    found = os.path.relpath(os.path.abspath(path), root)
    return (os.path.abspath(path) if found.startswith("..") else found).replace(os.sep, "/")


def is_opt_in(code: str) -> bool:
    """Whether a code has to be asked for: it is a hint, and no proof that a gradient is lost."""
    return code.startswith(OPT_IN)
