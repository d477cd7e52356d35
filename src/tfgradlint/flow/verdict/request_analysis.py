"""Requests for gradients: the verdict for every source, and the break that explains a bad one."""

from __future__ import annotations

from typing import NamedTuple

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import (
    ARGUMENT,
    COPIED,
    LEAF,
    OP,
    OPAQUE,
    Edge,
    Effect,
    Node,
    Site,
    cut_off,
    trainable,
)
from tfgradlint.flow.tape.search import (
    ANY,
    FLOWS,
    NOTHING,
    ZERO,
    Obstacle,
    Path,
    Search,
    alternatives,
    ancestors,
    cheapest_path,
    losses,
    together,
)
from tfgradlint.flow.tape.tape import Tape, tracked
from tfgradlint.flow.values.base import Array, Const, Scalar, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Items, Repeated, Union
from tfgradlint.flow.values.walk import leaves_of, nodes_of
from tfgradlint.flow.verdict.judgements import Judgement, Reason
from tfgradlint.flow.verdict.reports import Leaf


class Request(NamedTuple):
    """One evaluation of a request: ``kind`` is the method's name, ``zeros`` asks for zeros instead of None."""

    tape: Tape
    kind: str
    target: Value
    zeros: bool


class Given(NamedTuple):
    """What a compiled function was given, of which a tape from outside of it knows nothing.

    ``tensors``: the arguments. ``held``: what lists and dictionaries among them hold; these very tensors may be reached
    in another way too.
    """

    tensors: frozenset[Node] = frozenset()
    held: frozenset[Node] = frozenset()


def flatten(value: Value, label: str) -> list[tuple[str, Value]]:
    """The leaves of a nest, in TensorFlow's order, each with a name for the reader.

    What is nested without end, or holds more than anyone writes down, is one leaf of which nothing is known.
    """
    found = leaves_of(value, label)
    return found if found is not None else [(label, value)]


#: It is asked for statistics alone.
_COUNTED = 4000

#: What a tape watches is not known: perhaps nothing, and then nothing is asked for.
WATCHED = "watched variables"


