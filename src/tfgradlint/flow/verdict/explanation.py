"""Why a request gives a source no gradient: the break on the path that explains it, or what hides the answer."""

from __future__ import annotations

from dataclasses import replace

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import Derived, Rebinding, StandIn, Unwatched
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.flow.graph.nodes import (
    LEAF,
    OPAQUE,
    Effect,
    Node,
    Site,
    trainable,
)
from tfgradlint.flow.graph.origins import Origin
from tfgradlint.flow.tape.activation import holds, led_to, seen_from
from tfgradlint.flow.tape.search import (
    Obstacle,
    Path,
    ancestors,
    cheapest_path,
)
from tfgradlint.flow.tape.tape import Tape, tracked
from tfgradlint.flow.values.base import Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.flow.verdict.judgements import Reason

#: What leaves zeros of a gradient.
_ZEROS = frozenset({Cause.ZERO_GRADIENT, Cause.AXIS_OF_ONE, Cause.STRUCTURAL_ZERO})
#: It is asked for statistics alone.
_COUNTED = 4000


class Explanation:
    """Explains the verdicts of one request.

    Args:
        tape: the tape that is asked.
        targets: the nodes of the request's targets.
        site: where the request is.
    """

    def __init__(self, tape: Tape, targets: list[Node], site: Site) -> None:
        self._tape = tape
        self._nodes = targets
        self._site = site

    def of_none(self, source: Tensor | Variable | Unknown) -> Reason | None:
        """Why no gradient arrives; None where no rule has a word for it."""
        path = self._path(source)
        if path is not None and path.obstacles:
            return broken_by(self._tape, path, path.obstacles[-1])
        if path is not None:
            return self._unwatched(source, path)
        derived = None if self._swapped(source) else self._derived(source)
        if derived is not None:
            return derived
        if any(node.kind == OPAQUE for node in ancestors(self._nodes)):
            # Something unknown may lead to the source; that the tape does not follow it is certain.
            return self._unwatched(source, Path((), ()))
        return Reason(Cause.UNRELATED_TARGET, self._site)

    def of_zero(self, source: Tensor | Variable | Unknown) -> Reason | None:
        """The step whose gradient is zero, where there is one on the path."""
        path = self._path(source)
        for obstacle in reversed(path.obstacles if path else ()):
            if obstacle.cause in _ZEROS:
                return broken_by(self._tape, path, obstacle) if path else None
        return None

    def of_loop(self, source: Tensor | Variable | Unknown) -> Reason | None:
        """A loop of a graph gives zeros where the gradient is lost in its body."""
        if not any(node.loop is not None for node in ancestors(self._nodes)):
            return None
        path = self._path(source)
        return broken_by(self._tape, path, path.obstacles[-1]) if path is not None and path.obstacles else None

    def of_detour(self, target: Value, raised: str) -> Reason | None:
        """Where a target that is a number or an array left TensorFlow."""
        nodes = nodes_of(target)
        path = cheapest_path(self._tape, nodes, lambda node: node not in nodes and _could_train(node))
        if path is None or not path.obstacles:
            return None
        first = path.obstacles[-1]
        if first.cause not in (Cause.PYTHON_VALUE, Cause.NUMPY_FUNCTION, Cause.PREDICTED):
            return None
        return Reason(first.cause, first.node.site, first.detail, steps_of(path), raised)

    def hidden_by(self) -> tuple[Origin | None, Site | None]:
        """The first unknown thing met on the way back from the target, and where it stands."""
        for node in sorted(ancestors(self._nodes, _COUNTED), key=lambda node: -node.seq):
            if node.kind == OPAQUE:
                return node.origin, node.site
            if any(edge.effect is Effect.UNKNOWN for edge in node.edges):
                return node.origin or origins.EFFECT_NOT_KNOWN, node.site
        return origins.ALTERNATIVES, None

    def _path(self, source: Tensor | Variable | Unknown) -> Path | None:
        own = source.node
        variable = source if isinstance(source, Variable) else None
        if isinstance(source, Unknown):
            exact = cheapest_path(self._tape, self._nodes, lambda node: node is own)
            return exact or cheapest_path(
                self._tape,
                self._nodes,
                lambda node: node.kind == OPAQUE or (node.variable is not None and _could_train(node)),
            )
        return cheapest_path(
            self._tape,
            self._nodes,
            lambda node: node is own or (variable is not None and node.variable is variable),
        )

    def _unwatched(self, source: Tensor | Variable | Unknown, path: Path) -> Reason | None:
        """The way is open, but the tape did not follow the source."""
        steps = steps_of(path)
        key = source if isinstance(source, Variable) else source.node
        if tracked(self._tape, source.node) == 2 and not self._watched_late(key, path):
            return None
        if key in self._tape.fields["watched"]:
            return Reason(Cause.LATE_WATCH, self._tape.watch_sites.get(key, self._site), None, steps)
        if isinstance(source, Variable):
            frozen = source.fields["trainable"] is False
            detail = Unwatched.FROZEN if frozen else Unwatched.ON_REQUEST_ONLY
            return Reason(Cause.UNWATCHED_VARIABLE, self._site, detail, steps)
        if source.node.rebinds is not None:
            return Reason(Cause.REBOUND_VARIABLE, source.node.rebinds, Rebinding.TO_TENSOR, steps)
        if isinstance(source, Unknown):
            return None
        return Reason(Cause.UNWATCHED_TENSOR, self._site, _stand_in(source), steps)

    def _watched_late(self, key: object, path: Path) -> bool:
        watched_at = self._tape.watch_times.get(key, 0)
        return any(node.seq < watched_at for node in path.nodes[:-1])

    def _derived(self, source: Tensor | Variable | Unknown) -> Reason | None:
        """The source was computed, for the request, from something that the target used."""
        if isinstance(source, Variable) or source.node.kind in (LEAF, OPAQUE) or source.node.origin is origins.ARGUMENT:
            return None
        history = ancestors([source.node]) - {source.node}
        used = ancestors(self._nodes)
        variables = {node.variable for node in used if node.variable is not None}
        shared = [node for node in history if node in used or node.variable in variables]
        if not shared:
            return None
        step = source.node.called_at or led_to(source.node, self._tape.within)
        stand_in = _stand_in(source)
        if stand_in is not None:
            return Reason(Cause.DERIVED_SOURCE, step, stand_in)
        request = self._site.expression
        written_there = request is not None and step.expression is not None and holds(request, step.expression)
        return Reason(Cause.DERIVED_SOURCE, step if written_there else self._site, Derived(step), (step,))

    def _swapped(self, source: Tensor | Variable | Unknown) -> bool:
        """Target and source were given the wrong way round: the source was computed from the target."""
        history = ancestors([source.node])
        variables = {node.variable for node in history if node.variable is not None}
        return all(
            node in history or (node.variable is not None and node.variable in variables) for node in self._nodes
        )


