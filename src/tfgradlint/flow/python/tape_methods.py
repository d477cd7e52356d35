"""What a tape's methods do, and the record of every request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import NonTensor, Rebinding, Reuse
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.flow.graph.nodes import Beyond, Edge, Effect, Node, Site, cut_off
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import Raised
from tfgradlint.flow.tape.derivatives import derivative_edges
from tfgradlint.flow.tape.search import alternatives, ancestors
from tfgradlint.flow.tape.tape import LIVE, NEW, SPENT, Active, Tape, Watched, variable_tracked
from tfgradlint.flow.values.base import NONE, Array, Const, Member, Scalar, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Container, DictContent, Items, ListObject, Repeated
from tfgradlint.flow.values.functions import ContextManagerCall
from tfgradlint.flow.values.walk import fold, leaves_of, nodes_of
from tfgradlint.flow.verdict.judgements import LACKING, Judgement, Reason
from tfgradlint.flow.verdict.reports import Leaf, of_a_model
from tfgradlint.flow.verdict.request_analysis import Implied, Request, RequestAnalysis, flatten
from tfgradlint.flow.verdict.requested_gradients import RequestedGradients


class Asked(NamedTuple):
    """A request: ``arriving`` is what it says to come from behind the target."""

    tape: Tape
    target: Value
    arriving: Value


class TapeMethods:
    """The methods of tapes."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self.results = RequestedGradients()
        #: How many requests were made.
        self.count = 0
        self._methods: dict[str, Callable[[Tape, list[Value], dict[str, Value]], Value]] = {
            "watch": self._watch,
            "stop_recording": lambda tape, args, kwargs: Member(tape, "stop_recording()"),
            "reset": self._reset,
            "watched_variables": self._watched_variables,
            "__enter__": lambda tape, args, kwargs: self._start(tape),
            "__exit__": lambda tape, args, kwargs: self._stop(tape),
        }

    def tape(self, args: list[Value], kwargs: dict[str, Value]) -> Tape:
        """A new tape."""
        interp = self._interp
        persistent = args[0] if args else kwargs.get("persistent", Const(False))
        accessed = args[1] if len(args) > 1 else kwargs.get("watch_accessed_variables", Const(True))
        if "**" in kwargs:
            return Tape(None, None, interp.graph_level, interp.recorder.now())
        return Tape(persistent.truth(), accessed.truth(), interp.graph_level, interp.recorder.now())

    def call(self, tape: Tape, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """``tape.name(...)``."""
        method = self._methods.get(name)
        if method is not None:
            return method(tape, args, kwargs)
        if name in ("gradient", "jacobian", "batch_jacobian"):
            return self._request(tape, name, args, kwargs)
        if not name.startswith("_") and name not in self._interp.asked_for:
            self._interp.raise_here(Cause.NO_SUCH_METHOD, "AttributeError", Operation(name))
        return self._interp.unknown(origins.returned_by(f"tape.{name}"))

    # -- recording

    def enter(self, manager: Value) -> tuple[Value, Callable[[], None]]:
        """Enter a context manager: the value bound by ``as``, and what leaving it does."""
        interp = self._interp
        if isinstance(manager, Tape):
            self._start(manager)
            return manager, lambda: self._leave(manager)
        if isinstance(manager, Member) and isinstance(manager.receiver, Tape) and manager.name == "stop_recording()":
            tape = manager.receiver
            self._meddled(tape)
            tapes = interp.recorder.tapes
            before = tapes.active
            interp.state.set(tapes, "active", Active(each for each in before if each[0] is not tape))
            interp.state.set(tapes, "stopped", (*tapes.stopped, tape))

            def resume() -> None:
                interp.state.set(tapes, "active", Active((*tapes.active, (tape, True))))
                stopped = tuple(each for each in tapes.stopped if each is not tape)
                interp.state.set(tapes, "stopped", stopped)

            return NONE, resume
        if isinstance(manager, ContextManagerCall):
            # Entered by somebody else: what it does to the tapes on the way is not seen.
            for tape, _ in interp.recorder.tapes.active:
                interp.state.set(tape, "blurred", True)
        enter = interp.calls.attribute(manager, "__enter__")
        if isinstance(manager, (Unknown, Member, Const)) or isinstance(enter, (Unknown, Member)):
            # It may be a graph, a session, a strategy: what is only refused in eager code may be right in there.
            tapes = interp.recorder.tapes
            interp.state.set(tapes, "others", (tapes.fields["others"] or 0) + 1)
            return (
                interp.unknown(origins.CONTEXT_MANAGER, manager),
                lambda: interp.state.set(tapes, "others", max(0, (tapes.fields["others"] or 0) - 1)),
            )
        leave = interp.calls.attribute(manager, "__exit__")
        entered = interp.calls.call(enter, [], {})

        def exit_() -> None:
            interp.calls.call(leave, [NONE, NONE, NONE], {})

        return entered, exit_

    def _meddled(self, tape: Tape) -> None:
        """What a compiled function does with a tape from outside of it happens while it is traced, and no more then.

        The tape records the call as one step, whatever it missed inside.
        """
        if tape.level != self._interp.graph_level:
            self._interp.state.set(tape, "blurred", True)

    def _start(self, tape: Tape) -> Value:
        interp = self._interp
        self._meddled(tape)
        tapes = interp.recorder.tapes
        now = interp.recorder.now()
        if "entered" not in tape.fields:
            interp.state.set(tape, "entered", now)
        if tape.fields["life"] != LIVE:
            # A tape that answered before starts a new recording.
            interp.state.set(tape, "epoch", now)
            interp.state.set(tape, "watched", Watched())
            interp.state.set(tape, "read", ())
        interp.state.set(tape, "life", LIVE)
        if not any(each is tape for each, _ in tapes.active):
            interp.state.set(tapes, "active", Active((*tapes.active, (tape, True))))
        return tape

    def _stop(self, tape: Tape) -> Value:
        self._leave(tape)
        return NONE

    def _leave(self, tape: Tape) -> None:
        tapes = self._interp.recorder.tapes
        if any(each is tape for each, _ in tapes.active):
            remaining = Active(each for each in tapes.active if each[0] is not tape)
            self._interp.state.set(tapes, "active", remaining)

    def _watch(self, tape: Tape, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self._interp
        given = args[0] if args else kwargs.get("tensor", NONE)
        if any(each is tape for each in interp.recorder.tapes.stopped):
            return NONE
        watched = Watched(tape.fields["watched"])
        found = leaves_of(given)
        if found is None:
            # What it watches of so many is not known.
            interp.state.set(tape, "blurred", True)
        for _, leaf in found or ():
            if isinstance(leaf, Repeated):
                leaf = leaf.element
            if isinstance(leaf, Array):
                self._interp.raise_here(Cause.WATCH_OF_NON_TENSOR, "ValueError", NonTensor.ARRAY)
            if isinstance(leaf, (Scalar, Const)):
                self._interp.raise_here(Cause.WATCH_OF_NON_TENSOR, "ValueError", NonTensor.NUMBER)
            if isinstance(leaf, Variable) and leaf.library == "keras":
                self._interp.raise_here(Cause.WATCH_OF_NON_TENSOR, "ValueError", NonTensor.KERAS_VARIABLE)
            nodes = nodes_of(leaf)
            others = [other for each in nodes for other in alternatives(each)]
            if cut_off((*nodes, *others)):
                interp.state.set(tape, "blurred", True)
            for node in (*nodes, *others):
                key: Any = node if node.variable is None else node.variable
                # Of several alternatives one is watched, nobody knows which.
                certain = len(nodes) == 1 and node is nodes[0]
                watched[key] = certain or watched.get(key, False)
                tape.watch_sites[key] = interp.recorder.site
                if key not in tape.fields["watched"]:  # not yet, or not since the tape was reset
                    tape.watch_times[key] = interp.recorder.now()
        interp.state.set(tape, "watched", watched)
        return NONE

    def _reset(self, tape: Tape, args: list[Value], kwargs: dict[str, Value]) -> Value:
        self._meddled(tape)
        state = self._interp.state
        state.set(tape, "epoch", self._interp.recorder.now())
        state.set(tape, "watched", Watched())
        state.set(tape, "read", ())
        return NONE

    def _watched_variables(self, tape: Tape, args: list[Value], kwargs: dict[str, Value]) -> Value:
        read = tape.fields["read"]
        if read is None:
            return self._interp.unknown(origins.WATCHED_VARIABLES)
        watched = [key for key in tape.fields["watched"] if isinstance(key, Variable)]
        variables: dict[Variable, None] = dict.fromkeys(
            variable for variable in (*read, *watched) if variable in watched or variable_tracked(tape, variable)
        )
        # TensorFlow keeps them in the order of their creation.
        ordered: list[Variable] = sorted(variables, key=lambda variable: variable.birth)
        return Items(tuple(ordered))

    def graph_gradients(self, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """``tf.gradients`` and its like, which need a graph."""
        interp = self._interp
        leaves = flatten(self._argument(args, kwargs, 1, "xs"), "")
        if interp.graph_level or interp.isolated or self._interp.may_be_handled():
            made = origins.returned_by(name)
            self._note(name, leaves, [Judgement("unknown", origin=made)] * len(leaves))
            return interp.unknown(made, *args)
        reason = Reason(Cause.GRADIENTS_IN_EAGER, interp.recorder.site, raised="RuntimeError")
        leaves = leaves or [("", NONE)]
        self._note(name, leaves, [Judgement("raises", reason)] * len(leaves))
        raise Raised

    def augmented(self, variable: Variable, operator: str, node: cst.AugAssign) -> bool:
        """``v -= x`` on a ``tf.Variable`` raises at once; other operators bind the name to a tensor."""
        raising = ("__add__", "__sub__", "__mul__", "__truediv__", "__pow__")
        if variable.library != "tf" or operator not in raising:
            return False
        interp = self._interp
        reason = Reason(Cause.REBOUND_VARIABLE, interp.here(None), Rebinding.AUGMENTED, raised="RuntimeError")
        interp.reports.add_step(reason)
        return True

    # -- requests

    def unknown_tape(self, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """A request on something that is not known to be a tape."""
        sources = self._argument(args, kwargs, 1, "source" if name == "batch_jacobian" else "sources")
        leaves = flatten(sources, "")
        self._note(name, leaves, [Judgement("unknown", origin=origins.TAPE)] * len(leaves))
        return self._interp.unknown(origins.UNKNOWN_TAPE, *args)

    def _argument(self, args: list[Value], kwargs: dict[str, Value], position: int, *names: str) -> Value:
        if position < len(args):
            return args[position]
        for name in names:
            if name in kwargs:
                return kwargs[name]
        return NONE

    def _request(self, tape: Tape, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        interp = self._interp
        self.count += 1
        target = self._argument(args, kwargs, 0, "target")
        sources = self._argument(args, kwargs, 1, "source" if name == "batch_jacobian" else "sources")
        zeros = self._zeros(self._argument(args, kwargs, 3 if name == "gradient" else 2, "unconnected_gradients"))
        leaves = flatten(sources, "")
        self.results.asked(leaf for _, leaf in leaves)
        lack = LACKING.of(sources) if isinstance(sources, ListObject) else None
        if lack is not None and lack.matters(leaves, target) and not self._interp.may_be_handled():
            interp.reports.add_step(lack.reason, interp.recorder.site)
        life = tape.fields["life"]
        site = interp.recorder.site
        outside = tape.level != interp.graph_level
        given = interp.traces.given(tape.level) if outside else None
        judgements: list[Judgement]
        if interp.recorder.tapes.fields["ended"]:
            judgements = [Judgement("unknown", origin=origins.NOT_REACHED)] * len(leaves)
        elif tape.fields["blurred"] or life is None or zeros is None or (outside and (given is None or life != LIVE)):
            judgements = [Judgement("unknown", origin=origins.TAPE)] * len(leaves)
        elif life == SPENT:
            leaves = leaves or [("", NONE)]
            used = tape.fields.get("used") or site
            raised = Reason(Cause.TAPE_REUSED, site, Reuse.EARLIER_REQUEST, (used,), "RuntimeError")
            judgements = [Judgement("raises", raised)] * len(leaves)
        elif life == NEW:
            leaves = leaves or [("", NONE)]
            raised = Reason(Cause.TAPE_NEVER_ENTERED, site, raised="RuntimeError")
            judgements = [Judgement("raises", raised)] * len(leaves)
        elif (asked := self._by_element(tape, name, args, kwargs)) is not None:
            leaves = leaves or [("", NONE)]
            raised = Reason(Cause.TAPE_REUSED, site, Reuse.BY_ELEMENT, raised="RuntimeError")
            judgement = Judgement("raises", raised) if asked else Judgement("unknown", origin=origins.TAPE)
            judgements = [judgement] * len(leaves)
        elif self._endless():
            judgements = [Judgement("unknown", origin=origins.LOOP_UNDER_XLA)] * len(leaves)
        elif interp.calls.traced_for_others:
            judgements = [Judgement("unknown", origin=origins.TRACED_FOR_OTHERS)] * len(leaves)
        else:
            judge = RequestAnalysis(Request(tape, name, target, zeros), site, self._interp.reports.thorough, given)
            judgements = [judge.judge(leaf) for _, leaf in leaves]
            if not outside:
                interp.libraries.requested(interp, sources, [leaf for _, leaf in leaves], judge, site)
            if any(judgement.verdict == "raises" for judgement in judgements):
                first = next(judgement for judgement in judgements if judgement.verdict == "raises")
                judgements = [first] * len(leaves)
        if tape.persistent is not True:
            interp.state.set(tape, "life", SPENT if tape.persistent is False else None)
            interp.state.set(tape, "used", site)
            self._leave(tape)
        if zeros:
            self._zeros_like([leaf for _, leaf in leaves], judgements)
        self._note(name, leaves, judgements)
        if leaves and leaves[0][1] is sources and isinstance(sources, (Items, Container)):
            return interp.unknown(origins.NESTED_SOURCES)
        arriving = self._argument(args, kwargs, 2, "output_gradients") if name == "gradient" else NONE
        return self._result(Asked(tape, target, arriving), sources, iter(judgements))

    def _by_element(self, tape: Tape, name: str, args: list[Value], kwargs: dict[str, Value]) -> bool | None:
        """Whether a Jacobian asks a tape that answers only once for one element after the other: None if it does not,
        False where that is not known.
        """
        if name not in ("jacobian", "batch_jacobian") or tape.persistent is not False:
            return None
        at_once = kwargs.get("experimental_use_pfor", args[4] if len(args) > 4 else Const(True))
        vectorised = at_once.truth()
        if vectorised is False:
            # A graph can hold the steps as often as they are wanted.
            in_graph = self._interp.graph_level > 0
            return None if in_graph else not (self._interp.isolated or self._interp.eager_functions)
        if self._argument(args, kwargs, 3, "parallel_iterations") is not NONE:
            return vectorised is True and name == "batch_jacobian"
        return None

    def _zeros(self, value: Value) -> bool | None:
        """Whether unconnected gradients are asked for as zeros; None if that is not known."""
        if isinstance(value, Const):
            return value.value in ("zero", "ZERO")
        path = getattr(value, "path", None)
        if isinstance(path, str):
            return path.endswith(".ZERO")
        return None

    def _zeros_like(self, sources: list[Value], judgements: list[Judgement]) -> None:
        """To make zeros like an unconnected variable it is read, and the tapes around come to watch it."""
        interp = self._interp
        for source, judgement in zip(sources, judgements, strict=False):
            if isinstance(source, Variable) and judgement.verdict == "zero":
                interp.recorder.read(source.node)
            elif judgement.verdict == "unknown":
                for tape, _ in interp.recorder.tapes.active:
                    interp.state.set(tape, "read", None)

    def implied(self, site: Site, run: Callable[[Tape], Value], sources: Callable[[], list[Leaf]]) -> Implied:
        """A request that a library makes itself: ``run`` is executed under its tape and gives the target.

        ``sources`` is asked when that is done, as a model may make its weights only then.
        """
        interp = self._interp
        tape = Tape(False, True, interp.graph_level, interp.recorder.now())
        self._start(tape)
        try:
            target = run(tape)
        finally:
            self._leave(tape)
        leaves = sources()
        judge = RequestAnalysis(Request(tape, "gradient", target, False), site, self._interp.reports.thorough)
        judgements = [judge.judge(leaf) for _, leaf in leaves]
        if self._endless() or interp.recorder.tapes.fields["ended"]:
            judgements = [Judgement("unknown", origin=origins.NOT_REACHED)] * len(leaves)
        return Implied(leaves, judgements, target, judge)

    def _endless(self) -> bool:
        """Whether XLA is asked to undo the steps of a loop, and does not know how often it turned."""
        return self._interp.xla and self._interp.unbounded > 0

    def minimized(self, tape: Tape, loss: Value, variables: Value) -> Value:
        """The request that an optimizer makes of a tape it is given."""
        return self._request(tape, "minimize", [loss, variables], {})

    def note(self, name: str, site: Site, leaves: list[Leaf], judgements: list[Judgement]) -> None:
        """Report a request that stands at ``site``."""
        self._interp.recorder.site = site
        self._note(name, leaves, judgements)

    def _note(self, name: str, leaves: list[Leaf], judgements: list[Judgement]) -> None:
        interp = self._interp
        interp.reports.cleared.update(leaf for _, leaf in leaves if isinstance(leaf, Variable))
        site = interp.reports.site(interp.recorder.site, name)
        site.variables = site.variables or any(_variable(leaf) for _, leaf in leaves)
        if len(leaves) > len(site.labels):
            site.labels = [label for label, _ in leaves]
        judgements = of_a_model(leaves, judgements)
        site.evaluations.append(judgements)
        for judgement in judgements:
            if judgement.verdict == "unknown":
                interp.reports.unknowns[str(judgement.origin or "?")] += 1

    def _result(self, asked: Asked, sources: Value, judgements: Any) -> Value:
        """The gradients: a nest of values like the sources."""

        def leaf(source: Value) -> Value:
            judgement = next(judgements, None)
            if judgement is None or isinstance(source, _NESTS):
                return self._interp.unknown(origins.GRADIENT)
            return self._gradient(asked, source, judgement)

        return fold(sources, _parts, leaf, _alike)

    def _gradient(self, asked: Asked, source: Value, judgement: Judgement) -> Value:
        interp = self._interp
        tape, target, arriving = asked
        if judgement.verdict == "none":
            self.results.gave_none = True
            return NONE
        if isinstance(source, Unknown) or judgement.verdict in ("raises", "unknown"):
            made = interp.unknown(origins.GRADIENT, target, source, arriving)
            self.results.note(made.node, source)
            return made
        if interp.recorder.tapes.active:
            edges = derivative_edges(interp.recorder, tape, nodes_of(target), _contents(target, source))
            if edges is None:
                made = interp.unknown(origins.GRADIENT_OF_SLICES, target, source, arriving)
                self.results.note(made.node, source)
                return made
            if judgement.verdict == "zero":
                # Zeros like the source may have been made from the source itself.
                edges.append(Edge(nodes_of(source)[0], Effect.UNKNOWN))
            # What is said to come from behind the target is handed on.
            certain = judgement.verdict == "flows" and isinstance(arriving, (Tensor, Variable))
            edges += [Edge(node, Effect.FLOWS if certain else Effect.UNKNOWN) for node in nodes_of(arriving)]
        else:
            edges = [Edge(node, Effect.NONE) for node in nodes_of(Items((target, source, arriving)))]
        node = interp.recorder.op(edges)
        node.origin = origins.GRADIENT_OF_GRADIENT
        node.dtype = nodes_of(source)[0].dtype
        self.results.note(node, source)
        return Tensor(node)


_NESTS = (Container, Items, DictContent, Repeated)


def _parts(value: Value, level: int) -> Sequence[Value] | None:
    """The parts of a nest, each with a gradient of its own, in TensorFlow's order."""
    if isinstance(value, DictContent):
        return [part for _, part in value.in_order()]
    return value.held() if isinstance(value, _NESTS) else None


def _alike(nest: Value, gradients: list[Value]) -> Value:
    if not isinstance(nest, DictContent):
        return nest.with_held(gradients)
    made = {key: each for (key, _), each in zip(nest.in_order(), gradients, strict=True)}
    return DictContent({key: made[key] for key in nest.entries}, nest.rest)


def _variable(leaf: Value) -> bool:
    return isinstance(leaf, Variable) or (isinstance(leaf, Unknown) and leaf.node.origin == origins.WEIGHTS)


def _contents(target: Value, source: Value) -> list[Node]:
    """The nodes that stand for a source: for a variable its content at every time the target read it."""
    if isinstance(source, Variable):
        history = ancestors(nodes_of(target))
        return [node for node in history if node.variable is source or isinstance(node, Beyond)]
    return nodes_of(source)
