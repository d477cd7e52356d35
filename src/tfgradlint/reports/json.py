"""Results as JSON, for programs. The keys are part of the interface and keep their meaning."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tfgradlint.results import Finding, Prediction


def findings(located: Iterable[tuple[str, Finding]]) -> str:
    """A list, one object a finding. ``fix`` is null: no rule has a fix yet."""
    return _dump(
        {
            "path": path,
            "line": finding.position.line,
            "column": finding.position.column,
            "end_line": finding.position.end_line,
            "end_column": finding.position.end_column,
            "code": finding.code,
            "message": finding.message,
            "path_steps": [
                {"path": path, "line": step.line, "column": step.column, "text": step.text}
                for step in finding.path_steps
            ],
            "fix": None,
        }
        for path, finding in located
    )


def predictions(located: Iterable[tuple[str, Prediction]]) -> str:
    """A list, one object a request."""
    return _dump(
        {
            "path": path,
            "line": prediction.line,
            "column": prediction.column,
            "call": prediction.call,
            "verdict": prediction.verdict,
            "sources": [
                {
                    "source": source.source,
                    "verdict": source.verdict,
                    "code": source.code,
                    "line": source.line,
                    "reason": source.reason,
                }
                for source in prediction.sources
            ],
        }
        for path, prediction in located
    )


def _dump(objects: Iterable[dict[str, object]]) -> str:
    return json.dumps(list(objects), indent=2)
