"""Training by Keras itself: what ``compile`` is given, and what ``fit`` makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import libcst as cst

from tfgradlint.flow.causes import Cause
from tfgradlint.flow.graph import Edge
from tfgradlint.flow.judgements import Judgement, Reason
from tfgradlint.flow.requests import flatten
from tfgradlint.flow.search import ancestors
from tfgradlint.flow.values import (
    NONE,
    Choice,
    Class,
    Const,
    Entries,
    Foreign,
    Function,
    Instance,
    Items,
    Layer,
    Listing,
    Mapping,
    Method,
    Partial,
    Symbol,
    Tensor,
    Unknown,
    Value,
    nodes_of,
)
from tfgradlint.libraries import keras_metrics, untracked
from tfgradlint.libraries.creation import trained
from tfgradlint.libraries.keras_building import doubt, fed, made, mark_built
from tfgradlint.libraries.keras_lists import Weights
from tfgradlint.libraries.keras_models import GRAPH, replay
from tfgradlint.libraries.keras_weights import HIDDEN, INNER, keras_name, of_keras_2, open_up
from tfgradlint.libraries.measured import apply

if TYPE_CHECKING:
    from tfgradlint.flow.interpreter import Interpreter
    from tfgradlint.flow.tape import Tape
    from tfgradlint.knowledge import Known
    from tfgradlint.libraries.world import World

#: What a model was compiled with, by the names of the parameters.
COMPILED = ("keras", "compiled")
#: Where.
COMPILED_AT = ("keras", "compiled at")
#: Whether a loss it was compiled with has no gradient: told where it was compiled.
BROKEN = ("keras", "broken loss")
#: What is added to the loss while a model runs.
_ADDED: WeakKeyDictionary[Interpreter, list[Value]] = WeakKeyDictionary()
#: What was added while models were put together from placeholders.
_PLANNED: WeakKeyDictionary[Interpreter, list[Value]] = WeakKeyDictionary()
_OPTIONS = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly")
#: Causes that say that the step is not on the way at all.
_ELSEWHERE = frozenset({Cause.UNRELATED_TARGET, Cause.UNWATCHED_TENSOR, Cause.UNWATCHED_VARIABLE})


# -- compile


def compiled(
    interp: Interpreter, world: World, receiver: Layer | Instance, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """``model.compile(...)``: the losses are tried on a prediction of which all is known that matters."""
    options = {**dict(zip(_OPTIONS, args, strict=False)), **kwargs}
    before = receiver.fields.get(COMPILED, {})
    if "loss" in before and "**" not in kwargs and options.get("loss", NONE) is NONE:
        options["loss"] = before["loss"]  # Keras keeps the loss it has
    interp.state.set(receiver, COMPILED, options)
    interp.state.set(receiver, COMPILED_AT, interp.recorder.site)
    broken = False
    if "**" not in kwargs and "loss" in options and _uses_its_loss(interp, receiver):
        weights = Weights(interp, receiver)
        frozen = bool(weights.frozen) and not weights.found
        for loss in _each(options["loss"]):
            broken = _Trial(interp, world, options, of_keras_2(interp, receiver), frozen).judge(loss) or broken
    interp.state.set(receiver, BROKEN, broken)
    return NONE


def _uses_its_loss(interp: Interpreter, model: Layer | Instance) -> bool:
    """Whether training comes by the loss that the model is compiled with: a step of its own may do without."""
    step = interp.calls.class_attribute(model.cls, "train_step") if isinstance(model, Instance) else None
    return not isinstance(step, Function) or "loss(" in cst.Module([]).code_for_node(step.node.body)


def _each(value: Value) -> list[Value]:
    """The losses, one for each output."""
    return [leaf for _, leaf in flatten(value, "")]


def eager(interp: Interpreter, options: dict[str, Value]) -> bool | None:
    """Whether Keras calls the program's functions one by one instead of compiling them; None if not known."""
    if interp.eager_functions or interp.outline.stored & {"run_eagerly", "run_functions_eagerly"}:
        return None
    return interp.expressions.truth(options["run_eagerly"]) if "run_eagerly" in options else False


