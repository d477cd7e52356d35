"""Steps on the way of a gradient that are no numbers for some inputs: whether they spoil what a source gets."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from tfgradlint.flow.facts.hazards import DANGEROUS, hazards_of
from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.patterns import Hazard
from tfgradlint.flow.graph.nodes import OPAQUE, PHI, Node
from tfgradlint.flow.tape.search import FLOWS, Search, ancestors, leads_on
from tfgradlint.flow.tape.tape import Tape, recorded
from tfgradlint.flow.verdict.judgements import Judgement, Reason


class _Spoilt(NamedTuple):
    """A hazard that the gradient certainly passes, and all that it may go on to."""

    reason: Reason
    below: frozenset[Node]


class NonFinite:
    """The hazards of one request.

    Args:
        numbers: the facts of the run.
        tape: the tape that is asked.
        targets: the nodes of the request's targets.
    """

    def __init__(self, numbers: Numbers, tape: Tape, targets: list[Node]) -> None:
        self._numbers, self._tape, self._targets = numbers, tape, targets
        self._found: list[_Spoilt] | None = None

    def judged(self, judgement: Judgement, source: Node) -> Judgement:
        """The judgement of a source that a gradient arrives at: whether it is one of numbers depends on the inputs."""
        reasons = [
            spoilt.reason
            for spoilt in self._spoilt()
            if source in spoilt.below or (source.variable is not None and _among(source, spoilt.below))
        ]
        if not reasons:
            return judgement
        return judgement._replace(verdict="arrives", reason=reasons[0], also=tuple(reasons[1:]))

    def _spoilt(self) -> list[_Spoilt]:
        if self._found is None:
            history = ancestors(self._targets)
            steps = [node for node in history if node.formula is not None and node.formula.form in DANGEROUS]
            found = [
                (node, hazard)
                for node in sorted(steps, key=lambda each: each.seq)
                for hazard in hazards_of(self._numbers, node)
                if hazard.alone is None or self._used_once(hazard.alone, history)
            ]
            self._found = [self._below(node, hazard) for node, hazard in found if self._passed(node)]
        return self._found

    def _used_once(self, value: Node, history: Collection[Node]) -> bool:
        """Whether one step alone is computed of a value, which a graph computes once however often it is written."""
        users = [
            (edge.node, node)
            for node in history
            for edge in node.edges
            if edge.node is value or self._numbers.same(edge.node, value)
        ]
        outside = value.uses > sum(used is value for used, _ in users)
        return not outside and len({self._numbers.number(user) for _, user in users}) == 1

    def _passed(self, step: Node) -> bool:
        """Whether the gradient certainly comes to a step."""
        search = Search(self._tape, lambda node: FLOWS if node is step else None)
        return any(search.outcome(target) == FLOWS for target in self._targets)

    def _below(self, step: Node, hazard: Hazard) -> _Spoilt:
        found = {hazard.through}
        stack = [hazard.through]
        while stack:
            node = stack.pop()
            if node.kind not in (PHI, OPAQUE) and not recorded(self._tape, node):
                continue
            more = {edge.node for edge in node.edges if leads_on(edge)} - found
            found |= more
            stack += more
        reason = Reason(hazard.cause, hazard.site, hazard.detail, (hazard.detail.inner, step.site))
        return _Spoilt(reason, frozenset(found))


def _among(source: Node, nodes: Iterable[Node]) -> bool:
    return any(node.variable is source.variable for node in nodes)
