"""What makes layers, models, losses and tools of Keras, by their names."""

from __future__ import annotations

import re

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.shape import ANY_SHAPE, Shape
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Symbol, Tensor, Value, Variable, is_none
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.functions import Function, NativeFunction
from tfgradlint.flow.values.objects import Instance, Layer, LibraryObject
from tfgradlint.libraries.keras import known_variables
from tfgradlint.libraries.keras.applications import application
from tfgradlint.libraries.keras.built_in import passed
from tfgradlint.libraries.keras.chains import build, sequential
from tfgradlint.libraries.keras.cloning import cloned
from tfgradlint.libraries.keras.functional import functional, lambda_layer
from tfgradlint.libraries.keras.layer_calls import noted
from tfgradlint.libraries.keras.layer_facts import MERGING
from tfgradlint.libraries.keras.layers import layer, opaque_model
from tfgradlint.libraries.keras.optimizers import is_optimizer, told
from tfgradlint.libraries.keras.origins import SUBLAYER
from tfgradlint.libraries.keras.out_of_sight import note_lambda, read_besides
from tfgradlint.libraries.keras.state import (
    INNER,
    keras_state,
)
from tfgradlint.libraries.keras.weights import (
    is_keras,
    set_trainable,
)
from tfgradlint.libraries.measured.apply import apply
from tfgradlint.libraries.measured.shapes import lengths
from tfgradlint.libraries.session import Session, keras_name

#: Families whose objects are no layers and hold no weights that a model trains.
_TOOLS = ("optimizers", "metrics", "callbacks", "initializers", "regularizers", "constraints")


