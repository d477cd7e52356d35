"""Training by Keras itself: ``fit`` runs a step with the losses that the model was compiled with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tfgradlint.flow.graph.breaks import FrozenIn, LossFault
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import NONE, Array, Const, Tensor, Value
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject
from tfgradlint.flow.values.functions import Function, Method
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.flow.verdict.judgements import Judgement, Reason
from tfgradlint.libraries.keras import metrics as keras_metrics
from tfgradlint.libraries.keras import untracked
from tfgradlint.libraries.keras.building import fed, forget_built, made, mark_built
from tfgradlint.libraries.keras.compile import (
    BROKEN,
    COMPILED,
    COMPILED_AT,
    ELSEWHERE,
    FROZEN_THEN,
    compiling,
    each_of,
    eager,
    object_to,
    refusal,
    suffer,
    under_xla,
)
from tfgradlint.libraries.keras.creation import trained
from tfgradlint.libraries.keras.losses import compiled_loss
from tfgradlint.libraries.keras.models import GRAPH, replay
from tfgradlint.libraries.keras.weight_lists import Weights
from tfgradlint.libraries.keras.weights import HIDDEN, INNER, mark_escaped, of_keras_2

if TYPE_CHECKING:
    from tfgradlint.flow.machine.context import Context
    from tfgradlint.libraries.session import Session

#: What is added to the loss while a model runs.
_ADDED: WeakKeyDictionary[Context, list[Value]] = WeakKeyDictionary()
#: What was added while models were put together from placeholders.
_PLANNED: WeakKeyDictionary[Context, list[Value]] = WeakKeyDictionary()


def added(interp: Context, loss: Value) -> None:
    """``add_loss(loss)``: a part of the loss of the step that is running."""
    if interp in _ADDED:
        _ADDED[interp].append(loss)
    elif any(node.placeholder for node in nodes_of(loss)):
        _PLANNED.setdefault(interp, []).append(loss)


# -- fit


def fitted(
    interp: Context,
    session: Session,
    receiver: Layer | Instance,
    name: str,
    args: list[Value],
    kwargs: dict[str, Value],
) -> Value:
    """``model.fit(...)``: one step of training, and what it gives each weight."""
    options: dict[str, Value] = receiver.fields.get(COMPILED) or {}
    legacy = of_keras_2(interp, receiver)
    if legacy and receiver.fields.get(FROZEN_THEN) is not None and not interp.may_be_handled():
        interp.reports.steps.append(
            (Reason(Cause.FROZEN, receiver.fields[FROZEN_THEN], FrozenIn.FIT), interp.recorder.site)
        )
    for part in [] if legacy else _held(receiver, set()):
        trained(interp, part)
    steps = interp.reports.steps
    told, site = len(steps), interp.recorder.site
    completed = False
    training = _Training(interp, session, receiver, options, name)
    if not legacy and not interp.may_be_handled():
        completed = interp.calls.attempt(lambda: training.run(args, kwargs), made)
    object_to(interp, receiver, site, interp.regularised or training.reaches)
    if training.raises:
        interp.program_ends(site.expression)
    suffer(interp, told, site)
    if not completed:
        mark_built(interp, receiver)
    elif _also(interp, receiver, kwargs):
        forget_built(interp, receiver)
    if "callbacks" in kwargs:
        mark_escaped(interp, receiver)  # a callback may do anything with the model
    return interp.unknown(f".{name}()")


def _also(interp: Context, model: Layer | Instance, kwargs: dict[str, Value]) -> bool:
    """Whether ``fit`` may call other layers than one step of training does."""
    if "**" in kwargs or kwargs.keys() & {"validation_data", "validation_split", "callbacks"}:
        return True
    return isinstance(model, Instance) and interp.calls.class_attribute(model.cls, "train_step") is not None


def _held(value: Value, seen: set[int]) -> list[Instance]:
    """The objects of the module's own classes in a model."""
    if id(value) in seen:
        return []
    seen.add(id(value))
    if isinstance(value, Layer):
        return [each for part in value.parts or () for each in _held(part, seen)]
    if isinstance(value, Instance):
        fields = [field for name, field in value.fields.items() if isinstance(name, str) or name == INNER]
        return [value, *(each for field in fields for each in _held(field, seen))]
    if isinstance(value, (ListObject, DictObject)):
        return _held(value.fields["content"], seen)
    if isinstance(value, (Items, DictContent)):
        inner = value.items if isinstance(value, Items) else tuple(value.entries.values())
        return [each for item in inner for each in _held(item, seen)]
    return []


def _no_logs(returned: Value, name: str) -> bool:
    """Whether Keras refuses what a ``train_step`` returned: it wants a dictionary, ``fit`` one with entries."""
    if isinstance(returned, DictObject):
        content = returned.fields["content"]
        return name == "fit" and not content.entries and content.rest is None
    if isinstance(returned, Const) and returned.value is None:
        return name == "fit"
    return isinstance(returned, (Const, Tensor, Array, Items, ListObject))