def _stand_in(source: Value) -> StandIn | None:
    """What the source takes the place of, where it is what a compiled function gets for something."""
    return (
        StandIn.KERAS_VARIABLE if isinstance(source, Tensor) and source.node.origin is origins.COPIED_ARGUMENT else None
    )


def _could_train(node: Node) -> bool:
    if not trainable(node.dtype):
        return False
    return node.kind in (OPAQUE, LEAF) or bool(node.recorded)


def broken_by(tape: Tape, path: Path, obstacle: Obstacle) -> Reason:
    """The reason that is one of the breaks on a path."""
    above = path.nodes[: path.nodes.index(obstacle.node) + 1]
    detail = obstacle.detail
    if isinstance(detail, Operation) and obstacle.cause is Cause.UNREGISTERED:
        detail = replace(detail, second=False)  # nothing is raised here, whichever derivative it would be
    return Reason(obstacle.cause, place_of(tape, obstacle), detail, steps_of(path), "", above)


def place_of(tape: Tape, obstacle: Obstacle) -> Site:
    """Where the program must change for a break."""
    if obstacle.cause is Cause.OFF_TAPE:
        return seen_from(tape, obstacle.node, obstacle.detail)
    return obstacle.node.site


def steps_of(path: Path | None) -> tuple[Site, ...]:
    return tuple(node.site for node in reversed(path.nodes)) if path else ()
