"""Requests for gradients: what they give, and the record of every one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import Reuse, Symbolic
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Beyond, Edge, Effect, Node, Site
from tfgradlint.flow.graph.unseen import Unseen
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import Raised
from tfgradlint.flow.python.late import gradients_are_computed
from tfgradlint.flow.tape.derivatives import derivative_edges, made_of_slices
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.tape.tape import LIVE, NEW, SPENT, Tape
from tfgradlint.flow.values.base import NONE, Composite, Const, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Container, DictContent, Items, ListObject, Repeated
from tfgradlint.flow.values.walk import fold, nest_parts, nodes_of, walk
from tfgradlint.flow.verdict.judgements import ARRIVING, LACKING, Judgement, Reason
from tfgradlint.flow.verdict.reports import Leaf, of_a_model
from tfgradlint.flow.verdict.request import Request, flatten
from tfgradlint.flow.verdict.request_analysis import Implied, RequestAnalysis
from tfgradlint.flow.verdict.requested_gradients import RequestedGradients
from tfgradlint.flow.verdict.terms import idle


class Asked(NamedTuple):
    """A request by the method of this ``name``: ``arriving`` is what it says to come from behind the target."""

    tape: Tape
    name: str
    target: Value
    arriving: Value


class Requests:
    """Answers requests."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self.results = RequestedGradients()
        #: How many requests were made.
        self.count = 0

    def unknown_tape(self, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """A request on something that is not known to be a tape."""
        sources = self._argument(args, kwargs, 1, "source" if name == "batch_jacobian" else "sources")
        leaves = flatten(sources, "")
        self._record(name, leaves, [Judgement("unknown", origin=origins.TAPE)] * len(leaves))
        return self._interp.unknown(origins.UNKNOWN_TAPE, *args)

    def _argument(self, args: list[Value], kwargs: dict[str, Value], position: int, *names: str) -> Value:
        if position < len(args):
            return args[position]
        for name in names:
            if name in kwargs:
                return kwargs[name]
        return NONE

    def request(self, tape: Tape, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """``tape.name(...)``, a request for gradients: what it gives."""
        interp = self._interp
        self.count += 1
        gradients_are_computed(interp)
        target = self._argument(args, kwargs, 0, "target")
        sources = self._argument(args, kwargs, 1, "source" if name == "batch_jacobian" else "sources")
        zeros = self._zeros(self._argument(args, kwargs, 3 if name == "gradient" else 2, "unconnected_gradients"))
        leaves = flatten(sources, "")
        self.results.begin(leaf for _, leaf in leaves)
        lack = LACKING.of(sources) if isinstance(sources, ListObject) else None
        if lack is not None and lack.matters(leaves, target) and not interp.may_be_handled():
            interp.reports.add_step(lack.reason, interp.recorder.site)
        refused = self._by_tape(tape)
        if refused is None:
            refused = self._by_library(name, target, [leaf for _, leaf in leaves])
        if refused is None:
            refused = self._by_element(tape, name, args, kwargs)
            leaves = leaves if refused is None else leaves or [("", NONE)]
        elif refused.verdict == "raises":
            leaves = leaves or [("", NONE)]
        judgements = [refused] * len(leaves) if refused is not None else []
        if refused is None:
            judgements = self._judged(Request(tape, name, target, zeros is True), sources, leaves)
        if tape.persistent is not True:
            interp.state.set(tape, "life", SPENT if tape.persistent is False else None)
            interp.state.set(tape, "used", interp.recorder.site)
            interp.tapes.leave(tape)
        if zeros and refused is None:
            judgements = self._without_zeros(Request(tape, name, target, False), leaves, judgements)
        if zeros is None:
            judgements = _perhaps_zeros(leaves, judgements)
        if zeros is not False:
            self._zeros_like([leaf for _, leaf in leaves], judgements)
        self._record(name, leaves, judgements)
        if leaves and leaves[0][1] is sources and isinstance(sources, (Items, Container)):
            return interp.unknown(origins.NESTED_SOURCES)
        arriving = self._argument(args, kwargs, 2, "output_gradients") if name == "gradient" else NONE
        return self._result(Asked(tape, name, target, arriving), sources, iter(judgements))

    def _without_zeros(self, plain: Request, leaves: list[Leaf], judgements: list[Judgement]) -> list[Judgement]:
        """Variables of Keras' own are none to make zeros like: where one is not connected, the request raises.

        ``plain``: the request without zeros in place of what is missing.
        """
        found = [leaf for (_, leaf), each in zip(leaves, judgements, strict=True) if each.verdict == "zero"]
        found = [leaf for leaf in found if isinstance(leaf, Variable) and leaf.library == "keras"]
        if not found:
            return judgements
        analysis = RequestAnalysis(
            plain, self._interp.recorder.site, self._interp.of(Numbers), self._interp.reports.thorough
        )
        missing = plain.kind != "batch_jacobian" and any(analysis.judge(leaf).verdict == "none" for leaf in found)
        raises = Judgement("raises") if missing else Judgement("unknown", origin=origins.MAY_RAISE)
        return [raises] * len(leaves)

    def _by_tape(self, tape: Tape) -> Judgement | None:
        """What a request gives for every source, whatever it is, because of the state that the tape is in."""
        interp = self._interp
        life, site = tape.fields["life"], interp.recorder.site
        outside = tape.level != interp.graph_level
        if interp.recorder.tapes.fields["ended"]:
            return Judgement("unknown", origin=origins.NOT_REACHED)
        unseen = outside and (life != LIVE or interp.traces.given(tape.level) is None)
        if tape.fields["escaped"] or life is None or unseen:
            return Judgement("unknown", origin=origins.TAPE)
        if life == SPENT:
            used = tape.fields.get("used") or site
            return Judgement("raises", Reason(Cause.TAPE_REUSED, site, Reuse.EARLIER_REQUEST, (used,), "RuntimeError"))
        if life == NEW:
            return Judgement("raises", Reason(Cause.TAPE_NEVER_ENTERED, site, raised="RuntimeError"))
        return None

    def _by_library(self, name: str, target: Value, sources: list[Value]) -> Judgement | None:
        """What a request gives for every source where a library refuses what it is given."""
        raised = self._interp.libraries.refused(self._interp, name, target, sources) if sources else None
        if raised is None:
            return None
        if not raised:
            return Judgement("unknown", origin=origins.MAY_RAISE)
        symbolic = any(isinstance(each, Tensor) and each.node.placeholder for each in (target, *sources))
        if not symbolic or self._interp.may_be_handled():
            return Judgement("raises")
        exception = "" if name == "batch_jacobian" else raised
        site = self._interp.recorder.site
        return Judgement("raises", Reason(Cause.SYMBOLIC_TENSOR, site, Symbolic.REQUEST, (), exception))

    def _judged(self, request: Request, sources: Value, leaves: list[Leaf]) -> list[Judgement]:
        """The judgement of each source, by what the tape has recorded."""
        interp = self._interp
        if self._endless():
            return [Judgement("unknown", origin=origins.LOOP_UNDER_XLA)] * len(leaves)
        if interp.calls.traced_for_others:
            return [Judgement("unknown", origin=origins.TRACED_FOR_OTHERS)] * len(leaves)
        if any(map(_refused, (request.target, *(leaf for _, leaf in leaves)))):
            return [Judgement("unknown", origin=origins.MAY_RAISE)] * len(leaves)
        interp.recorder.look_into(nodes_of(request.target))
        outside = request.tape.level != interp.graph_level
        given = interp.traces.given(request.tape.level) if outside else None
        site = interp.recorder.site
        analysis = RequestAnalysis(request, site, interp.of(Numbers), interp.reports.thorough, given, self._unseen())
        judgements = analysis.judge_all([leaf for _, leaf in leaves])
        if not outside:
            interp.libraries.requested(interp, sources, [leaf for _, leaf in leaves], analysis, site)
            if request.kind == "gradient" and not interp.perhaps_compiled:
                for reason in idle(request, [leaf for _, leaf in leaves], judgements):
                    interp.reports.add_step(reason, site)
        if interp.perhaps_compiled:
            judgements = [_in_either_mode(judgement) for judgement in judgements]
        raising = next((judgement for judgement in judgements if judgement.verdict == "raises"), None)
        return judgements if raising is None else [raising] * len(leaves)

    def _unseen(self) -> Unseen | None:
        """What is known of code that nobody sees, where something may be assumed of it."""
        return self._interp.unseen if self._interp.reports.assumes else None

    def _by_element(self, tape: Tape, name: str, args: list[Value], kwargs: dict[str, Value]) -> Judgement | None:
        """What a Jacobian gives that asks a tape, which answers only once, for one element after the other.

        None: it does not.
        """
        if name not in ("jacobian", "batch_jacobian") or tape.persistent is not False:
            return None
        raised = Reason(Cause.TAPE_REUSED, self._interp.recorder.site, Reuse.BY_ELEMENT, raised="RuntimeError")
        raises, perhaps = Judgement("raises", raised), Judgement("unknown", origin=origins.TAPE)
        vectorised = kwargs.get("experimental_use_pfor", args[4] if len(args) > 4 else Const(True)).truth()
        if vectorised is False:
            # A graph can hold the steps as often as they are wanted.
            in_graph = self._interp.graph_level > 0
            uncertain = self._interp.isolated or self._interp.eager_functions is not False
            return None if in_graph else (perhaps if uncertain else raises)
        if self._argument(args, kwargs, 3, "parallel_iterations") is not NONE:
            return raises if vectorised is True and name == "batch_jacobian" else perhaps
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
        interp.tapes.start(tape)
        try:
            target = run(tape)
        finally:
            interp.tapes.leave(tape)
        leaves = sources()
        interp.recorder.look_into(nodes_of(target))
        request = Request(tape, "gradient", target, False)
        judge = RequestAnalysis(request, site, interp.of(Numbers), interp.reports.thorough, None, self._unseen())
        judgements = [_without_loss(each) for each in judge.judge_all([leaf for _, leaf in leaves])]
        if self._endless() or interp.recorder.tapes.fields["ended"]:
            judgements = [Judgement("unknown", origin=origins.NOT_REACHED)] * len(leaves)
        return Implied(leaves, judgements, target, judge)

    def _endless(self) -> bool:
        """Whether XLA is asked to undo the steps of a loop, and does not know how often it turned."""
        return self._interp.xla.active and self._interp.xla.unbounded_loops > 0

    def minimized(self, tape: Tape, loss: Value, variables: Value) -> Value:
        """The request that an optimizer makes of a tape it is given."""
        return self.request(tape, "minimize", [loss, variables], {})

    def record(self, name: str, site: Site, leaves: list[Leaf], judgements: list[Judgement]) -> None:
        """Report a request that stands at ``site``."""
        self._interp.recorder.site = site
        self._record(name, leaves, judgements)

    def _record(self, name: str, leaves: list[Leaf], judgements: list[Judgement]) -> None:
        interp = self._interp
        interp.reports.cleared.update(leaf for _, leaf in leaves if isinstance(leaf, Variable))
        site = interp.reports.site(interp.recorder.site, name)
        site.variables = site.variables or any(_variable(leaf) for _, leaf in leaves)
        if len(leaves) > len(site.labels):
            site.labels = [label for label, _ in leaves]
        judgements = of_a_model(leaves, judgements)
        interp.reports.evaluated(site, judgements)
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
        tape, name, target, arriving = asked
        if judgement.verdict == "none":
            self.results.gave_none = True
            return NONE
        if isinstance(source, Unknown) or judgement.verdict in ("raises", "unknown"):
            made = interp.unknown(origins.GRADIENT, target, source, arriving)
            self.results.record(made.node, source)
            return made
        if interp.recorder.tapes.active:
            edges = derivative_edges(interp.recorder, tape, nodes_of(target), _contents(target, source))
            if edges is None:
                made = interp.unknown(origins.GRADIENT_OF_SLICES, target, source, arriving)
                self.results.record(made.node, source)
                return made
            if judgement.verdict in ("zero", "arrives"):
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
        self.results.record(node, source)
        if name == "gradient" and judgement.verdict in ARRIVING and made_of_slices(nodes_of(target), source):
            return Composite(node, "IndexedSlices")
        return Tensor(node)

    def graph_gradients(self, name: str, args: list[Value], kwargs: dict[str, Value], eager: bool) -> Value:
        """``tf.gradients`` and its like, which need a graph. ``eager``: outside of functions is none."""
        interp = self._interp
        leaves = flatten(self._argument(args, kwargs, 1, "xs"), "")
        if not eager or interp.graph_level or interp.isolated or interp.may_be_handled():
            made = origins.returned_by(name)
            self._record(name, leaves, [Judgement("unknown", origin=made)] * len(leaves))
            return interp.unknown(made, *args)
        reason = Reason(Cause.GRADIENTS_IN_EAGER, interp.recorder.site, raised="RuntimeError")
        leaves = leaves or [("", NONE)]
        self._record(name, leaves, [Judgement("raises", reason)] * len(leaves))
        raise Raised


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
    return DictContent({key: made[key] for key in nest.entries}, nest.rest, nest.maybe)


def _refused(value: Value) -> bool:
    """Whether TensorFlow gives no gradient of what is in a target or source, or towards it: slices and sparse ones."""
    return any(isinstance(each, Composite) and each.form != "RaggedTensor" for each in walk(value, nest_parts))


def _without_loss(judgement: Judgement) -> Judgement:
    """Of what a library asks for itself is only assumed what arrives: it reports what does not in words of its own."""
    assumed = judgement.assumed
    return judgement if assumed is None or assumed.verdict in ARRIVING else judgement._replace(assumed=None)


def _variable(leaf: Value) -> bool:
    return isinstance(leaf, Variable) or (isinstance(leaf, Unknown) and leaf.node.origin == origins.WEIGHTS)


def _contents(target: Value, source: Value) -> list[Node]:
    """The nodes that stand for a source: for a variable its content at every time the target read it."""
    if isinstance(source, Variable):
        history = ancestors(nodes_of(target))
        return [node for node in history if node.variable is source or isinstance(node, Beyond)]
    return nodes_of(source)


#: Steps that leave TensorFlow: eagerly they lose the gradient, in a graph they raise.
_LEAVING = (Cause.PYTHON_VALUE, Cause.NUMPY_FUNCTION, Cause.OTHER_LIBRARY)


def _perhaps_zeros(leaves: list[Leaf], judgements: list[Judgement]) -> list[Judgement]:
    """What holds where what is missing comes out as None or as zeros: a gradient that arrives is one all the same.

    For variables of Keras' own no zeros are made: where one is missing, the request may raise.
    """
    certain = (*ARRIVING, "raises")
    assumed = (each.verdict if each.assumed is None else each.assumed.verdict for each in judgements)
    if all(verdict in certain for verdict in assumed):
        return judgements
    plain = all(isinstance(leaf, Tensor) or (isinstance(leaf, Variable) and leaf.library == "tf") for _, leaf in leaves)
    unknown = Judgement("unknown", origin=origins.TAPE)
    return [each if plain and each.verdict in certain else unknown for each in judgements]


def _in_either_mode(judgement: Judgement) -> Judgement:
    """What holds of the judgement of eager code where the function may as well be compiled."""
    if judgement.reason is not None and judgement.reason.cause in _LEAVING:
        return Judgement("unknown", origin=origins.PERHAPS_COMPILED)
    return judgement
