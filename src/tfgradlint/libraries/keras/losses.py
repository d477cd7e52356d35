"""The loss of one step: which of the losses that a model was compiled with belongs to which of its outputs."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary

from tfgradlint.flow.graph.nodes import Edge
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Tensor, Unknown, Value, is_none
from tfgradlint.flow.values.containers import DictContent, Items, Union
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.keras.compile import call_loss, each_of
from tfgradlint.libraries.keras.compiling import converted
from tfgradlint.libraries.keras.origins import COMPUTE_LOSS, LOSS, LOSS_WEIGHT, TRUTH
from tfgradlint.libraries.keras.state import COMPILED, GRAPH, INNER, NAME, keras_state
from tfgradlint.libraries.keras.unseen import may_add_losses, planned_losses, runs_unseen
from tfgradlint.libraries.keras.weights import of_keras_2
from tfgradlint.libraries.session import Session


def compiled_loss(
    interp: Context,
    session: Session,
    model: Layer | Instance,
    options: dict[str, Value],
    truths: Value,
    predictions: Value,
) -> Value:
    """What the losses that a model was compiled with make of its predictions; None where there are none."""
    losses = each_of(options.get("loss", NONE))
    if all(is_none(loss) for loss in losses):
        return NONE
    outputs = each_of(predictions)
    if isinstance(predictions, (Unknown, Union)):
        return interp.unknown(LOSS, predictions)
    names = _names(interp, model, predictions, outputs)
    chosen = _by_output(options.get("loss", NONE), names, len(outputs))
    given = _entries(options.get("loss", NONE))
    if chosen is None or (given is not None and len(given) < len(names) and _entries(predictions) is None):
        return interp.unknown(LOSS, predictions)
    weights = _by_output(options.get("loss_weights", NONE), names, len(outputs))
    expected = _by_output(truths, names, len(outputs)) or []
    found = []
    for position, output in enumerate(outputs):
        if is_none(chosen[position]):
            continue  # this output is not trained
        truth = expected[position] if expected else interp.unknown(TRUTH)
        with converted(interp, of_keras_2(interp, model)):
            loss = call_loss(interp, session, chosen[position], truth, output)
        found.append(_weighted(interp, loss, weights[position] if weights is not None else None))
    return Items(tuple(found))


def computed(
    interp: Context, session: Session, receiver: Layer | Instance, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """``model.compute_loss(x, y, y_pred)``: one tensor, of what layers have added as well."""
    given = {**dict(zip(("x", "y", "y_pred"), args, strict=False)), **kwargs}
    if "y_pred" not in given or "y" not in given:
        return None
    losses = compiled_loss(interp, session, receiver, COMPILED.certain(receiver), given["y"], given["y_pred"])
    added = keras_state(interp).added_losses or []
    known = [loss for loss in each_of(losses) if not isinstance(loss, Const)]
    unseen = may_add_losses(interp, receiver) or runs_unseen(given["y_pred"]) or planned_losses(interp, receiver)
    if isinstance(losses, Unknown) or unseen or (not added and len(known) < len(each_of(losses))):
        return interp.opaque_result_of(COMPUTE_LOSS, [*each_of(losses), *added, given["y_pred"]])
    return Tensor(interp.recorder.op([Edge(node) for loss in (*known, *added) for node in nodes_of(loss)]))


def by_old_name(
    interp: Context, session: Session, receiver: Layer | Instance, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """``model.compiled_loss(y, y_pred)``, which Keras 3 hands to ``compute_loss``; None where it is given more.

    Keras 3 takes no notice of losses of regularisation that it is given.
    """
    given = {**dict(zip(("y", "y_pred", "sample_weight", "regularization_losses"), args, strict=False)), **kwargs}
    own = interp.attributes.of_class(receiver.cls, "compute_loss") if isinstance(receiver, Instance) else None
    if of_keras_2(interp, receiver) or isinstance(own, Function) or not is_none(given.get("sample_weight", NONE)):
        return None
    return computed(interp, session, receiver, [], {name: given[name] for name in ("y", "y_pred") if name in given})


def _entries(value: Value) -> Dictionary[object, Value] | None:
    """The values by name where a dictionary is given and all of it is known."""
    content = value.structure
    return content.entries if isinstance(content, DictContent) and content.complete else None


def _names(interp: Context, model: Layer | Instance, predictions: Value, outputs: list[Value]) -> list[object]:
    """What Keras calls the outputs, in their order; [] where that is not known."""
    entries = _entries(predictions)
    if entries is not None:
        names = sorted(entries, key=str)
        return names if len(names) == len(outputs) else []
    inner = INNER.of(model) or model
    graph = GRAPH.of(inner) if isinstance(inner, Layer) else None
    if graph is None:
        return []
    found: list[object] = []
    for output in each_of(graph[1]):
        own = set(nodes_of(output))
        makers = [call.layer for call in keras_state(interp).calls if own & set(nodes_of(call.result))]
        name = NAME.of(makers[0]) if len(makers) == 1 and isinstance(makers[0], Layer) else None
        if not isinstance(name, Const) or name.value is None:
            return []
        found.append(name.value)
    return found


def _by_output(given: Value, names: list[object], number: int) -> list[Value] | None:
    """What belongs to each output, None for nothing; None where that is not known."""
    entries = _entries(given)
    if entries is None:
        each = each_of(given)
        return each * number if len(each) == 1 else (each if len(each) == number else None)
    if number == 1 and len(entries) == 1:
        return list(entries.values())
    return [entries.get(name, NONE) for name in names] if names and entries.keys() <= set(names) else None


def _weighted(interp: Context, loss: Value, weight: Value | None) -> Value:
    """A loss times its weight, which may be zero."""
    nothing = isinstance(weight, Const) and weight.value is not None and not weight.value
    return interp.opaque_result_of(LOSS_WEIGHT, [loss]) if nothing else loss
