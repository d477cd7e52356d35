"""What Keras layers and models have: lists of weights, layers, inputs and outputs, and what setting them means."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import NONE, Const, Member, Scalar, Symbol, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Container, DictContent, Items, ListObject
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.objects import Class, Instance, Layer, LibraryObject
from tfgradlint.flow.values.walk import walk
from tfgradlint.flow.verdict.request import flatten
from tfgradlint.libraries.keras.applications import holds_one
from tfgradlint.libraries.keras.assigned import assign, changed_within, lay_open
from tfgradlint.libraries.keras.chains import trace
from tfgradlint.libraries.keras.parts import is_sequential, parts_of
from tfgradlint.libraries.keras.regularised import adds_nothing
from tfgradlint.libraries.keras.state import (
    ASSIGNED,
    COMPILED,
    GRAPH,
    INNER,
    NAME,
    PLAIN_STEPS,
    TRACKED,
    WRAPS,
    keras_state,
)
from tfgradlint.libraries.keras.tracking import track
from tfgradlint.libraries.keras.weight_lists import LISTS, WEIGHTLESS, listed
from tfgradlint.libraries.keras.weights import is_keras, mark_escaped, of_keras_2, set_trainable, weights_below

SILENT = frozenset("compile summary save load_weights set_weights save_weights build reset_states".split())
METHODS = SILENT | frozenset(
    "add_weight add predict predict_on_batch evaluate test_on_batch get_weights get_layer fit train_on_batch "
    "compute_loss add_loss".split()
)
#: Attributes that are made of a model's steps or weights; and those that are plain facts.
_ENDS = frozenset({"input", "inputs", "output", "outputs"})
_MADE = _ENDS | {"losses", "metrics", "optimizer", "loss", "history"}
#: What Keras or the analysis itself sets.
_OWN = frozenset({"build", "built", "trainable"})
_FACTS = {"name": "str", "units": "int", "filters": "int", "built": "bool"} | dict.fromkeys(
    ("dtype", "compute_dtype", "variable_dtype", "input_shape", "output_shape", "input_spec", "dtype_policy"), ""
)


def attribute(interp: Context, receiver: Layer, name: str) -> Value | None:
    """What layers and models have."""
    if name in LISTS:
        return listed(interp, receiver, name)
    if name in receiver.fields and name not in ("parts", "opened"):
        value: Value = receiver.fields[name]
        return value if name != "trainable" else Const(value)
    if name == "optimizer" and COMPILED in receiver.fields:
        return _optimizer(interp, receiver)
    if name == "losses" and adds_nothing(interp, receiver):
        return ListObject(Items((), "list"))
    if name == "__dict__":
        lay_open(interp, receiver)
        return interp.unknown(origins.LAID_OPEN, *weights_below(receiver))
    if name == "__setattr__":
        setter = Symbol("builtins.setattr")
        return NativeFunction(name, lambda args, kwargs: interp.calls.call(setter, [receiver, *args], kwargs))
    given = NAME.of(receiver)
    if name == "name" and isinstance(given, Const) and given.value is not None:
        return given
    if name == "loss" and _loss(interp, receiver) is not None:
        return _loss(interp, receiver)
    if name in _FACTS:
        return Scalar(interp.recorder.leaf(), _FACTS[name])
    if name in METHODS:
        return Member(receiver, name)
    parts = receiver.parts
    if name == "layers":
        trace(interp, receiver)
    graph = GRAPH.of(receiver)
    listed_whole = not PLAIN_STEPS.of(receiver) or not of_keras_2(interp, receiver)
    one_by_one = parts is not None and not holds_one(parts)
    if (
        name == "layers"
        and graph is not None
        and parts
        and isinstance(graph[0], Tensor)
        and listed_whole
        and one_by_one
    ):
        first = Layer("keras.layers.InputLayer", None, ())
        first.fields["output"] = graph[0]
        return ListObject(Items((first, *parts), "list"))
    if name == "layers" and is_sequential(receiver) and parts:
        return ListObject(Items(tuple(part for part in parts if not isinstance(part, Tensor)), "list"))
    if name == "layer" and WRAPS in receiver.fields and parts is not None and len(parts) == 1:
        return parts[0]
    if name in ("kernel", "bias", "embeddings", "gamma", "beta") and receiver.own is not None:
        return receiver.own
    if name in _ENDS:
        found = _end(interp, receiver, name)
        if found is not None:
            return found
    if name not in _MADE:
        mark_escaped(interp, receiver)
    found = interp.unknown(origins.member(name), *weights_below(receiver))
    keras_state(interp).members[found.node] = receiver
    return found


def _end(interp: Context, receiver: Layer, name: str) -> Value | None:
    """A model's own inputs or outputs; what a layer gave when a model was made of it."""
    graph = GRAPH.of(receiver)
    if graph is None and (name.endswith("s") or of_keras_2(interp, receiver)):
        graph = trace(interp, receiver)  # a chain of Keras 3 has one output only where it was called on a placeholder
    if graph is not None:
        value: Value = graph[0 if name.startswith("input") else 1]
        if name.endswith("s"):
            return ListObject(Items(tuple(leaf for _, leaf in flatten(value, "")), "list"))
        return value
    results = [call.result for call in keras_state(interp).calls if call.layer is receiver]
    return results[0] if len(results) == 1 and name == "output" and isinstance(results[0], Tensor) else None


