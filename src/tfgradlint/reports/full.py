"""Findings with the line they stand on, and the way from the source to the break."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

from tfgradlint.analysis.results import Finding, PathStep, in_order
from tfgradlint.reports import text
from tfgradlint.reports.report import Report

#: Longer lines are shown in part, this much before the finding and this much in all.
_BEFORE, _WIDEST = 40, 140
_BOLD, _RED, _BLUE = "1", "1;31", "1;34"
_HERE = "  <- the gradient ends here"
_Paint = Callable[[str, str], str]


def findings(report: Report) -> Iterator[str]:
    """Several lines for each finding, and an empty one after it."""

    def paint(words: str, colour: str) -> str:
        return f"\x1b[{colour}m{words}\x1b[0m" if report.colour and words else words

    for path, finding in report.located:
        head = next(text.findings([(path, finding)]))
        where, code, message = head.partition(f" {finding.code} ")
        yield f"{paint(where, _BOLD)} {paint(code.strip(), _RED)} {message}"
        yield from _source(report, path, finding, paint)
        yield ""
    yield from text.notes(report.left_out)


def _source(report: Report, path: str, finding: Finding, paint: _Paint) -> Iterator[str]:
    position = finding.position
    places = [
        f"{f'{step.path}:' * bool(step.path)}{f'cell {step.cell}:' * bool(step.cell)}{step.line}:{step.column}"
        for step in finding.path_steps
    ]
    width = max([len(str(position.line)), *map(len, places)])
    line = report.line(path, position.line, position.cell)
    if line is not None:
        end = position.end_column - 1 if position.end_line == position.line else len(line)
        shown, carets = _excerpt(line, position.column - 1, max(end, position.column))
        bar = paint("|", _BLUE)
        yield f"{' ' * width} {bar}"
        yield f"{paint(str(position.line).rjust(width), _BLUE)} {bar} {shown}"
        padding = carets.rstrip("^")
        yield f"{' ' * width} {bar} {padding}{paint(carets[len(padding) :], _RED)}"
    if finding.path_steps:
        yield f"{' ' * width} {paint('=', _BLUE)} the way from the source:"
        breaks = _breaking(finding)
        for place, step in zip(places, finding.path_steps, strict=True):
            here = _HERE if step is breaks else ""
            yield f"{paint(place.rjust(width), _BLUE)} {paint('>', _BLUE)} {step.text}{paint(here, _RED)}"
    if finding.fix is not None:
        flags = "--fix" if finding.fix.grade == "safe" else "--fix --unsafe-fixes"
        yield f"{' ' * width} {paint('=', _BLUE)} {flags}: {finding.fix.title}"


def _breaking(finding: Finding) -> PathStep | None:
    """The step that the finding is about: of those that start there, the one that is as long."""
    position = finding.position
    there = [step for step in finding.path_steps if not step.path and in_order(step) == in_order(position)]
    length = position.end_column - position.column
    exact = [step for step in there if position.line == position.end_line and len(step.text) == length]
    return next(iter(exact or there), None)


def _excerpt(line: str, start: int, end: int) -> tuple[str, str]:
    """The part of a line that is shown, and below it carets from ``start`` to ``end``."""
    first = 0 if len(line) <= _WIDEST else max(0, start - _BEFORE)
    last = min(len(line), first + _WIDEST)
    dots = "..." if first else ""
    shown = "".join(each if each.isprintable() or each == "\t" else "\ufffd" for each in line[first:last])
    padding = " " * len(dots) + "".join("\t" if each == "\t" else " " * _cells(each) for each in line[first:start])
    marked = sum(map(_cells, line[start : min(end, last)]))
    return dots + shown + ("..." if last < len(line) else ""), padding + "^" * max(marked, 1)


def _cells(character: str) -> int:
    """How wide a terminal shows a character."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
