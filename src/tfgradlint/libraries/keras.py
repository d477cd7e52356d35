"""Keras: layers and models connect what they are given, and their weights, with what they return.

What a built-in layer does to a gradient is not measured yet, so a call leads on in a way that is not known. That is
enough to know what it cannot depend on: on anything but its inputs and its weights.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfgradlint.flow.causes import Cause
from tfgradlint.flow.graph import LEAF, OPAQUE, Edge, Effect, Node, trainable
from tfgradlint.flow.search import ancestors
from tfgradlint.flow.values import (
    NONE,
    Array,
    Class,
    Const,
    Entries,
    Function,
    Instance,
    Items,
    Layer,
    Listing,
    Mapping,
    Member,
    Method,
    Scalar,
    Several,
    Symbol,
    Tensor,
    Thunk,
    Value,
    Variable,
    nodes_of,
)
from tfgradlint.libraries.measured import apply

if TYPE_CHECKING:
    from tfgradlint.flow.interpreter import Interpreter
    from tfgradlint.libraries.world import World

_ROOT = re.compile(r"^(?:tf\.keras|keras|tf_keras)\.")
#: Layers that make no weights; some hand their input through.
_WEIGHTLESS = re.compile(
    r"^(?:Flatten|Reshape|.*Dropout.*|.*Pool.*|Activation|ReLU|LeakyReLU|ELU|Softmax|Concatenate|Add|Subtract|Multiply"
    r"|Average|Maximum|Minimum|Dot|Rescaling|Resizing|ZeroPadding.*|UpSampling.*|Permute|RepeatVector|Cropping.*"
    r"|GaussianNoise|Random.*|Identity|Masking|UnitNormalization|ActivityRegularization|CenterCrop)$"
)
#: Attributes under which weights that are trained are listed.
_TRAINED = frozenset({"trainable_variables", "trainable_weights"})
_BASES = frozenset({"Model", "Layer", "layers.Layer", "Sequential", "models.Model", "models.Sequential"})
_SILENT = frozenset({"compile", "summary", "save", "load_weights", "save_weights", "build", "reset_states"})


def keras_name(path: str) -> str | None:
    """The name below Keras' root, None for anything else."""
    match = _ROOT.match(path)
    return path[match.end() :] if match else None


