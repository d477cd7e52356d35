"""Results as lines for people: ``path:line:column: CODE message``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tfgradlint.analysis.results import ASSUMED, Assumed, Finding, Prediction, SourcePrediction, place
from tfgradlint.analysis.wording import under_assumptions


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


def predictions(located: Iterable[tuple[str, Prediction]], *, verbose: bool = False) -> Iterator[str]:
    """A line for each request, and below it an indented line for each of its sources.

    With ``verbose`` it says of what is unknown what is missing.
    """
    for path, prediction in located:
        where = place(path, prediction.cell)
        yield f"{where}:{prediction.line}:{prediction.column}: {prediction.call}: {prediction.verdict}"
        for source in prediction.sources:
            yield f"    {source.source}: {source.verdict}{_why(source)}{_assumed(source)}"
            if verbose and source.missing:
                yield f"        {source.missing}"


def _why(source: SourcePrediction | Assumed) -> str:
    cell = f" of cell {source.cell}" if source.cell else ""
    words = [word for word in (source.code, f"line {source.line}{cell}" if source.line is not None else None) if word]
    place = f" ({', '.join(words)})" if words else ""
    return f"{place}: {source.reason}" if source.reason else place


def _assumed(source: SourcePrediction) -> str:
    assumed = source.assumed
    return f" ({under_assumptions(assumed, source.source)}){_why(assumed)}" if assumed is not None else ""


def statistics(located: Iterable[tuple[str, Finding]], names: Mapping[str, str]) -> Iterator[str]:
    """A line for each code that was found: how often, the name of its rule, and how many of them are assumed."""
    found = [finding for _, finding in located]
    assumed = Counter(finding.code for finding in found if finding.certainty == ASSUMED)
    for code, count in sorted(Counter(finding.code for finding in found).items()):
        kinds = f" ({assumed[code]} assumed)" if assumed[code] else ""
        yield f"{count:<7} {code} {names.get(code, '')}".rstrip() + kinds


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table with columns as wide as their widest cell."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
