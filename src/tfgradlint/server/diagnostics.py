"""Findings as the protocol's diagnostics."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from tfgradlint.analysis.guarded import NOT_ANALYSED
from tfgradlint.analysis.results import Finding, PathStep
from tfgradlint.reports.rule_page import link
from tfgradlint.server.judging import Judged
from tfgradlint.settings.codes import LEFT_OUT


@dataclass(frozen=True, slots=True)
class Ranges:
    """Lines and columns, from 1 and in characters, as the client counts them: from 0 and in its own units."""

    lines: Sequence[str]
    codec: PositionCodec

    def position(self, line: int, column: int) -> types.Position:
        """A place; one beyond the text is its end."""
        if line > len(self.lines):
            line, column = len(self.lines), len(self.lines[-1]) + 1
        before = self.lines[line - 1][: column - 1]
        return types.Position(line - 1, self.codec.client_num_units(before))

    def between(self, line: int, column: int, end_line: int, end_column: int) -> types.Range:
        """From a place to another one, which is not included."""
        return types.Range(self.position(line, column), self.position(end_line, end_column))

    def step(self, step: PathStep) -> types.Range:
        """A step, as far as it is known to reach: to the end of its text, or of its line."""
        line = self.lines[step.line - 1] if step.line <= len(self.lines) else ""
        whole = line.startswith(step.text, step.column - 1)
        end = step.column + len(step.text) if whole else len(line.rstrip()) + 1
        return self.between(step.line, step.column, step.line, end)

    def characters(self, position: types.Position) -> tuple[int, int]:
        """The client's position as line and column from 1, in characters."""
        if position.line >= len(self.lines):
            return len(self.lines), len(self.lines[-1]) + 1
        units, line = 0, self.lines[position.line]
        for column, character in enumerate(line, 1):
            if units >= position.character:
                return position.line + 1, column
            units += self.codec.client_num_units(character)
        return position.line + 1, len(line) + 1


def diagnostics(
    judged: Judged, ranges: Mapping[int, Ranges], *, related: bool
) -> Iterator[tuple[int, list[types.Diagnostic]]]:
    """For each part of the document, by number, a diagnostic for each finding in it.

    It holds the way from the source to the target where the client shows that.
    """
    for part in ranges:
        found = [each for each in judged.findings if each.position.cell == part]
        yield part, [_diagnostic(finding, judged, ranges, related) for finding in found]


def _diagnostic(finding: Finding, judged: Judged, ranges: Mapping[int, Ranges], related: bool) -> types.Diagnostic:
    at = finding.position
    not_judged = finding.code in (NOT_ANALYSED, LEFT_OUT)
    return types.Diagnostic(
        range=ranges[at.cell].between(at.line, at.column, at.end_line, at.end_column),
        message=finding.message,
        severity=types.DiagnosticSeverity.Information if not_judged else types.DiagnosticSeverity.Warning,
        code=finding.code,
        code_description=types.CodeDescription(link(finding.code)),
        source="tfgradlint",
        related_information=_path(finding, judged, ranges) if related else None,
    )


def _path(finding: Finding, judged: Judged, ranges: Mapping[int, Ranges]) -> list[types.DiagnosticRelatedInformation]:
    """The steps from the source to the target, and the requests that suffer."""
    steps, at, parts = finding.path_steps, finding.position, judged.document.parts
    own = [each for each in steps if not each.path]
    broken = next((each for each in own if (each.cell, each.line, each.column) == (at.cell, at.line, at.column)), None)
    path = [
        (
            step.cell,
            ranges[step.cell].step(step),
            f"step {number} of {len(steps)}{_LOST * (step is broken)}: {step.text}",
        )
        for number, step in enumerate(steps, 1)
        if not step.path
    ]
    requests = [
        (
            each.cell,
            ranges[each.cell].between(each.line, each.column, each.line, each.column),
            f"{each.call} of {source.source}: {each.verdict if told is source else f'{told.verdict} (assumed)'}",
        )
        for each in judged.analysis.predictions
        for source in each.sources
        for told in (source.assumed or source,)
        if (told.code, told.cell, told.line) == (finding.code, at.cell, at.line)
    ]
    others = [
        types.DiagnosticRelatedInformation(
            types.Location(Path(os.path.abspath(step.file(judged.document.path))).as_uri(), _line(step.line)),
            f"step {number} of {len(steps)}: {step.text}",
        )
        for number, step in enumerate(steps, 1)
        if step.path
    ]
    return others + [
        types.DiagnosticRelatedInformation(types.Location(parts[part].uri, where), told)
        for part, where, told in path + requests
    ]


def _line(number: int) -> types.Range:
    """A line of a file whose text is not at hand."""
    return types.Range(types.Position(number - 1, 0), types.Position(number, 0))


_LOST = ", where the gradient is lost"
