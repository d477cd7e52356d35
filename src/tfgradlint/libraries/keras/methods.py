"""The methods of layers and models."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import Symbolic
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Array, Const, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject, Repeated
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.libraries.keras import fit as keras_training
from tfgradlint.libraries.keras.applications import core_of, layer_of
from tfgradlint.libraries.keras.attributes import SILENT
from tfgradlint.libraries.keras.building import forget_built, mark_built
from tfgradlint.libraries.keras.chains import as_part, build_chain, trace
from tfgradlint.libraries.keras.compile import compiled
from tfgradlint.libraries.keras.first_call import traced_on_trial
from tfgradlint.libraries.keras.functional import is_placeholder
from tfgradlint.libraries.keras.layer_calls import assembled
from tfgradlint.libraries.keras.losses import by_old_name, computed
from tfgradlint.libraries.keras.origins import SUBLAYER
from tfgradlint.libraries.keras.parts import is_sequential
from tfgradlint.libraries.keras.predict import predicted
from tfgradlint.libraries.keras.regularised import note
from tfgradlint.libraries.keras.state import (
    ADDED,
    ASSEMBLED,
    COMPILED,
    GRAPH,
    INNER,
    MAKE,
    NAME,
)
from tfgradlint.libraries.keras.weight_lists import Weights
from tfgradlint.libraries.keras.weights import (
    added_weights,
    library_of,
    made_late,
    mark_escaped,
    of_keras_2,
    weights_below,
)
from tfgradlint.libraries.session import Session


def escaped(interp: Context, value: Value) -> None:
    """Whoever got hold of a layer or model may have frozen or replaced its parts."""
    if isinstance(value, (Layer, Instance)):
        mark_escaped(interp, value)


def method(
    interp: Context,
    session: Session,
    receiver: Layer | Instance,
    name: str,
    args: list[Value],
    kwargs: dict[str, Value],
) -> Value | None:
    """A method of a layer or model."""
    if name == "compile":
        return compiled(interp, session, receiver, args, kwargs)
    if name in ("fit", "train_on_batch"):
        return keras_training.fitted(interp, session, receiver, name, args, kwargs)
    if name == "add_weight":
        return _add_weight(interp, receiver, kwargs)
    if name in ("predict", "predict_on_batch", "evaluate", "test_on_batch"):
        return predicted(interp, receiver, name, args, kwargs)
    if name == "compute_loss" and COMPILED.of(receiver):
        return computed(interp, session, receiver, args, kwargs)
    if name == "compiled_loss" and COMPILED.of(receiver):
        return by_old_name(interp, session, receiver, args, kwargs)
    if name == "add_loss":
        symbolic = not interp.recorder.level and any(is_placeholder(each) for each in (*args, *kwargs.values()))
        if symbolic and not of_keras_2(interp, receiver) and GRAPH in receiver.fields:
            interp.raise_here(Cause.SYMBOLIC_TENSOR, "NotImplementedError", Symbolic.ADD_LOSS)
        for loss in (*args, *kwargs.values()):
            keras_training.add_loss(interp, receiver, loss)
        return NONE
    if name == "get_weights":
        return ListObject(Repeated(Array(interp.recorder.leaf(), True)))
    if name == "get_layer":
        return _layer_of_name(interp, receiver, args, kwargs)
    if name == "add" and isinstance(receiver, Layer) and args:
        old = receiver.fields["parts"]
        more = (
            Items((*old.items, as_part(args[0])))
            if isinstance(old, Items)
            else Repeated(interp.unknown(SUBLAYER, args[0]))
        )
        interp.state.set(receiver, "parts", more)
        interp.state.delete(receiver, ASSEMBLED)
        build_chain(interp, receiver)
        return NONE
    if name == "build":
        _built(interp, receiver)
    if name in ("set_weights", "load_weights"):
        # Who gives a model its weights does not wait for them to be trained.
        weights = Weights(interp, receiver, "weights")
        interp.reports.cleared.update(weights.found, weights.unbuilt)
    if name in SILENT:
        return NONE
    return None


def _add_weight(interp: Context, receiver: Layer | Instance, kwargs: dict[str, Value]) -> Value | None:
    from tfgradlint.libraries.tensorflow.core import variable

    if any("regularizer" in key or key == "**" for key in kwargs):
        note(interp, receiver)
    weight = variable(interp, [], {key: kwargs[key] for key in ("trainable",) if key in kwargs}, library_of(interp))
    interp.variables_made += 1
    if isinstance(weight, Variable) and traced_on_trial(interp):
        made_late(interp, weight)
    if isinstance(receiver, Instance):
        name = kwargs.get("name")
        if isinstance(weight, Variable) and isinstance(name, Const):
            MAKE.begin(weight, (receiver.cls.name, name.value))
        old = added_weights(receiver)
        more = Items((*old.items, weight)) if isinstance(old, Items) else Repeated(interp.join([old.element, weight]))
        ADDED.put(interp.state, receiver, more)
    return weight


def _layer_of_name(interp: Context, receiver: Layer | Instance, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The layer of that name, where it is known."""
    wanted = kwargs.get("name", args[0] if args else NONE)
    inner = INNER.of(receiver) or receiver
    if isinstance(inner, Layer) and isinstance(wanted, Const) and isinstance(wanted.value, str):
        core = core_of(inner)
        if core is not None:
            return layer_of(interp, inner, core, kwargs.get("index", wanted))
        trace(interp, inner)
        for part in inner.parts or ():
            name = NAME.of(part) if isinstance(part, Layer) else None
            if isinstance(name, Const) and name.value == wanted.value:
                return part
    mark_escaped(interp, receiver)
    return interp.unknown(SUBLAYER, *weights_below(receiver))


def _built(interp: Context, model: Layer | Instance) -> None:
    """``build(shape)``: in Keras 3 that makes the weights of its own layers and chains, and of nothing else."""
    inner = INNER.of(model) if isinstance(model, Instance) else model
    if isinstance(inner, Layer):
        (assembled if is_sequential(inner) else mark_built)(interp, inner)
    elif of_keras_2(interp, model):
        forget_built(interp, model)
