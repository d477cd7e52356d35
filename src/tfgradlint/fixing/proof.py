"""Holds a repair against what it promises: the analysis of the edited text."""

from __future__ import annotations

from collections import Counter

from tfgradlint.analysis.results import ASSUMED, VERDICTS, Analysis, Finding, Prediction, SourcePrediction

_GOOD = ("flows", "arrives")
_BAD = VERDICTS.index("zero")


def repairs(before: Analysis, after: Analysis, finding: Finding) -> bool:
    """Whether a finding is gone, the gradients that it took flow, and nothing else is worse than before.

    What stood behind a step that raised is reached for the first time: what is found there was there before.
    """
    last = max(edit.position.end_line for edit in finding.fix.edits) if finding.fix is not None else 0
    behind = finding.position.line if "raises" in finding.message else None
    left = Counter(each.code for each in before.findings)
    left[finding.code] -= 1
    for each in after.findings:
        left[each.code] -= 1
        if left[each.code] < 0 and (behind is None or each.position.line <= max(last, behind)):
            return False
    if after.endings > before.endings:
        return False
    return _requests(before.predictions, after.predictions, finding)


def _requests(before: tuple[Prediction, ...], after: tuple[Prediction, ...], finding: Finding) -> bool:
    # a repair keeps the order of the requests, and may add some of its own, which must be sound
    remaining = list(after)
    for old in before:
        while remaining and not _alike(old, remaining[0], finding):
            if remaining.pop(0).verdict not in _GOOD:
                return False
        if not remaining:
            return False
        remaining.pop(0)
    return all(each.verdict in _GOOD for each in remaining)


def _alike(old: Prediction, new: Prediction, finding: Finding) -> bool:
    """Whether a request can be the one from before, and no source fares worse."""
    if old.call != new.call:
        return False
    beside = finding.fix is not None and finding.fix.beside
    if len(old.sources) != len(new.sources):
        return new.verdict in _GOOD  # a list of weights holds others now
    for was, now in zip(old.sources, new.sources, strict=True):
        told = was.assumed if was.assumed is not None else was
        suffered = (told.code, told.cell, told.line) == (finding.code, finding.position.cell, finding.position.line)
        if suffered and (not _good(now, finding) or (finding.code in now.losses and not beside)):
            return False
        if was.verdict == "flows" and now.verdict != "flows":
            return False
        if VERDICTS.index(now.verdict) > max(VERDICTS.index(was.verdict), _BAD - 1):
            return False
    return True


def _good(source: SourcePrediction, finding: Finding) -> bool:
    """Whether a source gets its gradient, as surely as it was told to get none."""
    if source.assumed is not None and finding.certainty == ASSUMED:
        return source.assumed.verdict in _GOOD
    return source.verdict in _GOOD