class _Training:
    def __init__(
        self, interp: Context, session: Session, model: Layer | Instance, options: dict[str, Value], name: str
    ) -> None:
        self._interp, self._session, self._model = interp, session, model
        self._options, self._name = options, name
        self._site = interp.recorder.site
        #: When the model had made its predictions, and whether there is no loss at all.
        self._predicted = 0
        self._nothing = False
        #: Whether Keras can do nothing with what a method of the program's own returned.
        self.raises = False
        #: Whether layers add losses of their own, and whether one may reach a weight.
        self._added = False
        self.reaches = False

    def run(self, args: list[Value], kwargs: dict[str, Value]) -> None:
        interp, model = self._interp, self._model
        inputs, truths = fed(interp, args, kwargs)
        step = interp.calls.class_attribute(model.cls, "train_step") if isinstance(model, Instance) else None
        if isinstance(step, Function):
            interp.reports.trains = True
            with self._compiling():
                given = [self._data(inputs, truths, args, kwargs)]
                logs = interp.calls.call(Method(step, model), given, {})
            self.raises = _no_logs(logs, self._name) or interp.recorder.tapes.fields["ended"] is True
            return
        if isinstance(model, Layer) and (HIDDEN in model.fields or model.parts is None):
            return
        with self._compiling():
            asked = interp.requests.implied(self._site, lambda tape: self._loss(inputs, truths), self._sources)
            if asked.leaves:
                untracked.report(interp, model, [leaf for _, leaf in asked.leaves], asked.judge, self._site)
        lost = all(judgement.verdict in ("none", "zero") for judgement in asked.judgements)
        self.reaches = self._added and not (asked.leaves and lost)
        self._tell(asked.judgements, asked.leaves)
        if any(judgement.verdict in ("flows", "unknown") for judgement in asked.judgements):
            with self._compiling():
                keras_metrics.update(interp, self._options)

    def _data(self, inputs: Value, truths: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """What a step of the program's own is given."""
        place = 2 if self._name == "train_on_batch" else 9
        weights = args[place] if len(args) > place else kwargs.get("sample_weight", NONE)
        unweighted = isinstance(weights, Const) and weights.value is None and "class_weight" not in kwargs
        if self._name == "train_on_batch" or not unweighted:
            return Items((inputs, truths, NONE if unweighted else self._interp.unknown("batch")))
        return inputs if isinstance(truths, Const) else Items((inputs, truths))

    def _compiling(self) -> AbstractContextManager[None]:
        return compiling(self._interp, eager(self._interp, self._options), under_xla(self._interp, self._options))

    def _loss(self, inputs: Value, truths: Value) -> Value:
        """The losses of one step, those that layers add among them."""
        interp, model = self._interp, self._model
        _ADDED[interp] = []
        predictions = interp.calls.call(model, [inputs], {"training": Const(True)})
        self._predicted = interp.recorder.now()
        own = interp.calls.class_attribute(model.cls, "compute_loss") if isinstance(model, Instance) else None
        if isinstance(own, Function):
            given: dict[str, Value] = {"x": inputs, "y": truths, "y_pred": predictions}
            loss = interp.calls.call(Method(own, model), [], {**given, "sample_weight": NONE, "training": Const(True)})
            if isinstance(loss, Const) and loss.value is None:
                self.raises = True
                interp.raise_here(None, "ValueError")
        else:
            loss = compiled_loss(interp, self._session, model, self._options, truths, predictions)
        added = [*_ADDED.pop(interp, []), *self._planned(inputs)]
        self._nothing = not added and isinstance(loss, Const)
        self._added = bool(added)
        losses = [*added, *([] if isinstance(loss, Const) else each_of(loss))]
        return Items(tuple(losses)) if losses else interp.unknown("loss")

    def _planned(self, inputs: Value) -> list[Value]:
        """What the layers of a model of inputs and outputs add, computed from what it is given now."""
        inner = self._model.fields.get(INNER, self._model)
        if GRAPH not in inner.fields:
            return []
        start, _ = inner.fields[GRAPH]
        own = set(nodes_of(start))
        planned = [loss for loss in _PLANNED.get(self._interp, []) if own & ancestors(nodes_of(loss))]
        made = [replay(self._interp, start, loss, inputs) for loss in planned]
        return [self._interp.unknown("added loss") if loss is None else loss for loss in made]

    def _sources(self) -> list[tuple[str, Value]]:
        weights = Weights(self._interp, self._model)
        if not weights.known or len(weights.found) > 64:
            return []
        if not weights.found and weights.frozen:
            self._interp.reports.steps.append((Reason(Cause.FROZEN, weights.frozen[-1], FrozenIn.FIT), self._site))
        return [(f"trainable_variables[{place}]", weight) for place, weight in enumerate(weights.found)]

    def _tell(self, judgements: list[Judgement], leaves: list[tuple[str, Value]]) -> None:
        if self._interp.regularised:
            # The losses that layers add for their weights reach those behind a step without a gradient.
            judgements = [
                each if each.verdict == "flows" else Judgement("unknown", why="regularizer") for each in judgements
            ]
        if self._model.fields.get(BROKEN):
            judgements = [judgement._replace(reason=None) for judgement in judgements]
        elif all(judgement.verdict in ("none", "zero") for judgement in judgements):
            judgements = [self._of_the_loss(judgement) for judgement in judgements]
        where = self._model.fields.get(COMPILED_AT)
        if self._nothing and leaves and where is not None and not self._interp.regularised:
            reason = Reason(Cause.KERAS_LOSS, where, LossFault.MISSING, (), "ValueError")
            self._interp.reports.steps.append((reason, self._site))
        elif leaves:
            self._interp.requests.note(self._name, self._site, leaves, judgements)

    def _of_the_loss(self, judgement: Judgement) -> Judgement:
        """No weight is reached: a step behind the predictions, or in what a layer adds, belongs to the loss."""
        reason = judgement.reason
        if reason is None or not reason.above or reason.cause in ELSEWHERE:
            return judgement
        if reason.above[-1].seq < self._predicted and self._options.get("loss") is not None:
            return judgement
        raised = refusal(reason, "ValueError" if judgement.verdict == "none" else "")
        detail = LossFault.ZERO if judgement.verdict == "zero" else LossFault.CUT
        return judgement._replace(reason=reason._replace(cause=Cause.KERAS_LOSS, detail=detail, raised=raised))
