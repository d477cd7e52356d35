"""``compile``: the losses that a model is given are tried, and told of once it is trained with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import libcst as cst

from tfgradlint.flow.graph.breaks import LossFault
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.values.base import FALSE, NONE, Const, Symbol, Tensor, Unknown, Value
from tfgradlint.flow.values.containers import Union
from tfgradlint.flow.values.functions import Function, Method, Partial
from tfgradlint.flow.values.objects import Class, Instance, Layer, LibraryObject
from tfgradlint.flow.verdict.judgements import Judgement, Reason
from tfgradlint.flow.verdict.request_analysis import flatten
from tfgradlint.libraries.keras import metrics as keras_metrics
from tfgradlint.libraries.keras.weight_lists import Weights
from tfgradlint.libraries.keras.weights import of_keras_2
from tfgradlint.libraries.measured.apply import apply
from tfgradlint.libraries.session import keras_name

if TYPE_CHECKING:
    from tfgradlint.flow.machine.context import Context
    from tfgradlint.flow.tape.tape import Tape
    from tfgradlint.knowledge import OperationFacts
    from tfgradlint.libraries.session import Session

#: What a model was compiled with, by the names of the parameters.
COMPILED = ("keras", "compiled")
#: Where.
COMPILED_AT = ("keras", "compiled at")
#: Where everything was frozen when it was compiled.
FROZEN_THEN = ("keras", "frozen when compiled")
#: Whether a loss it was compiled with has no gradient: told where it was compiled.
BROKEN = ("keras", "broken loss")
#: What is to be said of the losses that it was compiled with.
_OBJECTIONS = ("keras", "objections")
_MADE: WeakKeyDictionary[Context, list[Objection]] = WeakKeyDictionary()
_OPTIONS = (
    "optimizer",
    "loss",
    "loss_weights",
    "metrics",
    "weighted_metrics",
    "run_eagerly",
    "steps_per_execution",
    "jit_compile",
)
#: Causes that say that the step is not on the way at all.
ELSEWHERE = frozenset({Cause.UNRELATED_TARGET, Cause.UNWATCHED_TENSOR, Cause.UNWATCHED_VARIABLE})

#: Causes that raise where Keras compiles the step.
_REFUSED = frozenset({Cause.PYTHON_VALUE, Cause.NUMPY_FUNCTION})


class Objection:
    """What is wrong with the losses of one ``compile``: told of the model when it trains with them."""

    def __init__(self) -> None:
        self.reasons: list[Reason] = []
        #: Whether the model was compiled again, and whether it was told.
        self.replaced = False
        self.told = False


class Options(dict[str, Value]):
    """What ``compile`` was given; where it may have been one of several calls, an option may be either's."""

    __slots__ = ()

    @staticmethod
    def joined(alternatives: list[Options]) -> Options:
        names = dict.fromkeys(name for each in alternatives for name in each)
        return Options({name: _either([each.get(name, NONE) for each in alternatives]) for name in names})


def _either(values: list[Value]) -> Value:
    distinct = list({id(value): value for value in values}.values())
    return distinct[0] if len(distinct) == 1 else Union(tuple(distinct))


class Objections(tuple[Objection, ...]):
    """Those of the ``compile`` that is in force, or of several that may be."""

    __slots__ = ()

    @staticmethod
    def joined(alternatives: list[Objections]) -> Objections:
        return Objections(dict.fromkeys(each for one in alternatives for each in one))


def object_to(interp: Context, model: Layer | Instance, site: Site, others: bool) -> None:
    """The model is trained at ``site``, with the losses that it was compiled with last.

    ``others``: something else may give the weights a gradient. Then Keras trains with that and refuses nothing, as it
    does where all weights have been frozen since.
    """
    weights = Weights(interp, model)
    mild = others or (bool(weights.frozen) and not weights.found)
    objections: Objections = model.fields.get(_OBJECTIONS) or Objections()
    for objection in objections:
        if len(objections) == 1 or not objection.replaced:
            objection.told = True
            if not interp.attempts:
                reasons = [_mild(reason) if mild else reason for reason in objection.reasons]
                interp.reports.steps += [(reason, site) for reason in reasons]


def _mild(reason: Reason) -> Reason:
    lost = reason.cause in (Cause.KERAS_LOSS, Cause.METRIC_AS_LOSS) and reason.raised == "ValueError"
    return reason._replace(raised="") if lost else reason


def refusal(reason: Reason | None, raised: str) -> str:
    """What Keras raises for a loss without a gradient: ``predict`` and its like refuse to run in a step at all."""
    return "an error" if reason is not None and reason.cause is Cause.PREDICTED else raised


def suffer(interp: Context, told: int, site: Site) -> None:
    """What Keras compiles at ``site`` raises there: said of the steps that were told since."""
    steps = interp.reports.steps
    for place in range(told, len(steps)):
        reason, request = steps[place]
        if request is None and reason.raised and reason.cause in _REFUSED:
            steps[place] = reason, site