def call(interp: Interpreter, world: World, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Layers, models, losses: objects that are called later."""
    name = keras_name(path)
    if name is None:
        return None
    family, _, last = name.rpartition(".")
    if name in ("Input", "layers.Input", "layers.InputLayer"):
        return Tensor(interp.recorder.leaf())
    if name in ("Sequential", "models.Sequential"):
        return _sequential(interp, path, args, kwargs)
    if name in ("Model", "models.Model"):
        return _functional(interp, path, args, kwargs)
    if family == "layers" and last == "Lambda" and args:
        function = args[0]
        return Thunk("Lambda", lambda given, named: interp.calls.call(function, given, named))
    if family == "layers" and last[:1].isupper() and last != "Layer":
        several = any(name in kwargs for name in ("return_state", "return_attention_scores", "**"))
        return Layer(path, None if _WEIGHTLESS.match(last) else _weights(interp), (), not several)
    if family.startswith("applications") or name in ("models.load_model", "models.clone_model"):
        return Layer(path, _weights(interp), (), family.startswith("applications"))
    if family == "losses" and last[:1].isupper() and world.known(path) is None:
        return _loss(interp, world, path, last)
    return None


def _weights(interp: Interpreter) -> Variable:
    recorder = interp.recorder
    return Variable(Node(LEAF, recorder.now(), recorder.site, (), "float32"), True, "keras")


def _sequential(interp: Interpreter, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    given = args[0] if args else kwargs.get("layers", NONE)
    content = interp.calls.iterate(given) if isinstance(given, (Listing, Items, Several)) else Items(())
    if not isinstance(content, Items):
        return Layer(path, _weights(interp), (), False)
    return Layer(path, None, content.items)


def _functional(interp: Interpreter, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``Model(inputs, outputs)``: its weights are those met on the way from the outputs to the inputs."""
    outputs = args[1] if len(args) > 1 else kwargs.get("outputs")
    if outputs is None:
        return None
    seen = ancestors(nodes_of(outputs))
    if any(node.kind == OPAQUE for node in seen):
        return Layer(path, _weights(interp), (), not isinstance(outputs, (Listing, Items, Mapping)))
    variables = {node.variable: None for node in sorted(seen, key=lambda node: node.seq) if node.variable is not None}
    return Layer(path, None, tuple(variables), not isinstance(outputs, (Listing, Items, Mapping)))


def _loss(interp: Interpreter, world: World, path: str, name: str) -> Value:
    """A loss object does what the loss function of the same name does."""
    function = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    known = world.known(f"keras.losses.{function}")

    def run(args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = {key: value for key, value in kwargs.items() if key != "sample_weight"}
        made = apply(interp, known, args[:2], given) if known is not None else None
        if made is None or len(args) > 2 or "sample_weight" in kwargs:
            return interp.somehow(path, [*args, *kwargs.values()])
        return made

    return Thunk(path, run)


# -- calling


def call_layer(
    interp: Interpreter, world: World, callee: Layer | Instance, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """The result of a layer or model, built in or written in the module."""
    if isinstance(callee, Instance):
        return _call_instance(interp, callee, args, kwargs)
    parts = callee.parts
    if parts is None:
        return _result(interp, callee, args, kwargs, opaque=True)
    if callee.own is None and _is_sequential(callee) and parts:
        value = args[0] if args else NONE
        for part in parts:
            if isinstance(part, (Layer, Instance, Thunk)):
                site = interp.recorder.site
                value = interp.calls.call(part, [value], {})
                interp.recorder.site = site
            elif not isinstance(part, Tensor):
                return _result(interp, callee, args, kwargs, opaque=True)
        return value
    return _result(interp, callee, args, kwargs, opaque=False)


def _is_sequential(layer: Layer) -> bool:
    return layer.path.endswith("Sequential")


def _result(interp: Interpreter, layer: Layer, args: list[Value], kwargs: dict[str, Value], opaque: bool) -> Value:
    weights = weights_of(layer, set()) or []
    given = [*args, *kwargs.values(), *weights]
    if opaque:
        return interp.unknown("layer", *given)
    if not layer.single:
        return interp.somehow("layer", given)
    node = interp.recorder.op([Edge(each, Effect.UNKNOWN) for value in given for each in nodes_of(value)])
    node.why = "layer"
    node.loose = not weights
    return Tensor(node)


def _call_instance(
    interp: Interpreter, instance: Instance, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A layer or model of the module: built at its first call, then its ``call`` runs."""
    function = interp.calls.class_attribute(instance.cls, "call")
    if not is_keras(instance.cls) or not isinstance(function, Function):
        return None
    recorder = interp.recorder
    site, pinned = recorder.site, recorder.pinned
    _build(interp, instance)
    names = [param.name.value for param in (*function.node.params.params, *function.node.params.kwonly_params)]
    if function.node.params.star_kwarg is None:
        kwargs = {name: value for name, value in kwargs.items() if name in names or name not in ("training", "mask")}
    recorder.site = site
    if not recorder.tapes.active and pinned is None:
        # Off the tape a model is one step to the reader: the call is what has to move.
        recorder.pinned = site
    try:
        return interp.calls.call(Method(function, instance), [_tensor(interp, value) for value in args], kwargs)
    finally:
        recorder.pinned = pinned


def _tensor(interp: Interpreter, value: Value) -> Value:
    """Keras turns the arrays it is given into tensors."""
    if isinstance(value, Array):
        return Tensor(interp.recorder.op([Edge(value.node, Effect.PLAIN)], "float32"))
    return value


def _build(interp: Interpreter, instance: Instance) -> None:
    function = interp.calls.class_attribute(instance.cls, "build")
    if isinstance(function, Function) and "built" not in instance.fields:
        interp.state.set(instance, "built", Const(True))
        interp.calls.call(Method(function, instance), [Scalar(interp.recorder.leaf())], {})


def is_keras(cls: Class) -> bool:
    """Whether the class derives from a Keras model or layer, and from nothing unknown."""
    bases = [base for base in cls.lineage() if not isinstance(base, Class)]
    return bool(bases) and all(isinstance(base, Symbol) and (keras_name(base.path) or "") in _BASES for base in bases)


# -- weights


def weights_of(value: Value, seen: set[int]) -> list[Variable] | None:
    """The weights that Keras trains, in order; None where something unknown may hide some or was frozen."""
    if id(value) in seen:
        return []
    seen.add(id(value))
    if isinstance(value, Variable):
        trained = value.library != "tf" and value.fields["trainable"] is True
        return [value] if trained else ([] if value.fields["trainable"] is not None else None)
    if isinstance(value, Layer):
        if value.fields["trainable"] is not True or value.fields["opened"] is not False or value.parts is None:
            return None
        own = [value.own] if value.own is not None else []
        return _joined([*own, *value.parts], seen)
    if isinstance(value, Instance):
        flag = value.fields.get("trainable")
        if not is_keras(value.cls) or (flag is not None and not (isinstance(flag, Const) and flag.value is True)):
            return None
        return _joined([value.fields[name] for name in value.fields if isinstance(name, str)], seen)
    if isinstance(value, (Listing, Mapping)):
        return weights_of(value.fields["content"], seen)
    if isinstance(value, Items):
        return _joined(list(value.items), seen)
    if isinstance(value, Entries) and value.rest is None:
        return _joined(list(value.entries.values()), seen)
    if isinstance(value, (Const, Scalar, Array, Tensor, Symbol, Function, Method, Thunk, Class, Member)):
        return []
    return None


def _joined(values: list[Value], seen: set[int]) -> list[Variable] | None:
    found: list[Variable] = []
    for value in values:
        weights = weights_of(value, seen)
        if weights is None:
            return None
        found += [weight for weight in weights if weight not in found]
    return found


def _listed(interp: Interpreter, receiver: Layer | Instance) -> Value:
    weights = weights_of(receiver, set())
    if weights is None or not weights:
        return interp.unknown("weights", receiver)
    return Listing(Items(tuple(weights), "list"))


# -- attributes and methods


def attribute(interp: Interpreter, receiver: Layer, name: str) -> Value | None:
    """What layers and models have."""
    if name in _TRAINED:
        return _listed(interp, receiver)
    if name in receiver.fields and name not in ("parts", "trainable", "opened"):
        value: Value = receiver.fields[name]
        return value
    if name == "layers":
        parts = receiver.parts
        if parts and _is_sequential(receiver):
            return Listing(Items(tuple(part for part in parts if not isinstance(part, Tensor)), "list"))
        interp.state.set(receiver, "opened", True)
        return interp.unknown("layers", receiver)
    if name in ("kernel", "bias", "embeddings", "gamma", "beta") and receiver.own is not None:
        return receiver.own
    if name in ("variables", "weights", "non_trainable_variables", "non_trainable_weights"):
        return interp.unknown("weights", receiver)
    return Member(receiver, name)


def instance_attribute(interp: Interpreter, receiver: Instance, name: str) -> Value | None:
    """What Keras gives its subclasses."""
    if not is_keras(receiver.cls):
        return None
    if name in _TRAINED:
        return _listed(interp, receiver)
    if name in ("add_weight", "predict", "predict_on_batch", "evaluate", "get_weights", *_SILENT):
        return Member(receiver, name)
    return None


def method(
    interp: Interpreter, receiver: Layer | Instance, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A method of a layer or model."""
    given = [*args, *kwargs.values()]
    if name == "add_weight":
        from tfgradlint.libraries.tensorflow import variable

        return variable(interp, [], {key: kwargs[key] for key in ("trainable",) if key in kwargs}, "keras")
    if name in ("predict", "predict_on_batch", "evaluate"):
        weights = weights_of(receiver, set()) or []
        nodes = [node for value in (*given, *weights) for node in nodes_of(value)]
        edges = [
            Edge(node, Effect.NONE, Cause.PREDICTED, name) if trainable(node.dtype) else Edge(node, Effect.PLAIN)
            for node in nodes
        ]
        node = interp.recorder.plain(edges)
        return Scalar(node) if name == "evaluate" else Array(node)
    if name == "get_weights":
        return Listing(Several(Array(interp.recorder.leaf())))
    if name == "add" and isinstance(receiver, Layer) and args:
        old = receiver.fields["parts"]
        if isinstance(old, Items):
            more: Value = Items((*old.items, args[0]))
        else:
            more = Several(interp.unknown("layer", args[0]))
        interp.state.set(receiver, "parts", more)
        return NONE
    if name in _SILENT:
        return NONE
    return None
