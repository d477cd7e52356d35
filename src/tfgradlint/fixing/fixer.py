"""Repairs one text, finding by finding, as far as each repair holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tfgradlint.analysis.results import Analysis, Finding, Fix
from tfgradlint.fixing.edits import applied, overlap
from tfgradlint.fixing.proof import repairs

GRADES = ("safe", "unsafe")
#: More repairs are not made in one text.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Fixed:
    """A text with the repairs that were made, the findings that are left in it, and its analysis."""

    text: str
    made: tuple[Finding, ...] = ()
    left: tuple[Finding, ...] = ()
    analysis: Analysis = field(default_factory=Analysis, compare=False)


@dataclass(frozen=True, slots=True)
class Fixer:
    """``judge`` gives the analysis of a text, with what the rules propose; ``wanted`` the findings of it that are
    reported; ``acceptable`` says whether a changed text can be brought back to where it came from.
    """

    judge: Callable[[str], Analysis]
    wanted: Callable[[str, Analysis], Sequence[Finding]]
    acceptable: Callable[[str], bool] = lambda text: True

    def proposals(self, text: str, analysis: Analysis | None = None) -> list[Finding]:
        """The findings, each with its repair where one holds."""
        analysis = analysis or self.judge(text)
        found = []
        for finding in self.wanted(text, analysis):
            if finding.fix is not None and self._repaired(text, analysis, finding) is None:
                finding = dataclasses.replace(finding, fix=None)
            found.append(finding)
        return found

    def fixed(self, text: str, *, unsafe: bool) -> Fixed:
        """Make one repair after the other until none is left that holds."""
        grades = GRADES if unsafe else GRADES[:1]
        analysis = self.judge(text)
        made: list[Finding] = []
        refused: set[tuple[str, str, Fix | None]] = set()
        while len(made) < _MOST:
            for finding in self.wanted(text, analysis):
                attempt = (finding.code, finding.message, finding.fix)
                if finding.fix is None or finding.fix.grade not in grades or attempt in refused:
                    continue
                repaired = self._repaired(text, analysis, finding)
                if repaired is not None:
                    text, analysis = repaired
                    made.append(finding)
                    break
                refused.add(attempt)
            else:
                break
        return Fixed(text, tuple(made), tuple(self.wanted(text, analysis)), analysis)

    def _repaired(self, text: str, analysis: Analysis, finding: Finding) -> tuple[str, Analysis] | None:
        """The text with one repair, and its analysis; None where the repair does not hold."""
        assert finding.fix is not None
        if overlap(finding.fix.edits):
            return None
        changed = applied(text, finding.fix.edits)
        if changed == text or not self.acceptable(changed):
            return None
        after = self.judge(changed)
        return (changed, after) if repairs(analysis, after, finding) else None