def call(interp: Context, session: Session, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Layers, models, losses: objects that are called later."""
    name = keras_name(path)
    if name is None:
        return None
    family, _, last = name.rpartition(".")
    if name in ("Input", "layers.Input", "layers.InputLayer"):
        made = Tensor(interp.recorder.leaf())
        made.node.placeholder = True
        made.node.shape = _of_input(args, kwargs)
        given_name = kwargs.get("name", NONE)
        if isinstance(given_name, Const) and isinstance(given_name.value, str):
            keras_state(interp).input_names[made.node] = given_name.value
        return made
    if last == "__setattr__" and args and isinstance(args[0], Layer):
        return interp.calls.call(Symbol("builtins.setattr"), args, kwargs)
    if name == "random.SeedGenerator":
        return LibraryObject(path)
    if name == "utils.unpack_x_y_sample_weight" and args:
        return _unpacked(interp, args[0])
    if name in ("Sequential", "models.Sequential"):
        return sequential(interp, path, args, kwargs)
    if name in ("Model", "models.Model"):
        return functional(interp, path, args, kwargs)
    if family == "layers" and last == "Lambda" and (args or "function" in kwargs):
        function = args[0] if args else kwargs["function"]
        return _lambda(interp, function)
    if family == "layers" and last in MERGING:
        given = args[0] if args else kwargs.get("inputs", NONE)
        merging = Layer(path.removesuffix(last) + last.capitalize(), None, ())
        return interp.calls.call(merging, [given], {})
    if family == "layers" and last[:1].isupper() and last != "Layer":
        return layer(interp, path, last, args, kwargs)
    if name == "models.clone_model":
        return cloned(interp, path, args, kwargs)
    if family.startswith("applications") and last[:1].islower():
        pictures = [*args, *kwargs.values()]
        # Of a tensor the same, scaled or shifted or as it is. A variable may be refused.
        plain = last == "preprocess_input" and isinstance(args[0] if args else kwargs.get("x"), Tensor)
        origin = origins.returned_by(path)
        return passed(interp, origin, pictures) if plain else interp.opaque_result_of(origin, pictures)
    if family.startswith("applications"):
        return application(interp, path, args, kwargs)
    if name == "models.load_model":
        return opaque_model(interp, path, False)
    if family == "losses" and last[:1].isupper() and not last.isupper() and session.known(path) is None:
        return _loss(interp, session, path, last)
    if (family.partition(".")[0] in _TOOLS and last[:1].isupper()) or is_optimizer(name):
        interp.reports.trains = interp.reports.trains or is_optimizer(name)
        tool = LibraryObject(path)
        tool.fields.update(told(name, len(args), kwargs))
        if is_optimizer(name):
            known_variables.made(interp, tool)
        return tool
    return None


def _of_input(args: list[Value], kwargs: dict[str, Value]) -> Shape:
    """The shape of an input: what is written out, behind the axis of the batch."""
    wanted = lengths(args[0] if args else kwargs.get("shape", NONE))
    batch = kwargs.get("batch_size", NONE)
    if wanted is None or len(args) > 1:
        return ANY_SHAPE
    return Shape((batch.value if isinstance(batch, Const) and type(batch.value) is int else None, *wanted))


def _unpacked(interp: Context, data: Value) -> Value | None:
    """The inputs, the truths and the sample weights of a batch: None for what it does not have."""
    if isinstance(data, (Tensor, Variable)):
        return Items((data, NONE, NONE))
    content = interp.iteration.iterate(data) if isinstance(data, (Items, ListObject)) else data
    if not isinstance(content, Items) or not 1 <= len(content.items) <= 3:
        return None
    return Items((*content.items, NONE, NONE)[:3])


def _loss(interp: Context, session: Session, path: str, name: str) -> Value:
    """A loss object does what the loss function of the same name does, and multiplies that by the sample weights."""
    function = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    known = session.known(f"keras.losses.{function}")

    def run(args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = dict(kwargs)
        weight = args[2] if len(args) == 3 else given.pop("sample_weight", NONE)
        made = apply(interp, known, args[:2], given) if known is not None and len(args) <= 3 else None
        if made is not None and not is_none(weight):
            product = session.known("tf.math.multiply")
            if product is None or (isinstance(weight, Const) and not weight.value):
                made = None
            else:
                made = apply(interp, product, [made, weight], {})
        if made is None:
            return interp.opaque_result_of(origins.returned_by(path), [*args, *kwargs.values()])
        return made

    return NativeFunction(path, run)


def initialise(interp: Context, instance: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
    """``super().__init__(inputs, outputs)``, or with the layers of a chain: an inner model is all there is to it."""
    if not isinstance(instance, Instance) or not is_keras(instance.cls):
        return
    if "trainable" in kwargs:
        set_trainable(interp, instance, kwargs["trainable"])
    if isinstance(interp.attributes.of_class(instance.cls, "build"), Function):
        # Whoever calls it: Keras does not call it again.
        interp.state.set(
            instance, "build", NativeFunction("build", lambda given, named: build(interp, instance, given))
        )
    base = next(each.path for each in instance.cls.lineage() if isinstance(each, Symbol))
    inner: Value | None = None
    if base.endswith("Wrapper"):
        interp.attributes.set(instance, "layer", args[0] if args else kwargs.get("layer", interp.unknown(SUBLAYER)))
    if base.endswith("Sequential"):
        inner = sequential(interp, base, args, kwargs)
    elif base.endswith("Model"):
        inner = functional(interp, base, args, kwargs)
    if inner is not None:
        INNER.put(interp.state, instance, inner)


def _lambda(interp: Context, function: Value) -> NativeFunction:
    """The layer that calls a function; a model of inputs and outputs lists it among its layers."""

    site = interp.recorder.site

    def run(args: list[Value], kwargs: dict[str, Value]) -> Value:
        return noted(interp, made, lambda: result_of(args)) or NONE

    def result_of(args: list[Value]) -> Value:
        state, called = keras_state(interp), list[Value]()
        state.called_in_lambda = called
        try:
            result = lambda_layer(interp, function, args)
        finally:
            state.called_in_lambda = None
        note_lambda(interp, made, site, read_besides(result, Items(tuple(args))), called)
        return result

    made = NativeFunction("Lambda", run)
    return made