@contextmanager
def compiling(interp: Interpreter, eagerly: bool | None) -> Iterator[None]:
    """What runs inside is traced, unless it runs ``eagerly``; where that is not known nothing is refused."""
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
        recorder.level -= not eagerly
        interp.unconverted -= 1
        recorder.site, interp.statement = site, statement
        if eagerly is None:
            interp.state.set(recorder.tapes, "others", others)


class _Trial:
    """Tries a loss on a truth and a prediction: does its result depend on the prediction?"""

    def __init__(
        self, interp: Interpreter, world: World, options: dict[str, Value], legacy: bool, frozen: bool
    ) -> None:
        self._interp = interp
        self._world = world
        # Keras 2 converts what it compiles.
        self._eager = None if legacy else eager(interp, options)
        self._site = interp.recorder.site
        self._broken = False
        #: Whether Keras looks for gradients and finds none: there is no other loss, and something is to be trained.
        self._refused = len(_each(options["loss"])) == 1 and not frozen

    def judge(self, loss: Value) -> bool:
        """Report a loss without a gradient; True if it is one."""
        interp = self._interp
        if _is_metric(self._world, loss):
            self._report(Reason(Cause.METRIC_AS_LOSS, self._site, _metric_name(loss), raised="ValueError"))
        if isinstance(loss, (Function, Method, Partial, Instance)) and not interp.calls.gradients.expected():
            interp.calls.attempt(lambda: self._run(loss))
        return self._broken

    def _run(self, loss: Value) -> None:
        interp = self._interp
        with compiling(interp, self._eager):
            truth, prediction = (Tensor(interp.recorder.op([], "float32")) for _ in range(2))

            def run(tape: Tape) -> Value:
                interp.calls.gradients.call(tape, "watch", [prediction], {})
                return call_loss(interp, self._world, loss, truth, prediction)

            asked = interp.calls.gradients.implied(self._site, run, lambda: [("", prediction)])
        if isinstance(asked.target, (Tensor, Unknown)):
            self._tell(asked.judgements[0])

    def _tell(self, judgement: Judgement) -> None:
        reason = judgement.reason
        if judgement.verdict == "raises" and reason is not None:
            self._report(reason)
        elif reason is not None and reason.cause is Cause.METRIC_AS_LOSS:
            self._report(reason._replace(raised="ValueError"))
        elif judgement.verdict in ("none", "zero"):
            elsewhere = reason is None or reason.cause in _ELSEWHERE
            site = self._site if reason is None or elsewhere else reason.site
            steps = reason.steps if reason is not None and not elsewhere else ()
            raised = "ValueError" if judgement.verdict == "none" and self._refused else ""
            detail = "unused" if elsewhere else ("zero" if judgement.verdict == "zero" else "")
            self._report(Reason(Cause.KERAS_LOSS, site, detail, steps, raised))

    def _report(self, reason: Reason) -> None:
        self._broken = True
        self._interp.reports.steps.append((reason, self._site))


def call_loss(interp: Interpreter, world: World, loss: Value, truth: Value, prediction: Value) -> Value:
    """The loss as Keras computes it."""
    if isinstance(loss, Instance):
        function = interp.calls.class_attribute(loss.cls, "call")
        if isinstance(function, Function) and derives(loss.cls, "Loss", "losses."):
            loss = Method(function, loss)
    if isinstance(loss, Const) and isinstance(loss.value, str):
        known = _named_loss(world, loss.value)
        made = apply(interp, known, [truth, prediction], {}) if known is not None else None
        return made if made is not None else interp.somehow(f"loss {loss.value}", [truth, prediction])
    return interp.calls.call(loss, [truth, prediction], {})


