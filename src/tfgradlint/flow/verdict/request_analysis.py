"""Requests for gradients: the verdict for every source, and the break that explains a bad one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from operator import or_
from typing import NamedTuple

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import NonTensor
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.flow.graph.nodes import (
    LEAF,
    OP,
    OPAQUE,
    Edge,
    Node,
    Site,
    cut_off,
    trainable,
)
from tfgradlint.flow.graph.unseen import Unseen
from tfgradlint.flow.tape.search import (
    ANY,
    FLOWS,
    NOTHING,
    ZERO,
    Search,
    alternatives,
    ancestors,
    losses,
    together,
)
from tfgradlint.flow.tape.shared_search import SharedSearch, Sought
from tfgradlint.flow.tape.tape import tracked
from tfgradlint.flow.values.base import Array, Const, Scalar, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Items, Repeated, Union
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.flow.verdict.assumptions import Assumptions
from tfgradlint.flow.verdict.explanation import Explanation
from tfgradlint.flow.verdict.judgements import ARRIVING, Assumption, Judgement, Reason, Silence
from tfgradlint.flow.verdict.nonfinite import NonFinite
from tfgradlint.flow.verdict.reports import Leaf
from tfgradlint.flow.verdict.request import Given, Request, flatten


class RequestAnalysis:
    """Judges one request, source by source."""

    def __init__(
        self,
        request: Request,
        site: Site,
        numbers: Numbers,
        thorough: bool = False,
        given: Given | None = None,
        unseen: Unseen | None = None,
    ) -> None:
        """``thorough`` asks for all that is lost on the way to each source.

        ``given`` is there where a compiled function asks a tape from outside of it. ``unseen`` tells what to assume of
        code that nobody sees, where anything is to be assumed.
        """
        self._request = request
        self._given = given
        self._unseen = unseen if given is None else None
        self._thorough = thorough
        self._site = site
        self._tape = request.tape
        self._targets = [leaf for _, leaf in flatten(request.target, "target")]
        self._nodes = nodes_of(Items(tuple(self._targets)))
        self._explanation = Explanation(self._tape, self._nodes, site)
        self._nonfinite = NonFinite(numbers, self._tape, self._nodes)
        self._may_be = {node for target in self._nodes for node in alternatives(target)}
        self._may_be.update(handed for node in self._nodes for handed in node.maybe_alias or ())
        #: Whether a target may be anything.
        self._may_be_any = cut_off((*self._nodes, *self._may_be))
        #: What arrives at sources that were searched for together, by the identity of each.
        self._shared: dict[int, int] = {}
        self._raising: Edge | None = None
        self._may_raise = False
        if all(_graphed(target) for target in self._targets):
            search = Search(self._tape, lambda node: None)
            for node in self._nodes:
                self._raising = self._raising or search.raising(node, certainly=True)
                self._may_raise = self._may_raise or search.raising(node, certainly=False) is not None

    def judge_all(self, sources: Sequence[Value]) -> list[Judgement]:
        """The verdict for each of several sources. They share one search."""
        own = {id(each): each for each in sources if type(each) in (Tensor, Variable)}
        if self._given is None and len(own) >= _SEVERAL:
            sought = [self._sought(each) for each in own.values()]  # type: ignore[arg-type]
            search = SharedSearch(self._tape, sought, _may_have_changed)
            targets = [[search.outcome(node) for node in nodes_of(target)] for target in self._targets]
            for place, source in enumerate(own):
                self._shared[source] = self._over_targets([[each.of(place) for each in found] for found in targets])
        return [self.judge(source) for source in sources]

    def _sought(self, source: Tensor | Variable) -> Sought:
        node = source.node
        status = tracked(self._tape, node)
        watched_at = self._tape.watch_times.get(node if node.variable is None else node.variable, 0)
        arriving = partial(self._as_target, arriving=_ARRIVING[status])
        return Sought(node, node.variable, arriving, _birth_seq(source), watched_at if status == 2 else 0)

    def judge(self, source: Value) -> Judgement:
        """The verdict for one source."""
        judgement = self._judged(source)
        if self._given is not None:
            return self._inside(source, judgement)
        if isinstance(source, (Tensor, Variable, Unknown)):
            judgement = self._nonfinite.judged(judgement, source.node)
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
        if lost or (judgement.verdict in ARRIVING and isinstance(source, Variable)):
            return Judgement(judgement.verdict, silence=Silence.OUTER_TAPE)
        return Judgement("unknown", origin=origins.TAPE_OF_CALLER)

    def _judged(self, source: Value) -> Judgement:
        spoilt = self._spoilt_target()
        if spoilt is not None:
            return spoilt
        if isinstance(source, Repeated):
            # Any of several elements: which one is not known.
            source = source.element
            if isinstance(source, Tensor):
                source = Unknown(source.node)
        if isinstance(source, Unknown) and source.node.origin is origins.WATCHED_VARIABLES:
            return Judgement("unknown", origin=origins.WATCHED_VARIABLES)
        if isinstance(source, Const) and source.value is None:
            return Judgement("raises", silence=Silence.NO_SOURCE)
        if isinstance(source, (Array, Scalar)) or (
            isinstance(source, Const) and isinstance(source.value, (int, float))
        ):
            return Judgement(
                "raises",
                Reason(
                    Cause.SOURCE_NOT_TENSOR,
                    self._site,
                    NonTensor.ARRAY if isinstance(source, Array) else NonTensor.NUMBER,
                    raised=_refusal(source),
                ),
            )
        if not isinstance(source, (Tensor, Variable, Unknown)):
            return Judgement("unknown", origin=origins.SOURCE)
        if self._raising is not None:
            sites = (node.site for node in ancestors(self._nodes) if self._raising in node.edges)
            operation = self._raising.kind
            exception = operation.raised if isinstance(operation, Operation) else ""
            if self._request.kind != "gradient" and exception == "LookupError":
                # A Jacobian is computed in a graph of its own.
                exception = "StagingError"
            return Judgement("raises", Reason(Cause.UNREGISTERED, next(sites, self._site), operation, raised=exception))
        if self._may_raise:
            return Judgement("unknown", origin=origins.MAY_RAISE)
        if isinstance(source, (Tensor, Variable)) and not trainable(source.node.dtype):
            if source.node in self._nodes or self._may_be_target(source.node):
                # Ones, as for anything that is asked for itself.
                return Judgement("unknown", origin=origins.INTEGER_TARGET)
            return self._lost(Reason(Cause.INTEGER_SOURCE, _birth(source)))
        bits = self._bits(source)
        if any(node.as_target is not None for node in self._nodes if not trainable(node.dtype)):
            # An integer beside a floating sibling (the indices of top_k) gives zeros or raises.
            return Judgement("unknown", origin=origins.INTEGER_TARGET)
        if bits == FLOWS:
            return Judgement("flows")
        if bits == FLOWS | ZERO:
            return Judgement("arrives")
        if isinstance(source, Tensor) and source.node.maybe_alias is not None:
            # The call may have handed its argument through, and that is another source.
            assumed = self._assumed(source) if bits != NOTHING else None
            return Judgement("unknown", origin=origins.MAYBE_HANDED_THROUGH, assumed=assumed)
        if bits == NOTHING:
            return self._lost(self._explanation.of_none(source))
        if bits == ZERO:
            return Judgement("zero", self._explanation.of_zero(source) or self._explanation.of_loop(source))
        origin, hidden_at = self._explanation.hidden_by()
        return Judgement("unknown", origin=origin, assumed=self._assumed(source), hidden_at=hidden_at)

    def _assumed(self, source: Tensor | Variable | Unknown) -> Assumption | None:
        """What holds of the source under assumptions, where nothing is proven."""
        if self._unseen is None or self._request.zeros or self._request.kind == "batch_jacobian":
            return None  # nothing comes out as None
        assumptions = Assumptions(self._tape, self._nodes, self._unseen)
        return assumptions.of(source, lambda search: self._outcome(search))

    # -- the target

    def _spoilt_target(self) -> Judgement | None:
        """A target that is not a tensor raises before any source is looked at."""
        for target in self._targets:
            if isinstance(target, Const) and target.value is None:
                return Judgement("raises", silence=Silence.NO_TARGET)
            number = isinstance(target, Const) and isinstance(target.value, (int, float))
            if isinstance(target, Union) and any(not _graphed(each) for each in target.values):
                return Judgement("unknown", origin=origins.ALTERNATIVES)
            if not number and not isinstance(target, (Array, Scalar, Union, Repeated)) and not _graphed(target):
                return Judgement("unknown", origin=origins.TARGET)
            if number or isinstance(target, (Array, Scalar)):
                exact = isinstance(target, Array)
                if exact and self._request.kind == "jacobian":
                    return self._lost(self._explanation.of_detour(target, ""))
                return Judgement(
                    "raises", self._explanation.of_detour(target, "AttributeError" if exact else "TypeError")
                )
        return None

    # -- the way from the target to the source

    def _bits(self, source: Tensor | Variable | Unknown) -> int:
        bits = self._bits_of(source)
        if bits == NOTHING:
            # Whatever it stands for must be without a gradient.
            found = alternatives(source.node)
            for node in found:
                bits |= self._bits_of(Tensor(node))
            bits |= ANY if cut_off(found) else 0
        if isinstance(source, Variable) and source.since and self._read_before(source):
            return ANY
        return bits if bits == FLOWS or not self._meets_kin(source) else ANY

    def _read_before(self, source: Variable) -> bool:
        """Whether a step may have read the variable as that of another object than the present one."""
        return any(
            node.seq < source.since and edge.node.variable is source
            for node in ancestors(self._nodes)
            for edge in node.edges
        )

    def _meets_kin(self, source: Tensor | Variable | Unknown) -> bool:
        """Whether the targets depend on a variable that may be the source, as one stands for many and one is of these.

        What is known of one of them, such as that a tape watches it, was perhaps done to it as the other.
        """
        if not isinstance(source, Variable):
            return False
        many = source.among or source
        met = {id(node.variable): node.variable for node in ancestors(self._nodes) if node.variable is not None}
        return any(
            isinstance(each, Variable) and (each.among is many or (each is many and source is not many))
            for each in met.values()
        )

    def _may_be_target(self, node: Node) -> bool:
        return self._may_be_any or node in self._may_be

    def _bits_of(self, source: Tensor | Variable | Unknown) -> int:
        own = source.node
        birth = _birth_seq(source)
        variable = own.variable
        status = tracked(self._tape, own)
        arriving = _ARRIVING[status]
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
                return NOTHING if node.changed < birth else ANY
            elif node.changed >= birth and _may_have_changed(node, birth):
                return ANY
            return None

        shared = self._shared.get(id(source))
        if shared is None:
            watched_at = self._tape.watch_times.get(own if variable is None else variable, 0)
            shared = self._outcome(Search(self._tape, arrival, own, watched_at if status == 2 else 0))
        bits = shared
        if self._may_be_target(own) and self._request.kind == "gradient":
            bits |= FLOWS
        return bits

    def _outcome(self, search: Search) -> int:
        return self._over_targets([[search.outcome(node) for node in nodes_of(each)] for each in self._targets])

    def _over_targets(self, outcomes: list[list[int]]) -> int:
        """What arrives from all targets, given what does from the nodes of each."""
        bits = NOTHING
        for target, found in zip(self._targets, outcomes, strict=True):
            if isinstance(target, Union):
                bits = together(bits, reduce(or_, found, 0))
            else:
                bits = reduce(together, found, bits)
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
            return Judgement("zero", silence=Silence.ZEROS_ASKED)
        if self._request.kind == "batch_jacobian":
            return Judgement("zero", reason)
        return Judgement("none", reason)


#: What arrives at a source that a tape follows certainly, perhaps, and not.
_ARRIVING = {2: FLOWS, 1: FLOWS | NOTHING, 0: NOTHING}
#: So many sources are searched for together.
_SEVERAL = 3


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


def _may_have_changed(node: Node, birth: int) -> bool:
    """Whether a value that was read after code that is not followed ran may hold a source that is as old as that."""
    values = [node] if node.kind == OP else alternatives(node)
    return any(each.kind == OPAQUE or (each.loose and each.seq < birth) for each in values)


def _handed(node: Node) -> set[Node]:
    """What an unknown result may be itself: anything that was given to the call, and to calls that gave that."""
    found: set[Node] = set()
    stack = [node]
    while stack:
        given = {edge.node for edge in stack.pop().edges} - found
        found |= given
        stack += [each for each in given if each.kind == OPAQUE]
    return found


def _birth(source: Tensor | Variable) -> Site:
    return source.site if isinstance(source, Variable) else source.node.site


def _birth_seq(source: Tensor | Variable | Unknown) -> int:
    return source.birth if isinstance(source, Variable) else source.node.seq


class Implied(NamedTuple):
    """A request that a library made itself: its sources with the judgement of each, and what was differentiated."""

    leaves: list[Leaf]
    judgements: list[Judgement]
    target: Value
    judge: RequestAnalysis
