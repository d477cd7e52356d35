"""Steps on the way of a gradient that are no numbers for some inputs: whether they spoil what a source gets."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from tfgradlint.flow.facts.hazards import DANGEROUS, hazards_of
from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.patterns import Hazard
from tfgradlint.flow.facts.poison import adds_up, spreads, steep
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import OP, OPAQUE, PHI, Edge, Effect, Node
from tfgradlint.flow.tape.search import FLOWS, Search, ancestors, leads_on
from tfgradlint.flow.tape.tape import Tape, recorded
from tfgradlint.flow.verdict.judgements import ARRIVING, Judgement, Reason


class _Spoilt(NamedTuple):
    """A hazard that the gradient passes, certainly or where the tape records at all, and what it may go on to.

    ``beside``: what is computed with its value further on, which is no number either.
    """

    reason: Reason
    below: frozenset[Node]
    certain: bool
    proven: bool
    beside: frozenset[Node] = frozenset()


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
        """The judgement of a source with what spoils its gradient: whether it is one of numbers depends on the inputs.

        Where a gradient arrives under assumptions, they hold of what lies behind such a step as well.
        """
        if judgement.verdict == "zero" and self._multiplied(source):
            return judgement._replace(verdict="arrives")
        proven = judgement.verdict in ARRIVING
        if not proven and (judgement.assumed is None or judgement.assumed.verdict not in ARRIVING):
            return judgement
        spoilt = [
            each
            for each in self._spoilt()
            if (each.certain or not proven) and _leads_to(each.below, source, certainly=proven)
        ]
        reasons = [each.reason for each in spoilt]
        if not reasons:
            return judgement._replace(verdict="arrives") if proven and self._multiplied(source) else judgement
        verdict = judgement.verdict
        if proven:
            verdict = "nonfinite" if any(each.proven for each in spoilt) else "arrives"
        return judgement._replace(verdict=verdict, reason=reasons[0], also=tuple(reasons[1:]))

    def _multiplied(self, source: Node) -> bool:
        """Whether what is zero may be multiplied with what is no number."""
        return any(_leads_to(each.beside, source, certainly=True) for each in self._spoilt())

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
            straight = self._straight() if found else frozenset()
            certain = {node: self._passed(node) for node, _ in found}
            self._found = [
                self._below(node, hazard, certain[node]) for node, hazard in found if certain[node] or node in straight
            ]
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

    def _straight(self) -> frozenset[Node]:
        """The steps that a gradient comes to whichever branch is taken, if the tape follows what they are made of."""
        found: set[Node] = set()
        stack = list(self._targets)
        while stack:
            node = stack.pop()
            if node in found or node.kind != OP or not recorded(self._tape, node):
                continue
            found.add(node)
            stack += [edge.node for edge in node.edges if edge.effect is Effect.FLOWS]
        return frozenset(found)

    def _undiminished(self, step: Node) -> bool:
        """Whether what comes back to a step is certainly not zero: all on a way to it has a slope everywhere."""
        seen: set[Node] = set()
        stack = list(self._targets)
        while stack:
            node = stack.pop()
            if node is step:
                return True
            if node in seen or node.formula is None or not recorded(self._tape, node):
                continue
            seen.add(node)
            flowing = {edge.node for edge in node.edges if _flows(edge)}
            stack += [each for each in steep(node.formula) if each in flowing]
        return False

    def _below(self, step: Node, hazard: Hazard, certain: bool) -> _Spoilt:
        reason = Reason(hazard.cause, hazard.site, hazard.detail, (hazard.detail.inner, step.site))
        if hazard.cause is not Cause.PROVEN_ZERO:
            return _Spoilt(reason, self._reached(hazard), certain, hazard.proven)
        # Of what may leave out just these elements it is only known that they may come there.
        beside = self._reached(hazard._replace(scattered=False)) | (frozenset() if hazard.root else self._beside(step))
        below = self._reached(hazard) if not hazard.root or self._undiminished(step) else frozenset()
        return _Spoilt(reason, below, certain, hazard.proven, beside)

    def _reached(self, hazard: Hazard) -> frozenset[Node]:
        """What the gradient goes on to that is no number."""
        found = {hazard.through}
        stack = [hazard.through]
        while stack:
            node = stack.pop()
            if node.kind not in (PHI, OPAQUE) and not recorded(self._tape, node):
                continue
            more = {edge.node for edge in node.edges if leads_on(edge)} - found
            if hazard.scattered:
                flowing = {edge.node for edge in node.edges if _flows(edge)}
                more = {each for each in more & flowing if spreads(self._numbers, node, each)}
            found |= more
            stack += more
        return frozenset(found)

    def _beside(self, step: Node) -> frozenset[Node]:
        behind, history = {step}, ancestors(self._targets)
        others: list[Node] = []
        for node in sorted(history, key=lambda each: each.seq):
            inputs = [edge.node for edge in node.edges if edge.effect is not Effect.PLAIN]
            if any(each in behind for each in inputs):
                behind.add(node)
                others += [] if adds_up(node) else inputs
        return frozenset(ancestors(others))


def _flows(edge: Edge) -> bool:
    return edge.effect in (Effect.FLOWS, Effect.ARRIVES)


def _leads_to(nodes: Collection[Node], source: Node, certainly: bool) -> bool:
    """Whether a source is among the nodes; or, where that need not be certain, one that may have got it."""
    if source in nodes or (not certainly and any(node.kind == OPAQUE for node in nodes)):
        return True
    return source.variable is not None and any(node.variable is source.variable for node in nodes)
