"""Results as lines for people: ``path:line:column: CODE message``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tfgradlint.analysis.results import Finding, Prediction, SourcePrediction, place


def findings(located: Iterable[tuple[str, Finding]]) -> Iterator[str]:
    """A line for each finding."""
    for path, finding in located:
        position = finding.position
        yield f"{place(path, position.cell)}:{position.line}:{position.column}: {finding.code} {finding.message}"


def notes(left_out: Iterable[tuple[str, Finding]]) -> Iterator[str]:
    """A line for each part that was not judged in full, where that is no finding."""
    for path, finding in left_out:
        position = finding.position
        yield f"{place(path, position.cell)}:{position.line}:{position.column}: note: {finding.message}"


def predictions(located: Iterable[tuple[str, Prediction]]) -> Iterator[str]:
    """A line for each request, and below it an indented line for each of its sources."""
    for path, prediction in located:
        where = place(path, prediction.cell)
        yield f"{where}:{prediction.line}:{prediction.column}: {prediction.call}: {prediction.verdict}"
        for source in prediction.sources:
            yield f"    {source.source}: {source.verdict}{_why(source)}"


def _why(source: SourcePrediction) -> str:
    cell = f" of cell {source.cell}" if source.cell else ""
    words = [word for word in (source.code, f"line {source.line}{cell}" if source.line is not None else None) if word]
    place = f" ({', '.join(words)})" if words else ""
    return f"{place}: {source.reason}" if source.reason else place


def statistics(located: Iterable[tuple[str, Finding]], names: Mapping[str, str]) -> Iterator[str]:
    """A line for each code that was found: how often, and the name of its rule."""
    for code, count in sorted(Counter(finding.code for _, finding in located).items()):
        yield f"{count:<7} {code} {names.get(code, '')}".rstrip()


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table with columns as wide as their widest cell."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
