"""Several files judged together: a break that one file leads to in another is told once, where it stands."""

from __future__ import annotations

import dataclasses
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tfgradlint.analysis.results import VERDICTS, Analysis, Finding, Position, Prediction, all_of, worst
from tfgradlint.files import sources
from tfgradlint.files.running import Judged


def together(files: Sequence[Judged]) -> Iterator[Judged]:
    """The same files in their order, each with what others found out about it."""
    by_path = {os.path.realpath(each.path): each for each in files if each.notebook is None and not each.error}
    findings: dict[str, list[Finding]] = defaultdict(list)
    told: dict[str, set[tuple[str, Position]]] = defaultdict(set)
    predictions: dict[str, list[Prediction]] = defaultdict(list)
    for judged in files:
        for each in judged.analysis.elsewhere:
            there = _path(judged, each.path)
            if there in by_path:
                findings[there].append(each.finding)
                told[judged.path].update(each.told)
        for predicted in judged.analysis.predicted_elsewhere:
            predictions[_path(judged, predicted.path)].append(predicted.prediction)
    for judged in files:
        path = os.path.realpath(judged.path)
        heard = by_path.get(path) is judged
        more, requests = (findings[path], predictions[path]) if heard else ([], [])
        if more or requests or told[judged.path]:
            analysis = _with(judged.analysis, more, told[judged.path], requests)
            judged = dataclasses.replace(judged, analysis=analysis)
            if more and not judged.text:  # it was not needed so far
                judged = dataclasses.replace(judged, text=sources.read(judged.path))
        yield judged


def _path(judged: Judged, relative: str) -> str:
    return os.path.realpath(os.path.join(os.path.dirname(judged.path), relative))


def _with(
    analysis: Analysis, more: Sequence[Finding], told: set[tuple[str, Position]], requests: Sequence[Prediction]
) -> Analysis:
    other_views = tuple(each for each in analysis.findings if (each.code, each.position) in told)
    left = (each for each in analysis.findings if each not in other_views)
    found = {(each.code, each.position): each for each in left if not _decided(each, analysis, requests)}
    for each in more:
        found.setdefault((each.code, each.position), each)
    groups: dict[tuple[int, int, str], list[Prediction]] = defaultdict(list)
    for request in requests:
        groups[request.line, request.column, request.call].append(request)
    predicted = {(each.line, each.column, each.call): each for each in analysis.predictions}
    for key, handed in groups.items():
        predicted[key] = _joined(predicted.get(key), handed)
    return dataclasses.replace(
        analysis,
        findings=tuple(sorted(found.values(), key=lambda each: (each.position, each.code))),
        predictions=tuple(predicted[key] for key in sorted(predicted)),
        told=other_views,
    )


def _decided(finding: Finding, analysis: Analysis, handed: Sequence[Prediction]) -> bool:
    """Whether a finding is one of requests that run alone in this file, and that the program comes to from another.

    What it hands to them decides, and is told by itself.
    """
    entered = {(each.line, each.column, each.call) for each in handed if each.entered}
    told = [each for each in analysis.predictions if entered and _tells(each, finding)]
    return bool(told) and all(not each.entered and (each.line, each.column, each.call) in entered for each in told)


def _tells(prediction: Prediction, finding: Finding) -> bool:
    """Whether a request suffers from what a finding reports."""
    columns = [told for each in prediction.sources for told in (each, each.assumed) if told is not None]
    return (finding.code, finding.position.line) in {(each.code, each.line) for each in columns}


def _joined(alone: Prediction | None, handed: Sequence[Prediction]) -> Prediction:
    """What is said of a request that several files lead to.

    Where the program begins decides: what it comes to from there, and nothing else. Where it does not come to it, it is
    what those hand to it that lead to it, as far as that is known.
    """
    entered = [each for each in (alone, *handed) if each is not None and each.entered]
    if entered:
        return _all_of(entered)
    known = [*handed, *([alone] if alone is not None and alone.verdict != "unknown" else [])]
    found = _worst(known)
    return alone if found.verdict == "unknown" and alone is not None and alone in known else found


def _worst(predicted: Sequence[Prediction]) -> Prediction:
    return max(predicted, key=lambda each: (VERDICTS.index(each.verdict), len(each.sources)))


def _all_of(predicted: Sequence[Prediction]) -> Prediction:
    """What holds of all that come to a request: of each source, if all have as many."""
    found = _worst(predicted)
    if len({len(each.sources) for each in predicted}) > 1:
        return found
    columns = []
    for column in zip(*(each.sources for each in predicted), strict=True):
        told = max(column, key=lambda each: VERDICTS.index(each.verdict))
        columns.append(dataclasses.replace(told, verdict=all_of({each.verdict for each in column})))
    return dataclasses.replace(found, sources=tuple(columns), verdict=worst([each.verdict for each in columns]))
