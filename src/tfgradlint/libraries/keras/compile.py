"""``compile``: the losses that a model is given are tried, and reported once it is trained with them."""

from __future__ import annotations

import re

import libcst as cst

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.retracing import Kept
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import NONE, Const, Scalar, Symbol, Tensor, Unknown, Value
from tfgradlint.flow.values.containers import Union
from tfgradlint.flow.values.functions import Function, Method, Partial
from tfgradlint.flow.values.notes import Gathered
from tfgradlint.flow.values.objects import Class, Instance, Layer, LibraryObject
from tfgradlint.flow.verdict.judgements import Reason
from tfgradlint.flow.verdict.request import flatten
from tfgradlint.knowledge import OperationFacts
from tfgradlint.libraries.keras import metrics as keras_metrics
from tfgradlint.libraries.keras.compiled import Objection, Options
from tfgradlint.libraries.keras.compiled_flags import note_flags
from tfgradlint.libraries.keras.compiling import compiling, converted, eager
from tfgradlint.libraries.keras.optimizers import is_optimizer
from tfgradlint.libraries.keras.origins import named_loss
from tfgradlint.libraries.keras.reporting import objection_to
from tfgradlint.libraries.keras.state import (
    BROKEN,
    COMPILED,
    COMPILED_AT,
    OBJECTIONS,
    TRACES,
    keras_state,
)
from tfgradlint.libraries.keras.unseen import others_class
from tfgradlint.libraries.keras.weight_lists import Weights
from tfgradlint.libraries.keras.weights import of_keras_2
from tfgradlint.libraries.measured.apply import apply
from tfgradlint.libraries.session import Session, keras_name

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


def compiled(
    interp: Context, session: Session, receiver: Layer | Instance, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """``model.compile(...)``: the losses are tried on a prediction of which all is known that matters."""
    options = Options({**dict(zip(_OPTIONS, args, strict=False)), **kwargs})
    if _no_optimizer(options.get("optimizer"), of_keras_2(interp, receiver)):
        interp.raise_here(None, "ValueError")
    before: dict[str, Value] = COMPILED.of(receiver) or {}
    if "loss" in before and "**" not in kwargs and options.get("loss", NONE) is NONE:
        options["loss"] = before["loss"]  # Keras keeps the loss it has
    COMPILED.put(interp.state, receiver, options)
    COMPILED_AT.put(interp.state, receiver, interp.recorder.site)
    TRACES.put(interp.state, receiver, Kept())
    if of_keras_2(interp, receiver):
        note_flags(interp, receiver)
    for objection in OBJECTIONS.of(receiver) or ():
        objection.replaced = True
    objection = Objection()
    keras_state(interp).objections.append(objection)
    OBJECTIONS.put(interp.state, receiver, Gathered((objection,)))
    broken = False
    with interp.reports.collecting() as tried:
        if "**" not in kwargs and "loss" in options and _uses_its_loss(interp, receiver):
            weights = Weights(interp, receiver)
            frozen = bool(weights.frozen) and not weights.found
            for loss in each_of(options["loss"]):
                broken = _Trial(interp, session, options, of_keras_2(interp, receiver), frozen).judge(loss) or broken
    objection.reasons = [step.reason for step in tried]
    BROKEN.put(interp.state, receiver, broken)
    return NONE


def _no_optimizer(given: Value | None, legacy: bool) -> bool:
    """Whether Keras refuses what it is given for an optimizer: neither a name nor an object, nor what describes one."""
    if isinstance(given, Const):
        return legacy if given.value is None else not isinstance(given.value, str)
    if isinstance(given, Symbol):
        return is_optimizer(keras_name(given.path) or "")  # a class that nobody has called
    return isinstance(given, (Function, Method, Tensor, Scalar))


def _uses_its_loss(interp: Context, model: Layer | Instance) -> bool:
    """Whether training comes by the loss that the model is compiled with: a step of its own may do without."""
    if others_class(model):
        return False
    step = interp.attributes.of_class(model.cls, "train_step") if isinstance(model, Instance) else None
    return not isinstance(step, Function) or "loss(" in cst.Module([]).code_for_node(step.node.body)


def each_of(value: Value) -> list[Value]:
    """The losses, one for each output."""
    return [leaf for _, leaf in flatten(value, "")]


class _Trial:
    """Tries a loss on a truth and a prediction: does its result depend on the prediction?"""

    def __init__(
        self, interp: Context, session: Session, options: dict[str, Value], legacy: bool, frozen: bool
    ) -> None:
        self._interp = interp
        self._session = session
        self._legacy = legacy
        self._eager = eager(interp, options)
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
        with compiling(interp, self._eager), converted(interp, self._legacy):
            truth, prediction = (Tensor(interp.recorder.op([], "float32")) for _ in range(2))

            def run(tape: Tape) -> Value:
                interp.tapes.call(tape, "watch", [prediction], {})
                return call_loss(interp, self._session, loss, truth, prediction)

            asked = interp.requests.implied(self._site, run, lambda: [("", prediction)])
        if isinstance(asked.target, (Tensor, Unknown)):
            reason = objection_to(asked.judgements[0], self._site, self._refused)
            if reason is not None:
                self._report(reason)

    def _report(self, reason: Reason) -> None:
        self._broken = True
        self._interp.reports.add_step(reason)


def call_loss(interp: Context, session: Session, loss: Value, truth: Value, prediction: Value) -> Value:
    """The loss as Keras computes it."""
    if isinstance(loss, Union):
        return interp.calls.any_of(list(loss.values), lambda each: call_loss(interp, session, each, truth, prediction))
    if isinstance(loss, Instance):
        function = interp.attributes.of_class(loss.cls, "call")
        if isinstance(function, Function) and derives(loss.cls, "Loss", "losses."):
            loss = Method(function, loss)
    if isinstance(loss, Const) and isinstance(loss.value, str):
        known = _named_loss(session, loss.value)
        made = apply(interp, known, [truth, prediction], {}) if known is not None else None
        return made if made is not None else interp.opaque_result_of(named_loss(loss.value), [truth, prediction])
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
