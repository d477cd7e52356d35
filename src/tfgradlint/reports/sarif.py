"""Findings as SARIF 2.1.0, for code scanning services and editors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tfgradlint import __version__
from tfgradlint.analysis.results import ASSUMED, Finding, Fix, Position
from tfgradlint.reports.report import Report, is_opt_in, relative
from tfgradlint.reports.rule_page import link, page, summary
from tfgradlint.rules import all_rules
from tfgradlint.rules.base import Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def findings(report: Report) -> Iterator[str]:
    """One log with one run."""
    rules = all_rules()
    places = {rule.code: place for place, rule in enumerate(rules)}
    driver: dict[str, Any] = {
        "name": "tfgradlint",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, *one, places) for one in report.fingerprints()],
    }
    if report.left_out:
        notes = [_notification(report, *one, places) for one in report.left_out]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notes}]
    yield json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(rule: Rule) -> dict[str, Any]:
    told = page(rule)
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": summary(rule)},
        "fullDescription": {"text": summary(rule)},
        "help": {"text": told, "markdown": told},
        "defaultConfiguration": {"level": _level(rule.code), "enabled": not is_opt_in(rule.code)},
        "helpUri": link(rule.code),
    }


def _level(code: str) -> str:
    return "note" if is_opt_in(code) else "warning" if code.startswith("TFG0") else "error"


def _result(report: Report, path: str, finding: Finding, fingerprint: str, places: dict[str, int]) -> dict[str, Any]:
    region = _region(report.in_file(path, finding.position))
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": places[finding.code],
        "level": "warning" if finding.certainty == ASSUMED else _level(finding.code),
        "message": {"text": finding.message},
        "locations": [_location(path, region)],
        "partialFingerprints": {"tfgradlint/v1": fingerprint},
        "properties": {"certainty": finding.certainty, "assumes": list(finding.assumes)},
    }
    if finding.path_steps:
        steps = [
            {
                "location": {
                    **_location(step.file(path), {"startLine": at.line, "startColumn": at.column}),
                    "message": {"text": step.text},
                }
            }
            for step in finding.path_steps
            for at in (
                report.in_file(
                    step.file(path), Position(step.line, step.column, step.line, step.column, cell=step.cell)
                ),
            )
        ]
        what = {"text": "from the source of the gradient to its target"}
        result["codeFlows"] = [{"message": what, "threadFlows": [{"locations": steps}]}]
    if finding.fix is not None and not finding.position.cell:
        result["fixes"] = [_fix(path, finding.fix)]
    return result


def _notification(report: Report, path: str, finding: Finding, places: dict[str, int]) -> dict[str, Any]:
    """A part that was not judged in full, where that is no finding."""
    return {
        "level": "note",
        "message": {"text": finding.message},
        "associatedRule": {"id": finding.code, "index": places[finding.code]},
        "locations": [_location(path, _region(report.in_file(path, finding.position)))],
    }


def _region(position: Position) -> dict[str, int]:
    return {
        "startLine": position.line,
        "startColumn": position.column,
        "endLine": position.end_line,
        "endColumn": position.end_column,
    }


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": {
                "startLine": edit.position.line,
                "startColumn": edit.position.column,
                "endLine": edit.position.end_line,
                "endColumn": edit.position.end_column,
            },
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    artifact = _location(path, {})["physicalLocation"]["artifactLocation"]
    change = {"artifactLocation": artifact, "replacements": replacements}
    return {"description": {"text": f"{fix.title} ({fix.grade})"}, "artifactChanges": [change]}


def _location(path: str, region: dict[str, int]) -> dict[str, Any]:
    known = relative(path)
    if os.path.isabs(known):
        artifact = {"uri": Path(known).as_uri()}
    else:
        artifact = {"uri": quote(os.fsencode(known)), "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