class RequestAnalysis:
    """Judges one request, source by source."""

    def __init__(self, request: Request, site: Site, thorough: bool = False, given: Given | None = None) -> None:
        """``thorough`` asks for all that is lost on the way to each source.

        ``given`` is there where a compiled function asks a tape from outside of it.
        """
        self._request = request
        self._given = given
        self._thorough = thorough
        self._site = site
        self._tape = request.tape
        self._targets = [leaf for _, leaf in flatten(request.target, "target")]
        self._nodes = nodes_of(Items(tuple(self._targets)))
        self._may_be = {node for target in self._nodes for node in alternatives(target)}
        self._may_be.update(handed for node in self._nodes for handed in node.maybe_alias or ())
        #: Whether a target may be anything.
        self._may_be_any = cut_off((*self._nodes, *self._may_be))
        self._raising: Edge | None = None
        self._may_raise = False
        if all(_graphed(target) for target in self._targets):
            search = Search(self._tape, lambda node: None)
            for node in self._nodes:
                self._raising = self._raising or search.raising(node, certainly=True)
                self._may_raise = self._may_raise or search.raising(node, certainly=False) is not None

    def judge(self, source: Value) -> Judgement:
        """The verdict for one source."""
        judgement = self._judged(source)
        if self._given is not None:
            return self._inside(source, judgement)
        if not self._thorough or not isinstance(source, (Tensor, Variable)):
            return judgement
        own, variable = source.node, source.node.variable
        return judgement._replace(
            losses=losses(
                self._tape,
                self._nodes,
                lambda node: node is own or (variable is not None and node.variable is variable),
            )
        )

    def _inside(self, source: Value, judgement: Judgement) -> Judgement:
        """What can be said inside a compiled function: it is nobody's business, as the cause stands elsewhere."""
        lost = judgement.verdict in ("none", "zero") and isinstance(source, (Tensor, Variable))
        if lost or (judgement.verdict == "flows" and isinstance(source, Variable)):
            return Judgement(judgement.verdict)
        return Judgement("unknown", why="tape of a caller")

    def _judged(self, source: Value) -> Judgement:
        spoilt = self._spoilt_target()
        if spoilt is not None:
            return spoilt
        if isinstance(source, Repeated):
            # Any of several elements: which one is not known.
            source = source.element
            if isinstance(source, Tensor):
                source = Unknown(source.node)
        if isinstance(source, Unknown) and source.node.why == WATCHED:
            return Judgement("unknown", why=WATCHED)
        if isinstance(source, Const) and source.value is None:
            return Judgement("raises", None)
        if isinstance(source, (Array, Scalar)) or (
            isinstance(source, Const) and isinstance(source.value, (int, float))
        ):
            return Judgement(
                "raises",
                Reason(
                    Cause.SOURCE_NOT_TENSOR,
                    self._site,
                    "array" if isinstance(source, Array) else "number",
                    raised=_refusal(source),
                ),
            )
        if not isinstance(source, (Tensor, Variable, Unknown)):
            return Judgement("unknown", why="source")
        if self._raising is not None:
            sites = (node.site for node in ancestors(self._nodes) if self._raising in node.edges)
            exception, _, operation = self._raising.detail.partition(" ")
            if self._request.kind != "gradient" and exception == "LookupError":
                # A Jacobian is computed in a graph of its own.
                exception = "StagingError"
            return Judgement("raises", Reason(Cause.UNREGISTERED, next(sites, self._site), operation, raised=exception))
        if self._may_raise:
            return Judgement("unknown", why="may raise")
        if isinstance(source, (Tensor, Variable)) and not trainable(source.node.dtype):
            if source.node in self._nodes or self._may_be_target(source.node):
                return Judgement("unknown", why="integer target")  # ones, as for anything that is asked for itself
            return self._lost(Reason(Cause.INTEGER_SOURCE, _birth(source)))
        bits = self._bits(source)
        if any(node.detail for node in self._nodes if not trainable(node.dtype)):
            # An integer beside a floating sibling (the indices of top_k) gives zeros or raises.
            return Judgement("unknown", why="integer target")
        if bits == FLOWS:
            return Judgement("flows")
        if isinstance(source, Tensor) and source.node.maybe_alias is not None:
            # The call may have handed its argument through, and that is another source.
            return Judgement("unknown", why="handed through or not")
        if bits == NOTHING:
            return self._lost(self._explain(source))
        if bits == ZERO:
            return Judgement("zero", self._explain_zero(source) or self._explain_loop(source))
        return Judgement("unknown", why=self._hidden_by())

    # -- the target

    def _spoilt_target(self) -> Judgement | None:
        """A target that is not a tensor raises before any source is looked at."""
        for target in self._targets:
            if isinstance(target, Const) and target.value is None:
                return Judgement("raises", None)
            number = isinstance(target, Const) and isinstance(target.value, (int, float))
            if isinstance(target, Union) and any(not _graphed(each) for each in target.values):
                return Judgement("unknown", why="alternatives")
            if not number and not isinstance(target, (Array, Scalar, Union, Repeated)) and not _graphed(target):
                return Judgement("unknown", why=type(target).__name__)
            if number or isinstance(target, (Array, Scalar)):
                exact = isinstance(target, Array)
                if exact and self._request.kind == "jacobian":
                    return self._lost(self._detour(target, ""))
                return Judgement("raises", self._detour(target, "AttributeError" if exact else "TypeError"))
        return None

    def _detour(self, target: Value, raised: str) -> Reason | None:
        """Where a target that is a number or an array left TensorFlow."""
        nodes = nodes_of(target)
        path = cheapest_path(self._tape, nodes, lambda node: node not in nodes and _could_train(node))
        if path is None or not path.obstacles:
            return None
        first = path.obstacles[-1]
        if first.cause not in (Cause.PYTHON_VALUE, Cause.NUMPY_FUNCTION, Cause.PREDICTED):
            return None
        return Reason(first.cause, first.node.site, first.detail, _steps(path), raised)

    # -- the way from the target to the source

    def _bits(self, source: Tensor | Variable | Unknown) -> int:
        bits = self._bits_of(source)
        if bits == NOTHING:
            # Whatever it stands for must be without a gradient.
            found = alternatives(source.node)
            for node in found:
                bits |= self._bits_of(Tensor(node))
            bits |= ANY if cut_off(found) else 0
        return bits

    def _may_be_target(self, node: Node) -> bool:
        return self._may_be_any or node in self._may_be

    def _bits_of(self, source: Tensor | Variable | Unknown) -> int:
        own = source.node
        birth = _birth_seq(source)
        variable = own.variable
        status = tracked(self._tape, own)
        arriving = {2: FLOWS, 1: FLOWS | NOTHING, 0: NOTHING}[status]
        hidden = isinstance(source, Unknown)
        # Whoever was given it may have given it back, or leads to it in a way that is not seen from here.
        handed = _handed(own) if hidden else set()
        handed |= self._given.held if self._given is not None else set()
        anything = cut_off(handed)
        if not status and not hidden and all(_new_object(target) for target in self._targets):
            # Whatever hides on the way: a tape has no gradient for what it does not follow.
            return self._as_target(own, NOTHING)

        def arrival(node: Node) -> int | None:
            if node is own or (variable is not None and node.variable is variable):
                return self._as_target(node, arriving)
            if self._given is not None and node in self._given.tensors:
                return NOTHING
            if anything or node in handed:
                return ANY
            if hidden:
                if node.variable is not None and tracked(self._tape, node):
                    return ANY
                if node.kind == LEAF and tracked(self._tape, node):
                    return ANY
            elif node.kind == OPAQUE and node.seq < birth:
                return NOTHING
            return None

        watched_at = self._tape.watch_times.get(own if variable is None else variable, 0)
        search = Search(self._tape, arrival, own, watched_at if status == 2 else 0)
        bits = NOTHING
        for target in self._targets:
            if isinstance(target, Union):
                found = 0
                for node in nodes_of(target):
                    found |= search.outcome(node)
                bits = together(bits, found)
            else:
                for node in nodes_of(target):
                    bits = together(bits, search.outcome(node))
        if self._may_be_target(own) and self._request.kind == "gradient":
            bits |= FLOWS
        return bits

    def _as_target(self, node: Node, arriving: int) -> int:
        """What arrives at a source that may be a target itself, given what arrives through recorded steps.

        A single target is asked for its gradient with respect to itself: ones, whatever the tape follows. Among
        several it depends on whether a recorded step took it as an input.
        """
        if self._request.kind != "gradient" or arriving == FLOWS:
            return arriving
        if node not in self._nodes:
            return arriving | FLOWS if self._may_be_target(node) else arriving
        return FLOWS if self._nodes == [node] else FLOWS | NOTHING

    def _lost(self, reason: Reason | None) -> Judgement:
        if self._request.zeros:
            return Judgement("zero")
        if self._request.kind == "batch_jacobian":
            return Judgement("zero", reason)
        return Judgement("none", reason)

    def _explain_zero(self, source: Tensor | Variable | Unknown) -> Reason | None:
        path = self._path(source)
        for obstacle in reversed(path.obstacles if path else ()):
            if obstacle.cause is Cause.ZERO_GRADIENT:
                return _broken(path, obstacle) if path else None
        return None

    def _explain_loop(self, source: Tensor | Variable | Unknown) -> Reason | None:
        """A loop of a graph gives zeros where the gradient is lost in its body."""
        if not any(node.loop is not None for node in ancestors(self._nodes)):
            return None
        path = self._path(source)
        return _broken(path, path.obstacles[-1]) if path is not None and path.obstacles else None

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

    def _explain(self, source: Tensor | Variable | Unknown) -> Reason | None:
        path = self._path(source)
        if path is not None and path.obstacles:
            return _broken(path, path.obstacles[-1])
        if path is not None:
            return self._unwatched(source, path)
        derived = None if self._swapped(source) else self._derived(source)
        if derived is not None:
            return derived
        if any(node.kind == OPAQUE for node in ancestors(self._nodes)):
            # Something unknown may lead to the source; that the tape does not follow it is certain.
            return self._unwatched(source, Path((), ()))
        return Reason(Cause.UNRELATED_TARGET, self._site)

    def _unwatched(self, source: Tensor | Variable | Unknown, path: Path) -> Reason | None:
        """The way is open, but the tape did not follow the source."""
        steps = _steps(path)
        key = source if isinstance(source, Variable) else source.node
        if tracked(self._tape, source.node) == 2 and not self._watched_late(key, path):
            return None
        if key in self._tape.fields["watched"]:
            return Reason(Cause.LATE_WATCH, self._tape.watch_sites.get(key, self._site), "", steps)
        if isinstance(source, Variable):
            detail = "trainable" if source.fields["trainable"] is False else "accessed"
            return Reason(Cause.UNWATCHED_VARIABLE, self._site, detail, steps)
        if source.node.rebinds is not None:
            return Reason(Cause.REBOUND_VARIABLE, source.node.rebinds, "rebound", steps)
        if isinstance(source, Unknown):
            return None
        return Reason(Cause.UNWATCHED_TENSOR, self._site, _copied(source), steps)

    def _watched_late(self, key: object, path: Path) -> bool:
        watched_at = self._tape.watch_times.get(key, 0)
        return any(node.seq < watched_at for node in path.nodes[:-1])

    def _derived(self, source: Tensor | Variable | Unknown) -> Reason | None:
        """The source was computed, for the request, from something that the target used."""
        if isinstance(source, Variable) or source.node.kind in (LEAF, OPAQUE) or source.node.why == ARGUMENT:
            return None
        origins = ancestors([source.node]) - {source.node}
        used = ancestors(self._nodes)
        variables = {node.variable for node in used if node.variable is not None}
        shared = [node for node in origins if node in used or node.variable in variables]
        if not shared:
            return None
        return Reason(Cause.DERIVED_SOURCE, source.node.called_at or source.node.site, _copied(source))

    def _swapped(self, source: Tensor | Variable | Unknown) -> bool:
        """Target and source were given the wrong way round: the source was computed from the target."""
        origins = ancestors([source.node])
        variables = {node.variable for node in origins if node.variable is not None}
        return all(
            node in origins or (node.variable is not None and node.variable in variables) for node in self._nodes
        )

    def _hidden_by(self) -> str:
        """The first unknown thing met on the way back from the target."""
        for node in sorted(ancestors(self._nodes, _COUNTED), key=lambda node: -node.seq):
            if node.kind == OPAQUE:
                return node.why
            if any(edge.effect is Effect.UNKNOWN for edge in node.edges):
                return node.why or "effect not known"
        return "alternatives"


