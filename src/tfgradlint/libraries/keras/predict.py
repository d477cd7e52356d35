"""Models used without training: ``predict`` and ``evaluate`` run ``call`` as Keras compiles it."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import Prediction
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect, trainable
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.tape import Active
from tfgradlint.flow.values.base import Array, Const, Scalar, Value
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.keras import metrics as keras_metrics
from tfgradlint.libraries.keras.building import everything, forget_built, inputs_and_truths, mark_built
from tfgradlint.libraries.keras.compiling import compiling, eager
from tfgradlint.libraries.keras.origins import MODEL
from tfgradlint.libraries.keras.reporting import report_compiled
from tfgradlint.libraries.keras.state import COMPILED, HIDDEN, TRIED, keras_state
from tfgradlint.libraries.keras.weights import of_keras_2, weights_below

_OF_ARRAYS = ("predict", "predict_on_batch")
#: The method that a model of the module may bring for a step of each of Keras' own methods.
_STEPS = {"evaluate": "test_step", "test_on_batch": "test_step"}


def predicted(
    interp: Context, receiver: Layer | Instance, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """Arrays or numbers: no tape sees how they came about."""
    if of_keras_2(interp, receiver):
        refused = _refused(interp, receiver, name)
        if refused:
            interp.raise_here(Cause.PREDICTED, refused, Prediction(name))
    elif name != "evaluate" and _in_step(interp):
        interp.raise_here(None, "RuntimeError")
    elif name in _OF_ARRAYS and interp.graph_level:
        interp.raise_here(None, "AttributeError")
    _try_out(interp, receiver, name, args, kwargs)
    given = [*args, *kwargs.values()]
    if name == "test_on_batch":
        return interp.unknown(origins.method(name), *given)
    nodes = [node for value in (*given, *weights_below(receiver)) for node in nodes_of(value)]
    if isinstance(receiver, Layer) and HIDDEN in receiver.fields:
        nodes.append(interp.unknown(MODEL).node)
    edges = [
        Edge(node, Effect.NONE, Cause.PREDICTED, Prediction(name))
        if trainable(node.dtype)
        else Edge(node, Effect.PLAIN)
        for node in nodes
    ]
    node = interp.recorder.plain(edges)
    return Scalar(node) if name == "evaluate" else Array(node, True)


def _refused(interp: Context, receiver: Layer | Instance, name: str) -> str:
    """The exception of Keras 2, which runs a compiled function that reads its input from an iterator.

    A tape that watches the weights wants to know the gradient of that at once.
    """
    if interp.graph_level or _in_step(interp):
        return "RuntimeError"
    if name not in _OF_ARRAYS:
        return ""
    watching = any(
        tape.accessed and tape not in interp.recorder.tapes.stopped for tape, _ in interp.recorder.tapes.active
    )
    weights = any(each.fields["trainable"] is True for each in weights_below(receiver))
    compiled = eager(interp, COMPILED.of(receiver) or {}) is False
    return "LookupError" if watching and weights and compiled else ""


def _in_step(interp: Context) -> bool:
    """Whether a step of training is running, as Keras runs it: nothing may be predicted in there."""
    names = (frame.function.name for frame in interp.frames if frame.function is not None)
    return keras_state(interp).added_losses is not None or ("train_step" in names and interp.isolated)


def _try_out(interp: Context, model: Layer | Instance, name: str, args: list[Value], kwargs: dict[str, Value]) -> None:
    """Run the model's ``call`` as it is compiled: what it reaches makes its weights, and NumPy raises."""
    if TRIED.of(model):
        return
    TRIED.put(interp.state, model, True)
    own = isinstance(model, Instance) and interp.attributes.of_class(model.cls, _STEPS.get(name, "predict_step"))
    if own or of_keras_2(interp, model) or interp.may_be_handled():
        mark_built(interp, model)
        return
    calls = keras_state(interp).calls
    before, site = len(calls), interp.recorder.site
    inputs, _ = inputs_and_truths(interp, args, kwargs)
    with interp.reports.collecting() as tried:
        completed = interp.calls.attempt(lambda: _run(interp, model, name, inputs), everything)
    del calls[before:]
    report_compiled(interp, tried, site)
    if not completed:
        forget_built(interp, model)


def _run(interp: Context, model: Layer | Instance, name: str, inputs: Value) -> None:
    options: dict[str, Value] = COMPILED.of(model) or {}
    tapes = interp.recorder.tapes
    active = tapes.active
    interp.state.set(tapes, "active", Active())
    with compiling(interp, eager(interp, options)):
        interp.calls.call(model, [inputs], {"training": Const(False)})
        if name in _STEPS:
            keras_metrics.update(interp, options)
    interp.state.set(tapes, "active", active)
