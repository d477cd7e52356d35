"""The verdict that holds under assumptions, where nothing is proven: a gradient arrives, or a break stops it."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.graph.breaks import Prediction
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import OP, OPAQUE, PHI, Node
from tfgradlint.flow.graph.unseen import Unseen, WeightList
from tfgradlint.flow.tape.search import (
    FLOWS,
    HISTORY,
    ZERO,
    Obstacle,
    Path,
    Search,
    ancestors,
    cheapest_path,
    gap_at,
    off_tape,
)
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Tensor, Unknown, Variable
from tfgradlint.flow.verdict.explanation import broken_by
from tfgradlint.flow.verdict.judgements import ARRIVING, Assumption
from tfgradlint.flow.verdict.separation import Passing, Separation, Sought, of_value

#: What arrives from all targets of a request, by a search.
Outcome = Callable[[Search], int]


class Assumptions:
    """Judges the sources of one request of which nothing is proven.

    Args:
        tape: the tape that is asked.
        targets: the nodes of the request's targets.
        unseen: what is known of code that nobody sees.
    """

    def __init__(self, tape: Tape, targets: list[Node], unseen: Unseen) -> None:
        self._tape = tape
        self._targets = targets
        self._unseen = unseen
        self._history: set[Node] | None = None

    def of(self, source: Tensor | Variable | Unknown, outcome: Outcome) -> Assumption | None:
        """What holds of a source; None where nothing does that can be said.

        A list that is put together of several, and one of several, are judged part by part.
        """
        node = source.node
        if not isinstance(source, Unknown) or node.kind not in (OP, PHI):
            return self._of(source, outcome)
        parts = _parts(node)
        found = [self._of_part(each, outcome) for each in parts]
        return _together(parts, found, added=node.kind == OP)

    def _of_part(self, node: Node, outcome: Outcome) -> Assumption | None:
        """The same of a part: of a variable among them something may be proven, which rests on no call."""
        if node.variable is None:
            return self._of(Unknown(node), outcome)
        return self._of(Tensor(node), outcome) or self._passing(
            Separation(self._tape, self._unseen, Tensor(node)), outcome
        )

    def _of(self, source: Tensor | Variable | Unknown, outcome: Outcome) -> Assumption | None:
        weights = self._unseen.weights.get(source.node)
        if weights is not None:
            return self._of_weights(weights, outcome)
        separation = Separation(self._tape, self._unseen, source)
        found = self._passing(separation, outcome)
        if found is not None and found.calls:
            return found
        met = separation.open(self._targets)
        return None if met is None else self._lost(separation, met)

    def _passing(self, separation: Separation, outcome: Outcome) -> Assumption | None:
        """What arrives if what nobody sees passes gradients; None where not even then anything certainly does."""
        passing = Passing(self._tape, separation)
        verdict = _ARRIVALS.get(outcome(passing))
        if verdict is None:
            return None
        return Assumption(verdict, None, tuple(node.site for node in passing.passed()), (), True)

    def _of_weights(self, weights: WeightList, outcome: Outcome) -> Assumption | None:
        """What arrives at all weights of a model of the program of which some are not seen."""
        called = {call.callee for call in self._unseen.calls.values()}
        sought = [
            *(Sought(frozenset({node}), node.variable, None, frozenset()) for node in weights.known),
            *(Sought(frozenset(), None, None, frozenset(), model=model) for model in weights.models),
            *(Sought(frozenset({node}), None, node, frozenset()) for node in weights.parts if node in called),
        ]
        if not sought or len(sought) > _WEIGHTS:
            return None
        found: list[Assumption] = []
        for each in sought:
            one = self._passing(Separation(self._tape, self._unseen, each), outcome)
            if one is None:
                return None
            found.append(one)
        calls = tuple(dict.fromkeys(site for each in found for site in each.calls))
        verdict = "flows" if all(each.verdict == "flows" for each in found) else "arrives"
        return Assumption(verdict, None, calls, (), True) if calls else None

    def _lost(self, separation: Separation, met: set[Node]) -> Assumption | None:
        """Where no way is open: the visible break, if one is on the visible way and nothing else is to be feared."""
        history = ancestors(self._targets) if self._history is None else self._history
        self._history = history
        if len(history) > HISTORY:
            return None
        leading = separation.leading(history)
        if not leading.intersection(self._targets) or separation.escapes(met, leading):
            return None
        path = cheapest_path(
            self._tape, self._targets, separation.found, lambda tape, node: _broken(separation, tape, node)
        )
        if path is None or not path.obstacles or not _of_values(path):
            return None
        assumed = separation.assumed_of(met)
        reason = broken_by(self._tape, path, path.obstacles[-1])
        sites = tuple(node.site for node in assumed.calls)
        return Assumption("none", reason, sites, assumed.values, assumed.under)


def _parts(node: Node) -> list[Node]:
    """What a list was added up of, or what a value is one of: lists of weights, elements of these, and variables."""
    found: dict[Node, None] = {}
    waiting = [node]
    while waiting and len(found) < _PARTS:
        each = waiting.pop()
        if each.kind == PHI or (each.kind == OP and each.loose):
            waiting.extend(edge.node for edge in reversed(each.edges))
        else:
            found[each] = None
    return list(found)


#: What is said of what arrives.
_ARRIVALS = {FLOWS: "flows", FLOWS | ZERO: "arrives"}
#: Each weight costs a search.
_WEIGHTS = 100
#: Nobody adds up the weights of more models, one by one.
_PARTS = 20


def _together(parts: list[Node], found: list[Assumption | None], *, added: bool) -> Assumption | None:
    """What holds of all parts, or, where they were ``added``, of one that gets no gradient while others may."""
    known = [each for each in found if each is not None]
    verdicts = {each.verdict for each in known}
    if len(known) == len(found) and (len(verdicts) == 1 or verdicts == set(ARRIVING)):
        calls = dict.fromkeys(site for each in known for site in each.calls)
        values = dict.fromkeys(value for each in known for value in each.values)
        verdict = known[0].verdict if len(verdicts) == 1 else "arrives"
        rests = calls or verdict == "none"
        return known[0]._replace(verdict=verdict, calls=tuple(calls), values=tuple(values)) if rests else None
    for part, each in zip(parts, found, strict=True):
        if added and each is not None and each.verdict == "none":
            return each._replace(verdict="varies", part=part.site)
    return None


def _broken(separation: Separation, tape: Tape, node: Node) -> Obstacle | None:
    """How an unknown call ends what came through it, besides the breaks that are known of steps."""
    if node.kind != OPAQUE:
        return off_tape(tape, node)
    name = separation.predicted(node)
    if name:
        return Obstacle(node, Cause.PREDICTED, Prediction(name))
    gap = gap_at(tape, node) if separation.forward(node) else None
    return None if gap is None else Obstacle(node, Cause.OFF_TAPE, gap)


def _of_values(path: Path) -> bool:
    """Whether a path goes across values all the way, and not by a form, a length or a dtype."""
    steps = zip(path.nodes, path.nodes[1:], strict=False)
    return all(any(edge.node is older and of_value(edge) for edge in node.edges) for node, older in steps)
