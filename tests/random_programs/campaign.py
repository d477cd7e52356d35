"""Many random programs: judged one after the other, failures shrunk by Hypothesis and told one of each kind."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tfgradlint.evidence.observe import tensorflow

from .families import families
from .judging import Verdict, judge
from .programs import programs
from .reducing import reduced

#: More unknown sources than this share of all are a failure: the programs only hold what the linter should know.
UNKNOWN_SHARE = 0.10
#: Hypothesis repeats parts of what it generated before once it has seen ten examples; fewer are all different.
_BATCH = 10


@dataclass
class Found:
    """A failing program, as small as it gets."""

    kind: str
    text: str
    told: str


@dataclass
class Report:
    """What came out of a run."""

    programs: int = 0
    sources: int = 0
    unknown: int = 0
    accidents: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    #: How many programs failed, and how many in which way.
    contradicted: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    misses: Counter[str] = field(default_factory=Counter)
    failures: list[Found] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of sources whose verdict is unknown."""
        return self.unknown / self.sources if self.sources else 0.0

    def add(self, verdict: Verdict) -> None:
        self.programs += 1
        self.sources += verdict.sources
        self.unknown += verdict.unknown
        self.accidents += verdict.accidents
        self.causes += verdict.causes
        self.agreed += verdict.agreed
        self.endings += verdict.endings
        self.misses += verdict.misses
        self.contradicted += bool(verdict.contradictions)
        self.kinds.update({each.kind for each in verdict.contradictions})

    def summary(self) -> str:
        """The figures, and the most frequent causes of what is not known."""
        lines = [
            f"{self.programs} programs, {self.sources} sources judged",
            f"confirmed: {_table(self.agreed)}; decided by the numbers alone: {self.accidents}",
            f"unknown: {self.unknown} ({self.share:.1%}; at most {UNKNOWN_SHARE:.0%})",
            *(f"    {count:5} {cause}" for cause, count in self.causes.most_common(12)),
            f"contradicted: {_table(self.kinds) or 'nothing'}",
        ]
        return "\n".join(lines)


def _table(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


class Writer(Protocol):
    """Writes one program by what it draws."""

    def __init__(self, draw: Callable[..., Any]) -> None: ...

    def program(self) -> str:
        """The text of a program."""


@dataclass(frozen=True)
class Kind:
    """What is written, how it is judged, in how many tries a failing program is made small, and the families."""

    programs: Callable[[], Any]
    judge: Callable[[str], Verdict]
    tries: int
    families: Callable[[], Mapping[str, type[Writer]]]


#: Programs with tapes.
TAPES = Kind(programs, judge, 600, families)


def of_family(family: type[Writer], kind: Kind = TAPES) -> Kind:
    """The programs of one family."""

    @st.composite
    def written(draw: Any) -> str:
        return family(draw).program()

    return Kind(written, kind.judge, 120, kind.families)


def run_families(
    count: int,
    start: int,
    names: Sequence[str] = (),
    progress: Callable[[str, Report], None] = lambda name, report: None,
    kind: Kind = TAPES,
) -> dict[str, Report]:
    """Judge ``count`` programs of each family, or of each of those named."""
    return {
        name: run(count, start, functools.partial(progress, name), of_family(family, kind))
        for name, family in kind.families().items()
        if not names or name in names
    }


def table(reports: Mapping[str, Report]) -> str:
    """What came of each family, a line each, with the share of unknown and how often which claim was contradicted."""
    rows = [("family", "programs", "sources", "right", "unknown", "contradicted", "")]
    for name, report in reports.items():
        right = sum(report.agreed.values()) + report.accidents
        unknown = f"{report.share:.1%}"
        failed = str(report.contradicted)
        rows.append(
            (name, str(report.programs), str(report.sources), str(right), unknown, failed, _table(report.kinds))
        )
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join(
            (
                row[0].ljust(widths[0]),
                *(each.rjust(width) for each, width in zip(row[1:6], widths[1:], strict=True)),
                row[6],
            )
        ).rstrip()
        for row in rows
    )


def run(count: int, start: int, progress: Callable[[Report], None] = lambda report: None, kind: Kind = TAPES) -> Report:
    """Judge ``count`` different programs. The same numbers give the same programs."""
    report = Report()
    seen: set[str] = set()
    batch = 0
    tensorflow()
    while report.programs < count:
        _run_batch(start * 10_007 + batch, count, report, seen, kind)
        progress(report)
        batch += 1
    return report


def _run_batch(number: int, count: int, report: Report, seen: set[str], kind: Kind) -> None:
    """Judge some more programs; the first one of each kind of failure is made small."""
    told = {failure.kind for failure in report.failures}

    @seed(number)
    @settings(
        max_examples=_BATCH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(kind.programs())
    def one(text: str) -> None:
        if text in seen or report.programs >= count:
            return
        seen.add(text)
        verdict = kind.judge(text)
        report.add(verdict)
        for each in verdict.contradictions:
            if each.kind not in told:
                told.add(each.kind)
                report.failures.append(_shrunk(text, each.kind, kind))

    one()


def _shrunk(text: str, name: str, kind: Kind) -> Found:
    """The program as small as it gets while it fails in the same way."""

    def contradictions(candidate: str) -> list[str]:
        verdict = kind.judge(candidate)
        if not _kinds(verdict) <= endings:
            return []  # it breaks off where the whole program goes on
        return [each.told for each in verdict.contradictions if each.kind == name]

    endings = _kinds(kind.judge(text))
    small = reduced(text, lambda candidate: bool(contradictions(candidate)), kind.tries)
    return Found(name, small, contradictions(small)[0])


def _kinds(verdict: Verdict) -> set[str]:
    """The exceptions in which a program ended, without what depends on its names."""
    return {ending.partition(":")[2].partition(":")[0] for ending in verdict.endings}
