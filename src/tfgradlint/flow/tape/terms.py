"""The terms that a target is a sum of, and those among them from which no gradient comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tfgradlint.flow.graph.breaks import Gap
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Curvature, Operation, SecondDerivative
from tfgradlint.flow.graph.nodes import OP, PHI, Edge, Effect, Node, trainable
from tfgradlint.flow.tape.search import FLOWS, NOTHING, Obstacle, Path, Search, cheapest_path
from tfgradlint.flow.tape.tape import Tape, recorded
from tfgradlint.flow.values.base import Variable

#: Breaks that nobody wants in a loss: they take the value to where no tape can follow.
_BY_MISTAKE = frozenset(
    {Cause.PYTHON_VALUE, Cause.NUMPY_FUNCTION, Cause.NUMPY_CALLBACK, Cause.PREDICTED, Cause.OTHER_LIBRARY}
)
#: Breaks that may stand in a loss for its value's sake.
_PERHAPS_MEANT = frozenset({Cause.NO_GRADIENT, Cause.INTEGER_CAST, Cause.OFF_TAPE})
#: Of a sum of more, none is looked for.
_TERMS = 200


class IdleTerm(NamedTuple):
    """A term without a gradient: where it was computed last, and the cheapest way from it to one of the sources.

    ``perhaps_meant``: not all breaks on it are there by mistake.
    """

    node: Node
    path: Path
    perhaps_meant: bool


def idle_terms(tape: Tape, targets: Iterable[Node], sources: Iterable[Variable]) -> list[IdleTerm]:
    """The terms of the targets from which certainly no gradient comes to any source, beside one that has some.

    Their value depends on a source, across breaks only that hardly anybody wants. A gradient that is stopped, and what
    a shape or a whole number tells, is as it was meant.
    """
    weights = set(sources)
    search = Search(tape, lambda node: FLOWS if node.variable in weights else None)
    terms: dict[Node, int] = {}
    summed: set[Node] = set()
    for term in _terms(tape, targets, summed):
        terms[term] = search.outcome(term)
        if len(terms) > _TERMS:
            return []
    if not any(bits & FLOWS for bits in terms.values()):
        return []
    found = []
    for term, bits in terms.items():
        path = _path(tape, term, weights) if bits == NOTHING else None
        if path is not None and path.obstacles and not any(_meant(each, summed) for each in path.obstacles):
            meant = any(each.cause not in _BY_MISTAKE for each in path.obstacles)
            if not meant or all(trainable(node.dtype) or node.dtype == "bool" for node in path.nodes):
                found.append(IdleTerm(term, path, meant))
    return found


def _path(tape: Tape, term: Node, weights: set[Variable]) -> Path | None:
    return cheapest_path(tape, [term], lambda node: node.variable in weights)


def _meant(obstacle: Obstacle, summed: set[Node]) -> bool:
    """Whether a break is there on purpose, as that of ``x - tf.floor(x)`` or ``x - x.numpy().mean()`` is."""
    detail = obstacle.detail
    if isinstance(detail, Operation) and detail.form_only:
        return True
    if obstacle.cause is Cause.OFF_TAPE and detail is not Gap.BEFORE:
        return True
    if any(edge.node in summed and edge.node.variable is None for edge in obstacle.node.edges):
        return True
    return obstacle.cause not in _BY_MISTAKE and obstacle.cause not in _PERHAPS_MEANT


def _terms(tape: Tape, targets: Iterable[Node], seen: set[Node]) -> Iterator[Node]:
    """The nodes whose sum, but for factors without a history, the targets are. A curve is not looked into.

    ``seen`` receives them, and the sums of some of them.
    """
    waiting = list(targets)
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        added = list(_added(tape, node))
        waiting += added
        if not added:
            yield node


def _added(tape: Tape, node: Node) -> Iterator[Node]:
    """What a node is a sum of; nothing where it is none, or its steps are not known to be recorded."""
    if node.kind == PHI:
        yield from (edge.node for edge in node.edges)
    if node.kind != OP or recorded(tape, node) != 2:
        return
    joint = node.joint
    if joint is None:
        passed = [edge for edge in node.edges if edge.effect is not Effect.PLAIN]
        if len(passed) == 1 and _linear(passed[0]):
            yield passed[0].node
    elif joint.curvature is Curvature.STRAIGHT and not joint.factors:
        plain = not joint.elementwise  # an axis is no term
        yield from (each.node for each in node.edges if _linear(each) or (plain and each.effect is Effect.PLAIN))
    elif joint.curvature is Curvature.STRAIGHT:
        moving = [edge for edge in node.edges if edge.node.edges or edge.node.variable is not None]
        if len(moving) == 1 and _linear(moving[0]):
            yield moving[0].node


def _linear(edge: Edge) -> bool:
    """Whether the gradient across an edge is the same wherever the input is."""
    again = edge.detail
    return edge.effect is Effect.FLOWS and isinstance(again, SecondDerivative) and again.own is Curvature.STRAIGHT
