"""Findings as services show them beside the code: GitHub, GitLab, and whatever reads JUnit."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from tfgradlint.analysis.results import ASSUMED, Finding, Position
from tfgradlint.reports import text
from tfgradlint.reports.report import Report, is_opt_in, relative
from tfgradlint.reports.rule_page import link


def github(report: Report) -> Iterator[str]:
    """Workflow commands: an annotation on the line of each finding, and of what was not judged in full."""
    for path, finding in (*report.located, *report.left_out):
        position = report.in_file(path, finding.position)
        where = [f"file={_property(relative(path))}", f"line={position.line}", f"col={position.column}"]
        where.append(f"endLine={position.end_line}")
        if position.end_line == position.line:
            where.append(f"endColumn={position.end_column}")
        where.append(f"title={_property(f'tfgradlint ({finding.code})')}")
        kind = "notice" if is_opt_in(finding.code) else "warning" if finding.certainty == ASSUMED else "error"
        told = next(text.findings([(path, finding)]))
        yield f"::{kind} {','.join(where)}::{_data(told)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def gitlab(report: Report) -> Iterator[str]:
    """A code quality report."""
    told = [
        {
            "description": _cell(finding) + finding.message,
            "check_name": finding.code,
            "fingerprint": fingerprint,
            "severity": "info" if is_opt_in(finding.code) else "minor" if finding.certainty == ASSUMED else "major",
            "location": {
                "path": relative(path),
                "positions": {
                    "begin": {"line": at.line, "column": at.column},
                    "end": {"line": at.end_line, "column": at.end_column},
                },
            },
        }
        for path, finding, fingerprint in report.fingerprints()
        for at in (report.in_file(path, finding.position),)
    ]
    yield json.dumps(told, indent=2)


def junit(report: Report) -> Iterator[str]:
    """A suite for each file with findings, a failed case for each finding; without findings one case that passed."""
    total = len(report.located)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield f'<testsuites name="tfgradlint" tests="{max(total, 1)}" failures="{total}" errors="0">'
    for path, ones in itertools.groupby(report.located, key=lambda one: one[0]):
        cases = [finding for _, finding in ones]
        count = f'tests="{len(cases)}" failures="{len(cases)}" errors="0" skipped="0"'
        yield f'  <testsuite name={_attribute(path)} package="tfgradlint" {count}>'
        for finding in cases:
            yield from _case(path, finding, report.in_file(path, finding.position))
        yield "  </testsuite>"
    if not total:
        yield '  <testsuite name="tfgradlint" tests="1" failures="0" errors="0" skipped="0">'
        yield '    <testcase name="no findings" classname="tfgradlint"/>'
        yield "  </testsuite>"
    yield "</testsuites>"


def _case(path: str, finding: Finding, at: Position) -> Iterator[str]:
    position = finding.position
    module = _attribute(os.path.splitext(path)[0])
    place = f'line="{at.line}" column="{at.column}"'
    yield f'    <testcase name="tfgradlint.{finding.code}" classname={module} file={_attribute(path)} {place}>'
    told = f"{_cell(finding)}line {position.line}, column {position.column}: {finding.code} {finding.message}"
    body = f"{escape(_clean(told))}\n{link(finding.code)}"
    yield f"      <failure message={_attribute(finding.message)}>{body}</failure>"
    yield "    </testcase>"


def _cell(finding: Finding) -> str:
    return f"cell {finding.position.cell}: " if finding.position.cell else ""


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    """The text without the characters that XML has no way to hold."""
    return "".join(each if each >= " " and not "\ud800" <= each <= "\udfff" else "\ufffd" for each in text)