def compiled_loss(
    interp: Interpreter, world: World, options: dict[str, Value], truths: Value, predictions: Value
) -> Value:
    """What the losses that a model was compiled with make of its predictions; None where there are none."""
    losses = _each(options.get("loss", NONE))
    if all(isinstance(loss, Const) and loss.value is None for loss in losses):
        return NONE
    outputs, expected = _each(predictions), _each(truths)
    if isinstance(predictions, (Unknown, Choice)) or len(losses) not in (1, len(outputs)):
        return interp.unknown("loss", predictions)
    found = []
    for position, output in enumerate(outputs):
        truth = expected[position] if len(expected) == len(outputs) else interp.unknown("truth")
        found.append(call_loss(interp, world, losses[position if len(losses) > 1 else 0], truth, output))
    return Items(tuple(found))


def computed(
    interp: Interpreter, world: World, receiver: Layer | Instance, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """``model.compute_loss(x, y, y_pred)``: one tensor."""
    given = {**dict(zip(("x", "y", "y_pred"), args, strict=False)), **kwargs}
    if "y_pred" not in given or "y" not in given:
        return None
    losses = compiled_loss(interp, world, receiver.fields[COMPILED], given["y"], given["y_pred"])
    nodes = [node for loss in _each(losses) for node in nodes_of(loss)]
    if any(isinstance(loss, (Unknown, Const)) for loss in _each(losses)):
        return interp.somehow("compute_loss", _each(losses))
    return Tensor(interp.recorder.op([Edge(node) for node in nodes]))


def added(interp: Interpreter, loss: Value) -> None:
    """``add_loss(loss)``: a part of the loss of the step that is running."""
    if interp in _ADDED:
        _ADDED[interp].append(loss)
    elif any(node.placeholder for node in nodes_of(loss)):
        _PLANNED.setdefault(interp, []).append(loss)


def _is_metric(world: World, loss: Value) -> bool:
    if isinstance(loss, Instance):
        return derives(loss.cls, "Metric", "metrics.")
    if isinstance(loss, Const) and isinstance(loss.value, str):
        return loss.value in ("accuracy", "acc") or (
            _named_loss(world, loss.value) is None and _flat(world.known(f"keras.metrics.{_snake(loss.value)}"))
        )
    path = keras_name(loss.path) if isinstance(loss, (Foreign, Symbol)) else None
    if path is None:
        return False
    if isinstance(loss, Foreign):
        return keras_metrics.is_metric(path)
    return path.startswith("metrics.") and _flat(world.known(f"keras.{path}"))


def _flat(known: Known | None) -> bool:
    """Whether a metric was measured to have no gradient with respect to the prediction."""
    effects = [output.effects.get("y_pred") for case in known.cases for output in case.outputs] if known else []
    return bool(effects) and all(effect == "none" for effect in effects)


def _named_loss(world: World, name: str) -> Known | None:
    """The function behind the name of a loss or of its class."""
    name = _snake(name)
    return world.known(f"keras.losses.{name}") or world.known(f"tf.keras.losses.{name}")


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
    return loss.path.rpartition(".")[2] if isinstance(loss, (Foreign, Symbol)) else ""


# -- fit


def fitted(
    interp: Interpreter,
    world: World,
    receiver: Layer | Instance,
    name: str,
    args: list[Value],
    kwargs: dict[str, Value],
) -> Value:
    """``model.fit(...)``: one step of training, and what it gives each weight."""
    options: dict[str, Value] = receiver.fields.get(COMPILED) or {}
    legacy = of_keras_2(interp, receiver)  # it remembers from compile() what is to be trained
    for part in [] if legacy else _held(receiver, set()):
        trained(interp, part)
    completed = False
    if not legacy and not interp.calls.gradients.expected():
        training = _Training(interp, world, receiver, options, name)
        completed = interp.calls.attempt(lambda: training.run(args, kwargs), made)
    if not completed:
        mark_built(interp, receiver)
    elif _also(interp, receiver, kwargs):
        doubt(interp, receiver)
    if "callbacks" in kwargs:
        open_up(interp, receiver)  # a callback may do anything with the model
    return interp.unknown(f".{name}()")


def _also(interp: Interpreter, model: Layer | Instance, kwargs: dict[str, Value]) -> bool:
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
    if isinstance(value, (Listing, Mapping)):
        return _held(value.fields["content"], seen)
    if isinstance(value, (Items, Entries)):
        inner = value.items if isinstance(value, Items) else tuple(value.entries.values())
        return [each for item in inner for each in _held(item, seen)]
    return []


class _Training:
    def __init__(
        self, interp: Interpreter, world: World, model: Layer | Instance, options: dict[str, Value], name: str
    ) -> None:
        self._interp, self._world, self._model = interp, world, model
        self._options, self._name = options, name
        self._site = interp.recorder.site
        #: When the model had made its predictions, and whether there is no loss at all.
        self._predicted = 0
        self._nothing = False

    def run(self, args: list[Value], kwargs: dict[str, Value]) -> None:
        interp, model = self._interp, self._model
        inputs, truths = fed(interp, args, kwargs)
        step = interp.calls.class_attribute(model.cls, "train_step") if isinstance(model, Instance) else None
        if isinstance(step, Function):
            with compiling(interp, eager(interp, self._options)):
                data = inputs if isinstance(truths, Const) else Items((inputs, truths))
                interp.calls.call(Method(step, model), [data], {})
            return
        if isinstance(model, Layer) and (HIDDEN in model.fields or model.parts is None):
            return
        with compiling(interp, eager(interp, self._options)):
            asked = interp.calls.gradients.implied(self._site, lambda tape: self._loss(inputs, truths), self._sources)
            if asked.leaves:
                untracked.report(interp, model, [leaf for _, leaf in asked.leaves], asked.judge, self._site)
        self._tell(asked.judgements, asked.leaves)
        if any(judgement.verdict in ("flows", "unknown") for judgement in asked.judgements):
            with compiling(interp, eager(interp, self._options)):
                keras_metrics.update(interp, self._options)

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
        else:
            loss = compiled_loss(interp, self._world, self._options, truths, predictions)
        added = [*_ADDED.pop(interp, []), *self._planned(inputs)]
        self._nothing = not added and isinstance(loss, Const)
        losses = [*added, *([] if isinstance(loss, Const) else _each(loss))]
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
            self._interp.reports.steps.append((Reason(Cause.FROZEN, weights.frozen[-1], "fit"), self._site))
        return [(f"trainable_variables[{place}]", weight) for place, weight in enumerate(weights.found)]

    def _tell(self, judgements: list[Judgement], leaves: list[tuple[str, Value]]) -> None:
        if self._interp.regularised:
            return  # the losses that layers add for their weights reach those behind a step without a gradient
        if self._model.fields.get(BROKEN):
            judgements = [judgement._replace(reason=None) for judgement in judgements]
        elif all(judgement.verdict in ("none", "zero") for judgement in judgements):
            judgements = [self._of_the_loss(judgement) for judgement in judgements]
        where = self._model.fields.get(COMPILED_AT)
        if self._nothing and leaves and where is not None:
            reason = Reason(Cause.KERAS_LOSS, where, "missing", (), "ValueError")
            self._interp.reports.steps.append((reason, self._site))
        elif leaves:
            self._interp.calls.gradients.note(self._name, self._site, leaves, judgements)

    def _of_the_loss(self, judgement: Judgement) -> Judgement:
        """No weight is reached: a step behind the predictions, or in what a layer adds, belongs to the loss."""
        reason = judgement.reason
        if reason is None or not reason.above or reason.cause in _ELSEWHERE:
            return judgement
        if reason.above[-1].seq < self._predicted and self._options.get("loss") is not None:
            return judgement
        raised = "ValueError" if judgement.verdict == "none" else ""
        detail = "zero" if judgement.verdict == "zero" else ""
        return judgement._replace(reason=reason._replace(cause=Cause.KERAS_LOSS, detail=detail, raised=raised))
