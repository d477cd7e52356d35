"""One module an output format, or a few of a kind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from tfgradlint.reports import full, json, sarif, services, text
from tfgradlint.reports.report import Report

#: The lines of findings in every format that ``check`` knows.
FORMATS: dict[str, Callable[[Report], Iterator[str]]] = {
    "text": lambda report: itertools.chain(text.findings(report.located), text.notes(report.left_out)),
    "full": full.findings,
    "json": lambda report: iter([json.findings(report.located, report.left_out)]),
    "jsonl": lambda report: json.finding_lines(report.located, report.left_out),
    "sarif": sarif.findings,
    "github": services.github,
    "gitlab": services.gitlab,
    "junit": services.junit,
}
#: The formats that tell of repairs.
WITH_FIXES = ("full", "json", "jsonl", "sarif")
#: The formats that no program reads.
FOR_PEOPLE = ("text", "full")

__all__ = ["FORMATS", "FOR_PEOPLE", "WITH_FIXES", "Report"]