def _optimizer(interp: Context, receiver: Layer | Instance) -> Value:
    """The optimizer that the model was compiled with."""
    given = COMPILED.certain(receiver).get("optimizer", Const("rmsprop"))
    if isinstance(given, Const) and isinstance(given.value, str):
        return LibraryObject(f"keras.optimizers.{given.value.capitalize()}")
    return given


def _loss(interp: Context, receiver: Layer | Instance) -> Value | None:
    """The very loss that the model was compiled with, where it was given one; Keras 2 keeps another form of it."""
    options: dict[str, Value] = COMPILED.of(receiver) or {}
    given = options.get("loss", NONE)
    nothing = isinstance(given, Const) and given.value is None
    return None if nothing or "**" in options or of_keras_2(interp, receiver) else given


def instance_attribute(interp: Context, receiver: Instance, name: str) -> Value | None:
    """What Keras gives its subclasses."""
    if not is_keras(receiver.cls):
        return None
    if name in LISTS:
        return listed(interp, receiver, name)
    if name == "optimizer" and COMPILED.of(receiver):
        return _optimizer(interp, receiver)
    if name == "loss" and name not in receiver.fields and _loss(interp, receiver) is not None:
        return _loss(interp, receiver)
    if (name in METHODS and name != "add") or (name == "compiled_loss" and COMPILED.of(receiver)):
        return Member(receiver, name)
    inner = INNER.of(receiver)
    if isinstance(inner, Layer) and name in ("layers", "input", "inputs", "output", "outputs"):
        return attribute(interp, inner, name)
    if name == "losses" and not receiver.open and adds_nothing(interp, receiver):
        return ListObject(Items((), "list"))
    if name in _MADE or name == "layers":
        if name == "layers":
            layers = None if receiver.open else _in_order(interp, receiver)
            if layers is not None:
                return ListObject(Items(tuple(layers), "list"))
            mark_escaped(interp, receiver)
        return interp.unknown(origins.member(name), *weights_below(receiver))
    return Scalar(interp.recorder.leaf(), _FACTS[name]) if name in _FACTS else None


def _in_order(interp: Context, receiver: Instance) -> list[Value] | None:
    """The layers that an object of the module holds, as they were assigned, or as Keras 3 got to know of them."""
    order = list(ASSIGNED.of(receiver) or ())
    names = {name for name in receiver.fields if isinstance(name, str)} - _OWN
    if not names <= set(order):
        return None
    found = _layers_in([receiver.fields[name] for name in order if name in names])
    if found is None or of_keras_2(interp, receiver):
        return found
    tracked = TRACKED.of(receiver, Items(()))
    layers = [each for each in tracked.items if not isinstance(each, Variable)] if isinstance(tracked, Items) else []
    # What was replaced is still listed, and what took its place in a list is not.
    return layers if {id(each) for each in layers} == {id(each) for each in found} else None


def _layers_in(values: list[Value]) -> list[Value] | None:
    """The layers among an object's attributes and in their lists, in order; None where something may hide one."""
    found: dict[int, Value] = {}
    for each in (each for value in values for each in walk(value, _elements)):
        if isinstance(each, Layer) or (isinstance(each, Instance) and is_keras(each.cls)):
            found[id(each)] = each
        elif _may_hide_layers(each):
            return None
    return list(found.values())


def _elements(value: Value) -> Sequence[Value]:
    """What Keras looks into: containers, as far as their elements are known, and no other objects."""
    return () if isinstance(value, (Layer, Instance)) else parts_of(value)


def _may_hide_layers(value: Value) -> bool:
    """Whether there may be a layer in it that the walk does not come by."""
    if isinstance(value, DictContent):
        return not value.complete
    if isinstance(value, Instance):
        return not all(isinstance(base, Class) for base in value.cls.lineage())
    if isinstance(value, NativeFunction) and value.name == "Lambda":
        return True
    return not isinstance(value, (*WEIGHTLESS, Variable, Container, Items))


def set_attribute(interp: Context, receiver: Value, name: str, value: Value) -> bool:
    """Whether setting this attribute of a layer or model means more than keeping the value; then it is done."""
    if isinstance(receiver, Variable) and receiver.library != "tf" and name == "trainable":
        # The tape goes on watching it when it is read; only Keras' own lists leave it out.
        interp.state.set(receiver, "listed", interp.expressions.truth(value))
        return True
    if isinstance(receiver, Unknown) and name != "trainable":
        changed_within(interp, receiver)
        return False
    if isinstance(receiver, Unknown):
        # One of some weights that nobody can tell apart.
        for node in ancestors([receiver.node], 300):
            if isinstance(node.variable, Variable) and node.variable.library != "tf":
                interp.state.set(node.variable, "listed", None)
        return False
    if isinstance(receiver, Layer) and name != "trainable":
        assign(interp, receiver, name, value)
        return True
    if isinstance(receiver, Instance) and is_keras(receiver.cls) and not of_keras_2(interp, receiver):
        track(interp, receiver, value)
    if name != "trainable" or not isinstance(receiver, (Layer, Instance)):
        return False
    if isinstance(receiver, Instance) and not is_keras(receiver.cls):
        return False
    set_trainable(interp, receiver, value)
    return True