def _copied(source: Value) -> str:
    """Whether the source is what a compiled function gets for a variable of Keras."""
    return "argument" if isinstance(source, Tensor) and source.node.why == COPIED else ""


def _refusal(source: Value) -> str:
    """What TensorFlow raises for a source that is none. It takes a number for the code of a dtype."""
    if isinstance(source, Array):
        return "AttributeError"
    if not isinstance(source, Const):
        return "AttributeError or TypeError"
    number = source.value
    return "AttributeError" if any(number in codes for codes in _DTYPE_CODES) else "TypeError"


#: Measured on TensorFlow 2.21: the numbers that stand for a dtype, by value or by reference.
_DTYPE_CODES = (range(1, 34), range(101, 134))


def _new_object(target: Value) -> bool:
    """Whether the target is the result of a step of its own, and so no other tensor under a second name."""
    if not isinstance(target, Tensor):
        return False
    node = target.node
    return node.kind == OP and not node.loose and node.maybe_alias is None


def _graphed(value: Value) -> bool:
    return isinstance(value, (Tensor, Variable, Unknown))


def _handed(node: Node) -> set[Node]:
    """What an unknown result may be itself: anything that was given to the call, and to calls that gave that."""
    found: set[Node] = set()
    stack = [node]
    while stack:
        given = {edge.node for edge in stack.pop().edges} - found
        found |= given
        stack += [each for each in given if each.kind == OPAQUE]
    return found


def _could_train(node: Node) -> bool:
    if not trainable(node.dtype):
        return False
    return node.kind in (OPAQUE, LEAF) or bool(node.recorded)


def _birth(source: Tensor | Variable) -> Site:
    return source.site if isinstance(source, Variable) else source.node.site


def _birth_seq(source: Tensor | Variable | Unknown) -> int:
    return source.birth if isinstance(source, Variable) else source.node.seq


def _broken(path: Path, obstacle: Obstacle) -> Reason:
    above = path.nodes[: path.nodes.index(obstacle.node) + 1]
    return Reason(obstacle.cause, obstacle.node.site, obstacle.detail, _steps(path), "", above)


def _steps(path: Path | None) -> tuple[Site, ...]:
    return tuple(node.site for node in reversed(path.nodes)) if path else ()


class Implied(NamedTuple):
    """A request that a library made itself: its sources with the judgement of each, and what was differentiated."""

    leaves: list[Leaf]
    judgements: list[Judgement]
    target: Value
    judge: RequestAnalysis
