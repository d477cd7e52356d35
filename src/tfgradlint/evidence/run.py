"""One program in one mode: what TensorFlow did, what the linter says, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfgradlint.analysis.guarded import judge
from tfgradlint.analysis.results import Analysis
from tfgradlint.evidence.compare import finding_differences, outcome_differences, verdict_differences
from tfgradlint.evidence.observe import Observation, observe, versions_of
from tfgradlint.evidence.programs import Program, Specification


@dataclass(frozen=True, slots=True)
class Run:
    """A program in a mode, run under TensorFlow."""

    text: str
    specification: Specification
    observation: Observation

    @classmethod
    def of(cls, program: Program, mode: str) -> Run:
        """Run a program's variant for the mode."""
        text = program.variant(mode)
        return cls(text, program.specification(mode, versions_of(text)), observe(text))

    def against_tensorflow(self) -> list[str]:
        """Where the comments on outcomes differ from what TensorFlow did."""
        return outcome_differences(self.text, self.specification, self.observation)

    def against_linter(self) -> list[str]:
        """Where the findings and the verdicts differ from the comments and from TensorFlow."""
        analysis = self.analysis()
        return finding_differences(self.specification, analysis.findings) + verdict_differences(
            self.specification, self.observation, analysis.predictions
        )

    def analysis(self) -> Analysis:
        """What the linter says of the text."""
        return judge(self.text, losses=True)

    def unknown(self) -> list[str]:
        """The sources for which the linter does not know what TensorFlow gives."""
        return [
            f"line {prediction.line}: {prediction.call} is unknown for {source.source}"
            + (f": {source.reason}" if source.reason else "")
            for prediction in self.analysis().predictions
            for source in prediction.sources
            if source.verdict == "unknown"
        ]


def python_files(paths: list[Path]) -> Iterator[Path]:
    """The Python files among the paths, folders searched."""
    for path in paths:
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]
