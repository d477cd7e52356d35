"""``check --fix`` and ``check --diff``: the files of a run repaired one by one."""

from __future__ import annotations

import dataclasses
import difflib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tfgradlint import notebooks
from tfgradlint.analysis.results import Finding, place
from tfgradlint.cli.telling import complain
from tfgradlint.files import sources, writing
from tfgradlint.files.running import Judged
from tfgradlint.fixing.files import Repaired, fixer, repaired
from tfgradlint.settings.settings import Configuration


def proposed(judged: Judged, found: Sequence[Finding], settings: Configuration) -> Sequence[Finding]:
    """The findings of a file, each with the repair that holds for it; others found some in modules that they import."""
    own = fixer(judged.path, settings.of(judged.path)).proposals(judged.text)
    repairs = {(each.code, each.position): each.fix for each in own}
    return [dataclasses.replace(each, fix=repairs.get((each.code, each.position))) for each in found]


@dataclass
class Fixing:
    """Repairs files, and counts what was repaired. With ``show_only`` nothing is written."""

    settings: Configuration
    unsafe: bool
    show_only: bool
    made: int = 0
    left: int = 0
    failed: bool = False
    differences: list[str] = field(default_factory=list)
    #: What standard input was made of.
    standard_input: bytes | None = None
    _files: int = 0

    def fix(self, judged: Judged) -> tuple[Judged, Sequence[Finding]] | None:
        """Repair one file; what it is now, and the findings left in it. None where it cannot be done."""
        path = judged.path
        try:
            data = sources.content(path) if judged.data is None else judged.data
            found = repaired(data, path, self.settings.of(path), unsafe=self.unsafe)
            self._keep(judged, data, found)
        except (sources.Unreadable, writing.Unwritable) as error:
            complain(str(error))
            self.failed = True
            return None
        self.made += len(found.fixed.made)
        self.left += len(found.fixed.left)
        self._files += bool(found.fixed.made)
        if not self.show_only and found.fixed.made and judged.notebook is not None:
            judged = dataclasses.replace(judged, notebook=notebooks.decode(found.data, path))
        return dataclasses.replace(judged, text=found.fixed.text, analysis=found.fixed.analysis), found.fixed.left

    def _keep(self, judged: Judged, data: bytes, found: Repaired) -> None:
        if self.show_only:
            self.differences += _differences(judged.path, found)
        elif judged.data is not None:
            self.standard_input = found.data
        elif found.fixed.made:
            writing.replace(judged.path, found.data, data)

    def tell(self) -> None:
        """Say on standard error what was repaired."""
        findings, files = (
            f"{count} {what}{'s' * (count != 1)}" for count, what in ((self.made, "finding"), (self._files, "file"))
        )
        if self.made or not self.show_only:
            would = "would be fixed" if self.show_only else "fixed"
            print(f"tfgradlint: {findings} {would} in {files}, {self.left} left", file=sys.stderr)


def _differences(path: str, found: Repaired) -> Iterator[str]:
    for cell, before in sorted(found.before.items()):
        name = place(path, cell)
        after = found.after[cell]
        yield from difflib.unified_diff(_lines(before), _lines(after), name, name, lineterm="")


def _lines(text: str) -> list[str]:
    """The lines of a difference: what ends none is said as diff says it."""
    *lines, last = text.split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines
