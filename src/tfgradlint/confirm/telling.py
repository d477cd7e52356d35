"""Says how the run and the predictions compare: as a table with what needs a look below it, or as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

from tfgradlint import __version__
from tfgradlint.analysis.results import place
from tfgradlint.confirm.comparing import AGREES, CONTRADICTED, NOT_EVALUATED, UNKNOWN, Observed, Row, counted
from tfgradlint.confirm.observations import Ending
from tfgradlint.confirm.places import how, relative
from tfgradlint.confirm.session import Session, text_of
from tfgradlint.files.running import Judged
from tfgradlint.reports.text import table

#: How a request's gradient that is bad is told of.
_GIVES = {"none": "is None", "zero": "is zero in every evaluation", "nonfinite": "is NaN or infinite"}
_STATES = {AGREES: "ok", CONTRADICTED: "CONTRADICTED", UNKNOWN: "", NOT_EVALUATED: "not evaluated"}


def lines(session: Session, rows: Sequence[Row]) -> Iterator[str]:
    """What people read."""
    told = _Places(session.judged)
    if rows:
        header = ("request", "predicted", "observed", "times", "")
        yield from table(
            header,
            ((told.request(row), row.predicted, row.observed, str(row.times), _mark(row)) for row in rows),
        )
    for row in rows:
        yield from _unexplained(row, told)
    for row in rows:
        if row.state == CONTRADICTED:
            yield from _contradicted(session, row, told)
    yield ""
    yield summary(session, rows)


def _mark(row: Row) -> str:
    return "see below" if row.unexplained and row.state != CONTRADICTED else _STATES[row.state]


def summary(session: Session, rows: Sequence[Row]) -> str:
    """The last line: the requests by what came of them, and how the program ended."""
    counts = counted(rows)
    words = {
        AGREES: "as predicted",
        CONTRADICTED: "contradicted",
        UNKNOWN: "not predicted",
        NOT_EVALUATED: "not evaluated",
    }
    told = ", ".join(f"{counts[state]} {word}" for state, word in words.items() if counts.get(state))
    overflow = session.report.overflow
    more = f"; {overflow} evaluations in graphs were not looked at" if overflow else ""
    count = f"{len(rows)} request{'s' * (len(rows) != 1)}" if rows else "no requests"
    return f"{count}{': ' * bool(told)}{told}{more}; the program {ended(session.report.ending)}"


def ended(ending: Ending) -> str:
    """How the program ended: ``ended with exit status 1 (ValueError in train.py, line 4: ...)``."""
    if ending.stopped:
        return f"was stopped {ending.stopped}"
    if not ending.type:
        return f"ended with exit status {ending.status}"
    where = f" in {relative(ending.file)}, line {ending.line}" if ending.line else ""
    message = f": {ending.message}" if ending.message else ""
    return f"ended with exit status {ending.status} ({ending.type}{where}{message})"


def _unexplained(row: Row, told: _Places) -> Iterator[str]:
    """A paragraph for the sources that got nothing, and were not predicted to."""
    by_word: dict[str, list[Observed]] = {}
    for each in row.unexplained:
        by_word.setdefault(each.bad, []).append(each)
    for word, sources in by_word.items():
        if word == "raises":
            raised = next(each for each in sources[0].words if each.startswith("raises"))
            yield ""
            yield f"{told.request(row)} raises {raised.partition(':')[2]}"
            continue
        names = ", ".join(dict.fromkeys(each.source for each in sources[:4])) + ", ..." * (len(sources) > 4)
        yield ""
        yield f"{told.request(row)}: the gradient {_GIVES[word]} for {names}"
        for lost in row.lost:
            if lost.word == word:
                yield f"    {how(lost, told.line(lost.file, lost.line))}{told.text(lost.file, lost.line)}"


def _contradicted(session: Session, row: Row, told: _Places) -> Iterator[str]:
    """What is to be sent to the authors: versions, the request, and what was seen."""
    yield ""
    yield f"{told.request(row)}: TensorFlow contradicts the prediction, which is a fault of tfgradlint. Please report:"
    yield f"    tfgradlint {__version__}, {session.report.versions}"
    yield f"    {text_of(session.judged, row.key[0], row.key[1])}"
    for each in row.sources:
        if each.contradicted:
            why = f" ({each.told.reason})" if each.told is not None and each.told.reason else ""
            yield f"    {each.source}: predicted {each.predicted}{why}, observed {', '.join(each.words)}"
    if row.word:
        yield f"    predicted {row.predicted}, observed {row.word}"


class _Places:
    """Names for places: with the cell, where a file is a notebook."""

    def __init__(self, judged: Sequence[Judged]) -> None:
        self._judged = {os.path.realpath(each.path): each for each in judged}

    def line(self, path: str, line: int) -> str:
        """``train.py:12``."""
        judged = self._judged.get(path)
        if judged is None or judged.notebook is None:
            return f"{relative(path)}:{line}"
        cell, row = judged.notebook.place(line)
        return f"{place(relative(path), cell)}:{row}"

    def request(self, row: Row) -> str:
        """``train.py:12:9: gradient``."""
        path, line, column, call = row.key
        return f"{self.line(path, line)}:{f'{column}:' * (column is not None)} {call}"

    def text(self, path: str, line: int) -> str:
        """The line itself, where the file is known."""
        text = text_of([*self._judged.values()], path, line)
        return f": {text}" if text else ""


def document(session: Session, rows: Sequence[Row]) -> str:
    """The same as JSON."""
    ending = session.report.ending
    data = {
        "version": 1,
        "versions": session.report.versions,
        "program": {
            "status": ending.status,
            "exception": ending.type or None,
            "message": ending.message or None,
            "path": relative(ending.file) or None,
            "line": ending.line or None,
            "stopped": ending.stopped or None,
        },
        "requests": [_row(row) for row in rows],
    }
    return json.dumps(data, indent=2)


def _row(row: Row) -> dict[str, Any]:
    path, line, column, call = row.key
    return {
        "path": relative(path),
        "line": line,
        "column": column,
        "call": call,
        "state": row.state,
        "times": row.times,
        "predicted": row.prediction.verdict if row.prediction is not None else None,
        "assumed": row.prediction.assumed if row.prediction is not None else None,
        "observed": row.observed if row.times else None,
        "sources": [
            {"source": each.source, "predicted": each.predicted or None, "observed": list(each.words)}
            for each in row.sources
        ],
        "lost": [
            {"gives": lost.word, "why": lost.why, "step": lost.step or None, "path": relative(lost.file) or None}
            | {"line": lost.line or None}
            for lost in row.lost
        ],
    }
