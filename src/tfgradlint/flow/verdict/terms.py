"""What a request says of the terms that its target is a sum of."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.graph.breaks import Idle
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.tape.terms import idle_terms
from tfgradlint.flow.values.base import Value, Variable
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.flow.verdict.explanation import place_of, steps_of
from tfgradlint.flow.verdict.judgements import ARRIVING, Judgement, Reason
from tfgradlint.flow.verdict.request import Request


def idle(request: Request, sources: Sequence[Value], judgements: Sequence[Judgement]) -> list[Reason]:
    """For each term of the target that adds nothing to any gradient: where it breaks.

    Only where all sources are weights, and one of them gets a gradient: else the request itself is spoken of. A break
    for which a source is lost is its reason, and is told as that.
    """
    weights = [each for each in sources if isinstance(each, Variable)]
    if len(weights) != len(sources) or not any(each.verdict in ARRIVING for each in judgements):
        return []
    tape = request.tape
    told = {each.reason.site for each in judgements if each.reason is not None}
    found = []
    for term in idle_terms(tape, nodes_of(request.target), weights):
        first = term.path.obstacles[-1]
        site = place_of(tape, first)
        if site not in told:
            detail = Idle(term.node.site, first.cause, first.detail)
            cause = Cause.TERM_WITHOUT_GRADIENT if term.perhaps_meant else Cause.IDLE_TERM
            found.append(Reason(cause, site, detail, steps_of(term.path)))
    return found