def finish(interp: Context) -> None:
    """The end of the program: losses that were neither replaced nor trained with wait for somebody else's ``fit``."""
    for objection in _MADE.get(interp, ()):
        if not objection.told and not objection.replaced:
            interp.reports.steps += [(reason, None) for reason in objection.reasons]


def compiled(
    interp: Context, session: Session, receiver: Layer | Instance, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """``model.compile(...)``: the losses are tried on a prediction of which all is known that matters."""
    options = Options({**dict(zip(_OPTIONS, args, strict=False)), **kwargs})
    before = receiver.fields.get(COMPILED, {})
    if "loss" in before and "**" not in kwargs and options.get("loss", NONE) is NONE:
        options["loss"] = before["loss"]  # Keras keeps the loss it has
    interp.state.set(receiver, COMPILED, options)
    interp.state.set(receiver, COMPILED_AT, interp.recorder.site)
    if of_keras_2(interp, receiver):
        _note_frozen(interp, receiver)
    for objection in receiver.fields.get(_OBJECTIONS) or ():
        objection.replaced = True
    objection = Objection()
    _MADE.setdefault(interp, []).append(objection)
    interp.state.set(receiver, _OBJECTIONS, Objections((objection,)))
    told = len(interp.reports.steps)
    broken = False
    if "**" not in kwargs and "loss" in options and _uses_its_loss(interp, receiver):
        weights = Weights(interp, receiver)
        frozen = bool(weights.frozen) and not weights.found
        for loss in each_of(options["loss"]):
            broken = _Trial(interp, session, options, of_keras_2(interp, receiver), frozen).judge(loss) or broken
    objection.reasons = [reason for reason, _ in interp.reports.steps[told:]]
    del interp.reports.steps[told:]
    interp.state.set(receiver, BROKEN, broken)
    return NONE


def _note_frozen(interp: Context, receiver: Layer | Instance) -> None:
    """Keras 2 trains what is to be trained when a model is compiled, whatever becomes of it until ``fit``."""
    weights = Weights(interp, receiver)
    step = interp.calls.class_attribute(receiver.cls, "train_step") if isinstance(receiver, Instance) else None
    nothing = weights.known and weights.frozen and not (weights.found or weights.unbuilt or isinstance(step, Function))
    interp.state.set(receiver, FROZEN_THEN, weights.frozen[-1] if nothing else None)


def _uses_its_loss(interp: Context, model: Layer | Instance) -> bool:
    """Whether training comes by the loss that the model is compiled with: a step of its own may do without."""
    step = interp.calls.class_attribute(model.cls, "train_step") if isinstance(model, Instance) else None
    return not isinstance(step, Function) or "loss(" in cst.Module([]).code_for_node(step.node.body)


def each_of(value: Value) -> list[Value]:
    """The losses, one for each output."""
    return [leaf for _, leaf in flatten(value, "")]


def eager(interp: Context, options: dict[str, Value]) -> bool | None:
    """Whether Keras calls the program's functions one by one instead of compiling them; None if not known."""
    if interp.eager_functions or interp.prescan.stored & {"run_eagerly", "run_functions_eagerly"}:
        return None
    return interp.expressions.truth(options["run_eagerly"]) if "run_eagerly" in options else False


def under_xla(interp: Context, options: dict[str, Value]) -> bool:
    """Whether the program asks Keras to compile the step, perhaps, with XLA. ``"auto"`` is left to the machine."""
    asked = options.get("jit_compile", FALSE)
    return not (isinstance(asked, Const) and asked.value in (False, None, "auto"))


@contextmanager
def compiling(interp: Context, eagerly: bool | None, xla: bool = False) -> Iterator[None]:
    """What runs inside is traced, unless it runs ``eagerly``; where that is not known nothing is refused."""
    before = interp.xla, interp.bounded, interp.unbounded, interp.forks
    if xla and not interp.xla:
        interp.xla, interp.bounded, interp.unbounded, interp.forks = True, 0, 0, 0
    recorder = interp.recorder
    others = recorder.tapes.fields["others"]
    site, statement = recorder.site, interp.statement
    recorder.level += not eagerly
    interp.unconverted += 1
    if eagerly is None:
        interp.state.set(recorder.tapes, "others", (others or 0) + 1)
    try:
        yield
    finally:
        interp.xla, interp.bounded, interp.unbounded, interp.forks = before
        recorder.level -= not eagerly
        interp.unconverted -= 1
        recorder.site, interp.statement = site, statement
        if eagerly is None:
            interp.state.set(recorder.tapes, "others", others)


class _Trial:
    """Tries a loss on a truth and a prediction: does its result depend on the prediction?"""

    def __init__(
        self, interp: Context, session: Session, options: dict[str, Value], legacy: bool, frozen: bool
    ) -> None:
        self._interp = interp
        self._session = session
        # Keras 2 converts what it compiles.
        self._eager = None if legacy else eager(interp, options)
        self._site = interp.recorder.site
        self._broken = False
        #: Whether Keras looks for gradients and finds none: there is no other loss, and something is to be trained.
        self._refused = len(each_of(options["loss"])) == 1 and not frozen

    def judge(self, loss: Value) -> bool:
        """Report a loss without a gradient; True if it is one."""
        interp = self._interp
        if _is_metric(self._session, loss):
            self._report(Reason(Cause.METRIC_AS_LOSS, self._site, Operation(_metric_name(loss)), raised="ValueError"))
        if isinstance(loss, (Function, Method, Partial, Instance)) and not interp.may_be_handled():
            interp.calls.attempt(lambda: self._run(loss))
        return self._broken

    def _run(self, loss: Value) -> None:
        interp = self._interp
        with compiling(interp, self._eager):
            truth, prediction = (Tensor(interp.recorder.op([], "float32")) for _ in range(2))

            def run(tape: Tape) -> Value:
                interp.requests.call(tape, "watch", [prediction], {})
                return call_loss(interp, self._session, loss, truth, prediction)

            asked = interp.requests.implied(self._site, run, lambda: [("", prediction)])
        if isinstance(asked.target, (Tensor, Unknown)):
            self._tell(asked.judgements[0])

    def _tell(self, judgement: Judgement) -> None:
        reason = judgement.reason
        if judgement.verdict == "raises" and reason is not None:
            self._report(reason)
        elif reason is not None and reason.cause is Cause.METRIC_AS_LOSS:
            self._report(reason._replace(raised="ValueError"))
        elif judgement.verdict in ("none", "zero"):
            elsewhere = reason is None or reason.cause in ELSEWHERE
            site = self._site if reason is None or elsewhere else reason.site
            steps = reason.steps if reason is not None and not elsewhere else ()
            raised = refusal(reason, "ValueError" if judgement.verdict == "none" and self._refused else "")
            lost = LossFault.ZERO if judgement.verdict == "zero" else LossFault.CUT
            detail = LossFault.UNUSED_PREDICTION if elsewhere else lost
            self._report(Reason(Cause.KERAS_LOSS, site, detail, steps, raised))

    def _report(self, reason: Reason) -> None:
        self._broken = True
        self._interp.reports.steps.append((reason, None))


def call_loss(interp: Context, session: Session, loss: Value, truth: Value, prediction: Value) -> Value:
    """The loss as Keras computes it."""
    if isinstance(loss, Union):
        return interp.calls.any_of(list(loss.values), lambda each: call_loss(interp, session, each, truth, prediction))
    if isinstance(loss, Instance):
        function = interp.calls.class_attribute(loss.cls, "call")
        if isinstance(function, Function) and derives(loss.cls, "Loss", "losses."):
            loss = Method(function, loss)
    if isinstance(loss, Const) and isinstance(loss.value, str):
        known = _named_loss(session, loss.value)
        made = apply(interp, known, [truth, prediction], {}) if known is not None else None
        return made if made is not None else interp.opaque_result_of(f"loss {loss.value}", [truth, prediction])
    return interp.calls.call(loss, [truth, prediction], {})


def _is_metric(session: Session, loss: Value) -> bool:
    if isinstance(loss, Instance):
        return derives(loss.cls, "Metric", "metrics.")
    if isinstance(loss, Const) and isinstance(loss.value, str):
        return loss.value in ("accuracy", "acc") or (
            _named_loss(session, loss.value) is None and _flat(session.known(f"keras.metrics.{_snake(loss.value)}"))
        )
    path = keras_name(loss.path) if isinstance(loss, (LibraryObject, Symbol)) else None
    if path is None:
        return False
    if isinstance(loss, LibraryObject):
        return keras_metrics.is_metric(path)
    return path.startswith("metrics.") and _flat(session.known(f"keras.{path}"))


def _flat(known: OperationFacts | None) -> bool:
    """Whether a metric was measured to have no gradient with respect to the prediction."""
    effects = [output.effects.get("y_pred") for case in known.cases for output in case.outputs] if known else []
    return bool(effects) and all(effect == "none" for effect in effects)


def _named_loss(session: Session, name: str) -> OperationFacts | None:
    """The function behind the name of a loss or of its class."""
    name = _snake(name)
    return session.known(f"keras.losses.{name}") or session.known(f"tf.keras.losses.{name}")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def derives(cls: Class, *names: str) -> bool:
    """Whether a class of the module derives from one of Keras' classes: by its name, or by its family's."""
    bases = [base for base in cls.lineage() if not isinstance(base, Class)]
    paths = [keras_name(base.path) or "" if isinstance(base, Symbol) else "" for base in bases]
    return bool(paths) and all(any(path == n or (n[-1] == "." and path.startswith(n)) for n in names) for path in paths)


def _metric_name(loss: Value) -> str:
    if isinstance(loss, Instance):
        return loss.cls.name
    if isinstance(loss, Const):
        return str(loss.value)
    return loss.path.rpartition(".")[2] if isinstance(loss, (LibraryObject, Symbol)) else ""
