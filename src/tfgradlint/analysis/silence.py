"""Why a source has no finding: what is missing where nothing is known, and what a bad verdict comes from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from tfgradlint.analysis.wording import Wording, listed
from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.origins import Kind, Origin
from tfgradlint.flow.verdict.judgements import ARRIVING, Judgement, RequestSite, Silence
from tfgradlint.rules.base import REQUESTS

_SILENT = {
    Silence.ZEROS_ASKED: "no gradient arrives, and the request asks for zeros in place of None",
    Silence.NO_TARGET: "the target is None",
    Silence.NO_SOURCE: "the source is None",
    Silence.OUTER_TAPE: "the tape is entered outside of the compiled function that asks it",
    Silence.OTHER_LOSS: "the target does not depend on this part of the model, which may be there for another loss",
}
#: What leaves a request undecided.
_UNDECIDED: dict[Origin, str] = {
    origins.TAPE: "it is not known which tape is asked",
    origins.UNKNOWN_TAPE: "it is not known whether a tape is asked",
    origins.TAPE_OF_CALLER: "the tape belongs to the caller of a compiled function",
    origins.SOURCE: "it is not known whether the source is a tensor or a variable",
    origins.TARGET: "it is not known what kind of value the target is",
    origins.INTEGER_TARGET: "the target is a tensor of integers",
    origins.MAY_RAISE: "an operation between target and source may raise",
    origins.MAYBE_HANDED_THROUGH: "the source may be the same object as what it was made of",
    origins.ALTERNATIVES: "it depends on which branch is taken",
    origins.LEFT_OUT: "the part of the program that asks was not analysed to its end",
    origins.NOT_REACHED: "the program would not get to this request",
    origins.WATCHED_VARIABLES: "the sources are whatever the tape watched",
}


def missing(judgements: Sequence[Judgement], wording: Wording) -> str | None:
    """What is not known of a source whose verdict is ``unknown``: of the first evaluation that could not tell."""
    unclear = next((each for each in judgements if each.verdict == "unknown"), None)
    if unclear is None:
        return None if len(judgements) < 2 else "the evaluations of this request differ"
    origin, site = unclear.origin, unclear.hidden_at
    if origin is None:
        return None
    if origin in _UNDECIDED:
        return _UNDECIDED[origin]
    if site is None or site.expression is None:
        return f"not known: {origin.text}"
    node = site.expression
    step = f"{wording.text(node.func)}()" if isinstance(node, cst.Call) else wording.text(node)
    return _of_kind(origin, f"{step} {wording.where(site)}")


def _of_kind(origin: Origin, step: str) -> str:
    root = _root(origin.text)
    if origin.kind is Kind.OUTSIDE:
        return f"{step} comes from {root}"
    if origin.kind in (Kind.ELEMENT, Kind.PART):
        return f"{step} is a part of a value that is not known: {root}"
    if origin.kind is Kind.MADE:
        return f"it is not known what {step} gives: {root}"
    if origin.kind is Kind.ANYTHING:
        return f"code that is not analysed may have changed {step}"
    if origin.kind is Kind.GIVEN_UP:
        return f"{step} was not followed to its end: {root}"
    if origin is origins.EFFECT_NOT_KNOWN:
        return f"it is not known what {step} does to gradients"
    return f"{step} is not known: {root}"


#: What an origin leads back to, in words.
_ROOTS = {
    "parameter": "a parameter of a function that nothing calls",
    "import": "an import that is not followed",
    "undefined name": "a name that is not defined",
    "global name": "a name that other code may bind",
}


def _root(text: str) -> str:
    """Of a call of a call of something unknown, that."""
    found = re.sub(r"^(?:(?:call of unknown|element of) ?\(?)*(.*?)\)*$", r"\1", text)
    return _ROOTS.get(found, found or text)


def silent(verdict: str, judgements: Sequence[Judgement], site: RequestSite) -> str:
    """Why nothing is reported for a verdict that is no good news."""
    if verdict == "varies" and judgements:
        given = dict.fromkeys(each.verdict for each in judgements)
        return f"it depends on how the program comes here: {listed(list(given), 'or')}"
    for each in judgements:
        if each.silence is not None:
            return _SILENT[each.silence]
    if site.call in REQUESTS:
        return "no rule describes what takes the gradient away"
    what = "zeros" if verdict == "zero" else "no gradient"
    return f"the loss has {what} for it: see what is reported of the loss" if verdict not in ARRIVING else ""
