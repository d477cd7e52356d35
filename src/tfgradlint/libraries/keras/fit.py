"""Training by Keras itself: ``fit`` runs a step with the losses that the model was compiled with."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.escape import forget
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import NONE, Array, Cell, Const, Tensor, Value, is_none
from tfgradlint.flow.values.containers import DictObject, Items, ListObject
from tfgradlint.flow.values.functions import Function, Method
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import nodes_of, walk
from tfgradlint.flow.verdict.judgements import ARRIVING, Judgement
from tfgradlint.flow.verdict.reports import Leaf
from tfgradlint.flow.verdict.request_analysis import Implied
from tfgradlint.libraries.keras import known_variables, untracked
from tfgradlint.libraries.keras import metrics as keras_metrics
from tfgradlint.libraries.keras.building import everything, forget_built, inputs_and_truths, mark_built
from tfgradlint.libraries.keras.compile import each_of
from tfgradlint.libraries.keras.compiled_flags import as_compiled, flags_then
from tfgradlint.libraries.keras.compiling import compiling, eager, under_xla
from tfgradlint.libraries.keras.creation import trained
from tfgradlint.libraries.keras.losses import compiled_loss
from tfgradlint.libraries.keras.origins import ADDED_LOSS, BATCH, LOSS, TRACE
from tfgradlint.libraries.keras.parts import parts_of
from tfgradlint.libraries.keras.regularised import regularised
from tfgradlint.libraries.keras.replay import replay
from tfgradlint.libraries.keras.reporting import (
    TrainingStep,
    report_compiled,
    report_frozen,
    report_objections,
    report_training,
    report_unseen,
)
from tfgradlint.libraries.keras.state import (
    COMPILED,
    GRAPH,
    HIDDEN,
    INNER,
    keras_state,
)
from tfgradlint.libraries.keras.steps import Steps, unseen
from tfgradlint.libraries.keras.thawed import report_thawed, to_train
from tfgradlint.libraries.keras.unseen import may_add_losses, others_class, planned_losses, runs_unseen
from tfgradlint.libraries.keras.weight_lists import Weights
from tfgradlint.libraries.keras.weights import mark_escaped, of_keras_2
from tfgradlint.libraries.session import Session


def add_loss(interp: Context, receiver: Value, loss: Value) -> None:
    """``receiver.add_loss(loss)``: a part of the loss of the step that is running, or of every step to come."""
    state = keras_state(interp)
    if state.added_losses is not None:
        state.added_losses.append(loss)
    else:
        state.planned_losses.append((receiver, loss))


# -- fit

#: The place of the callbacks among the parameters of ``fit``.
_CALLBACKS = 5


def fitted(
    interp: Context,
    session: Session,
    receiver: Layer | Instance,
    name: str,
    args: list[Value],
    kwargs: dict[str, Value],
) -> Value:
    """``model.fit(...)``: one step of training, and what it gives each weight."""
    legacy = of_keras_2(interp, receiver)
    wanted = to_train(interp, receiver)
    then = flags_then(interp, receiver) if legacy else ()
    refused = False
    if not legacy and eager(interp, COMPILED.of(receiver) or {}) is False:
        for each in {id(each): each for each in walk(receiver, parts_of)}.values():
            refused = trained(interp, each) or refused
    site = interp.recorder.site
    completed = False
    trainings: list[_Training] = []

    def made() -> _Training:
        return _Training(interp, session, TrainingStep(name, site, receiver, COMPILED.of(receiver) or {}))

    def step() -> None:
        trainings.append(made())
        trainings[-1].run(args, kwargs)
        interp.reports.updated = True

    with interp.reports.collecting() as tried:
        if then is not None and not refused and interp.recorder.tapes.outside:
            steps = Steps(interp, receiver, name)
            with as_compiled(interp, then):
                completed = interp.calls.attempt(lambda: steps.run(args, kwargs, step), everything)
    if not interp.attempts:
        report_compiled(interp, tried, site)
    _report_differences(interp, trainings)
    if all(each.untold for each in trainings):
        report_unseen(interp, receiver, name, site)
    late = report_thawed(interp, receiver, wanted, _trained_by(trainings), site)
    if (
        not late
        and trainings
        and all(each.frozen is not None for each in trainings)
        and trainings[0].frozen is not None
    ):
        report_frozen(interp, trainings[0].frozen, site)
    # A loss that is no more than a placeholder beside what layers add is none to object to.
    suffices = any(each.suffices for each in trainings or [made()])
    reaches = regularised(interp, receiver) or any(each.reaches for each in trainings)
    report_objections(interp, receiver, site, reaches, suffices)
    if trainings and all(each.raises for each in trainings):
        interp.program_ends(site.expression)
    if not completed:
        mark_built(interp, receiver)
    elif _also(interp, receiver, kwargs):
        forget_built(interp, receiver)
    interp.reports.updated = True
    if not trainings:
        unseen(interp, receiver)
    if not trainings and ("callbacks" in kwargs or "**" in kwargs or len(args) > _CALLBACKS):
        mark_escaped(interp, receiver)  # a callback may do anything with the model
    return interp.unknown(origins.method(name))


def _trained_by(trainings: list[_Training]) -> list[Value] | None:
    """What steps of training train, where it is known and the same in each."""
    leaves = [each.leaves for each in trainings if each.leaves or each.frozen is not None]
    same = trainings and len(leaves) == len(trainings) and all(each == leaves[0] for each in leaves)
    return [value for _, value in leaves[0]] if same else None


def _report_differences(interp: Context, trainings: list[_Training]) -> None:
    """Where it is not known which trace runs, and they train other weights, nothing is known of any of them."""
    most = max(trainings, key=lambda each: len(each.leaves), default=None)
    if most is not None and any(each.leaves != most.leaves for each in trainings):
        judgements = [Judgement("unknown", origin=TRACE)] * len(most.leaves)
        interp.requests.record(most.step.name, most.step.site, most.leaves, judgements)


def _also(interp: Context, model: Layer | Instance, kwargs: dict[str, Value]) -> bool:
    """Whether ``fit`` may call other layers than one step of training does."""
    if "**" in kwargs or kwargs.keys() & {"validation_data", "validation_split", "callbacks"}:
        return True
    return isinstance(model, Instance) and interp.attributes.of_class(model.cls, "train_step") is not None


def _no_logs(returned: Value, name: str, legacy: bool) -> bool:
    """Whether Keras refuses what a ``train_step`` returned: it wants a dictionary, ``fit`` of Keras 3 one with entries.

    Keras 3 lets ``train_on_batch`` do without.
    """
    if isinstance(returned, DictObject):
        return not legacy and name == "fit" and returned.truth() is False
    if is_none(returned):
        return legacy or name == "fit"
    return isinstance(returned, (Const, Tensor, Array, Items, ListObject))


class _Training:
    """Runs one step of training."""

    def __init__(self, interp: Context, session: Session, step: TrainingStep) -> None:
        self._interp, self._session, self.step = interp, session, step
        #: The weights that are trained.
        self.leaves: list[Leaf] = []
        #: Whether Keras can do nothing with what a method of the program's own returned.
        self.raises = False
        #: Where all weights were frozen.
        self.frozen: Site | None = None
        #: Whether nothing was told of any weight, as they are not known.
        self.untold = True
        #: Whether layers may add losses that are not seen.
        self._unseen = others_class(step.model) or may_add_losses(interp, step.model)
        #: Whether layers add losses of their own, whether one may reach a weight, whether all weights may be reached.
        self._added = False
        self.reaches = False
        self.suffices = self._unseen or (of_keras_2(interp, step.model) and bool(planned_losses(interp, step.model)))

    def run(self, args: list[Value], kwargs: dict[str, Value]) -> None:
        """The step of the model's own, or the one that Keras makes of its losses."""
        interp, model = self._interp, self.step.model
        for value in (*args, *kwargs.values()):
            if interp.iteration.knows(value):
                forget(interp, value)  # a generator of batches runs, as often as there are steps
        inputs, truths = inputs_and_truths(interp, args, kwargs)
        own = interp.attributes.of_class(model.cls, "train_step") if isinstance(model, Instance) else None
        if isinstance(own, Function):
            self.untold = False  # its own requests tell
            interp.reports.trains = True
            state = keras_state(interp)
            state.added_losses = []
            # Keras builds the optimizer for what is to be trained before it traces the step.
            known_variables.used(interp, self._optimizer())
            with self._compiling():
                given = [self._data(inputs, truths, args, kwargs)]
                logs = interp.calls.call(Method(own, model), given, {})
            self.suffices, state.added_losses = self._unseen or bool(state.added_losses), None
            self.raises = (
                _no_logs(logs, self.step.name, of_keras_2(interp, model))
                or interp.recorder.tapes.fields["ended"] is True
            )
            return
        self.untold = False
        if is_none(self.step.options.get("optimizer", Const("rmsprop"))):
            self.raises = True  # Keras 3 lets a model be compiled without one
            interp.raise_here(None, "AttributeError")
        if isinstance(model, Layer) and (HIDDEN in model.fields or model.parts is None):
            self.untold = True
            return
        with self._compiling():
            asked = interp.requests.implied(self.step.site, lambda tape: self._loss(inputs, truths), self._sources)
            self.leaves = asked.leaves
            interp.variables_perhaps_made += 1  # those of the optimizer
            if asked.leaves:
                untracked.report(interp, model, [leaf for _, leaf in asked.leaves], asked.judge, self.step.site)
            self._apply(asked)
        lost = all(judgement.verdict == "none" for judgement in asked.judgements)  # zeros are gradients to Keras
        self.reaches = self._added and not (asked.leaves and lost)
        perhaps = all(each.verdict in (*ARRIVING, "unknown") for each in asked.judgements)
        self.suffices = self._unseen or (self._added and perhaps)
        report_training(interp, self.step, asked)
        if any(judgement.verdict in (*ARRIVING, "unknown") for judgement in asked.judgements):
            with self._compiling():
                keras_metrics.update(interp, self.step.options)

    def _optimizer(self) -> Value:
        return self.step.options.get("optimizer", NONE)

    def _apply(self, asked: Implied) -> None:
        """The optimizer that the model was compiled with takes its weights, unless it was built for others."""
        interp, optimizer = self._interp, self._optimizer()
        interp.recorder.site = self.step.site
        if asked.leaves:
            pairs = [(leaf, leaf) for _, leaf in asked.leaves]
            unknown = known_variables.refused(interp, self._session, optimizer, pairs)
            if unknown is not None:
                self.raises = True
                known_variables.refuse(interp, unknown)
        known_variables.used(interp, optimizer)

    def _data(self, inputs: Value, truths: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """What a step of the program's own is given."""
        place = 2 if self.step.name == "train_on_batch" else 9
        weights = args[place] if len(args) > place else kwargs.get("sample_weight", NONE)
        unweighted = isinstance(weights, Const) and weights.value is None and "class_weight" not in kwargs
        if self.step.name == "train_on_batch" or not unweighted:
            return Items((inputs, truths, NONE if unweighted else self._interp.unknown(BATCH)))
        return inputs if isinstance(truths, Const) else Items((inputs, truths))

    def _compiling(self) -> AbstractContextManager[None]:
        return compiling(
            self._interp, eager(self._interp, self.step.options), under_xla(self._interp, self.step.options)
        )

    def _loss(self, inputs: Value, truths: Value) -> Value:
        """The losses of one step, those that layers add among them."""
        interp, model, state = self._interp, self.step.model, keras_state(self._interp)
        state.added_losses = []
        predictions = interp.calls.call(model, [inputs], {"training": Const(True)})
        self.step.predicted = interp.recorder.now()
        own = interp.attributes.of_class(model.cls, "compute_loss") if isinstance(model, Instance) else None
        if isinstance(own, Function):
            given: dict[str, Value] = {"x": inputs, "y": truths, "y_pred": predictions}
            loss = interp.calls.call(Method(own, model), [], {**given, "sample_weight": NONE, "training": Const(True)})
            if isinstance(loss, Const) and loss.value is None:
                self.raises = True
                interp.raise_here(None, "ValueError")
        else:
            loss = compiled_loss(interp, self._session, model, self.step.options, truths, predictions)
        inside, state.added_losses = state.added_losses or [], None
        extra = [*inside, *self._planned(inputs)]
        self._unseen = self._unseen or runs_unseen(predictions)
        if self._unseen:
            extra.append(interp.opaque_result_of(ADDED_LOSS, [predictions]))
        self.step.without_loss = not extra and isinstance(loss, Const)
        self._added = bool(extra)
        losses = [*extra, *([] if isinstance(loss, Const) else each_of(loss))]
        return Items(tuple(losses)) if losses else interp.unknown(LOSS)

    def _planned(self, inputs: Value) -> list[Value]:
        """What the layers of a model of inputs and outputs add, computed from what it is given now."""
        inner = INNER.of(self.step.model) or self.step.model
        graph = GRAPH.of(inner) if isinstance(inner, Cell) else None
        if graph is None:
            return []
        start, _ = graph
        own = set(nodes_of(start))
        made: list[Value] = []
        for losses in planned_losses(self._interp, self.step.model).values():
            told = [loss for loss in losses if own & ancestors(nodes_of(loss))]
            replayed = [replay(self._interp, start, loss, inputs) for loss in told]
            # Added where another model was put together, or as no function of the inputs: as often as it is called.
            made += [self._interp.unknown(ADDED_LOSS) if loss is None else loss for loss in replayed or [None]]
        return made

    def _sources(self) -> list[tuple[str, Value]]:
        weights = Weights(self._interp, self.step.model)
        if not weights.known or len(weights.found) > 64:
            self._interp.reports.cleared.update(weights.found, weights.unbuilt)
            return []
        if not weights.found and weights.frozen:
            self.frozen = weights.frozen[-1]
        return [(f"trainable_variables[{place}]", weight) for place, weight in enumerate(weights.found)]
