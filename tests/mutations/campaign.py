"""Many mutants: made, run, and what went wrong told once for each kind."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .mutating import Source, mutant
from .running import SLOW, Run, one, runs

#: Longer programs are too slow to be mutated by the thousand.
_LONGEST = 40_000
_BATCH = 100
FIXTURES = Path(__file__).parents[1] / "fixtures"


@dataclass
class Found:
    """A mutant that something is wrong with."""

    kind: str
    told: str
    origin: str
    done: list[str]
    text: str


@dataclass
class Report:
    """What came out of a campaign."""

    mutants: int = 0
    parsed: int = 0
    with_findings: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[Found] = field(default_factory=list)
    seconds: float = 0.0
    parse_seconds: float = 0.0
    slowest: float = 0.0

    def add(self, run: Run, origin: str, done: list[str], text: str) -> None:
        self.mutants += 1
        self.parsed += run.parsed
        self.with_findings += bool(run.codes)
        self.codes.update(run.codes)
        self.changes.update(done)
        self.seconds += run.seconds
        self.parse_seconds += run.parse_seconds
        self.slowest = max(self.slowest, run.ratio if run.seconds > 0.05 else 0.0)
        kind = run.fault
        if not kind and run.slow:
            kind = f"more than {SLOW:.0f} times the parse"
            run.told = f"{run.seconds:.2f} s, of which the parse {run.parse_seconds:.3f} s"
        if kind:
            if kind not in self.kinds:
                self.failures.append(Found(kind, run.told, origin, done, text))
            self.kinds[kind] += 1

    def summary(self) -> str:
        """The figures."""
        ratio = self.seconds / self.parse_seconds if self.parse_seconds else 0.0
        return "\n".join(
            [
                f"{self.mutants} mutants, {self.parsed} of them Python, {self.with_findings} with findings",
                f"findings: {_table(self.codes)}",
                f"changes: {_table(self.changes)}",
                f"analysis with parse / parse alone: {ratio:.1f}; the slowest mutant of more than 0.05 s: "
                f"{self.slowest:.1f} times its parse, beside it",
                f"failures: {_table(self.kinds) or 'none'}",
            ]
        )


def _table(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def programs(folders: Sequence[Path]) -> list[tuple[str, str]]:
    """Name and text of every program below these folders that the analysis would look into."""
    from tfgradlint.analysis.relevance import relevant

    found: list[tuple[str, str]] = []
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            try:
                text = path.read_bytes().decode("utf-8")
                Source(text)
            except (ValueError, SyntaxError):
                continue
            if relevant(text) and len(text) <= _LONGEST:
                found.append((f"{folder.name}/{path.relative_to(folder)}", text))
    return found


def run(
    originals: Sequence[tuple[str, str]],
    count: int,
    seed: int,
    progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Run ``count`` mutants of these programs. The same numbers give the same mutants."""
    report = Report()
    one(originals[0][1])  # so that what is loaded once is loaded before the workers part
    chance = random.Random(seed)
    while report.mutants < count:
        batch: list[tuple[str, list[str], str]] = []
        for _ in range(min(_BATCH, count - report.mutants)):
            origin, text = chance.choice(originals)
            changed, done = mutant(text, chance)
            batch.append((origin, done, changed))
        for (origin, done, text), result in zip(batch, runs([each[2] for each in batch]), strict=True):
            report.add(result, origin, done, text)
        progress(report)
    return report
