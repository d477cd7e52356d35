"""Keras: layers and models connect what they are given, and their weights, with what they return.

Where nothing is known of a built-in layer, its call leads on in a way that is not known, and still depends on nothing
but its inputs and its weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Edge, Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import Raised
from tfgradlint.flow.values.base import NONE, Array, Const, Symbol, Tensor, Value, Variable, is_none
from tfgradlint.flow.values.containers import Items, ListObject, Repeated
from tfgradlint.flow.values.functions import Function, Method, NativeFunction
from tfgradlint.flow.values.objects import Instance, Layer, LibraryObject
from tfgradlint.flow.values.walk import fold, known_tuple, nodes_of, rebuilt
from tfgradlint.libraries.keras import fit as keras_training
from tfgradlint.libraries.keras.assigned import changed_below
from tfgradlint.libraries.keras.attributes import SILENT
from tfgradlint.libraries.keras.building import assemble, forget_built, holds_own, mark_built
from tfgradlint.libraries.keras.built_in import call_built_in
from tfgradlint.libraries.keras.chains import as_part, build, build_chain, sequential, trace
from tfgradlint.libraries.keras.cloning import cloned
from tfgradlint.libraries.keras.compile import compiled
from tfgradlint.libraries.keras.crossing import as_tensor
from tfgradlint.libraries.keras.first_call import called, traced_on_trial
from tfgradlint.libraries.keras.functional import as_returned, functional, lambda_layer
from tfgradlint.libraries.keras.layer_facts import MERGING
from tfgradlint.libraries.keras.layers import layer, opaque_model
from tfgradlint.libraries.keras.losses import computed
from tfgradlint.libraries.keras.optimizers import is_optimizer, told
from tfgradlint.libraries.keras.origins import MODEL, SUBLAYER
from tfgradlint.libraries.keras.parts import is_sequential
from tfgradlint.libraries.keras.predict import predicted
from tfgradlint.libraries.keras.regularised import note
from tfgradlint.libraries.keras.replay import replay
from tfgradlint.libraries.keras.reporting import report_compiled
from tfgradlint.libraries.keras.state import (
    ADDED,
    ASSEMBLED,
    COMPILED,
    GRAPH,
    HIDDEN,
    INNER,
    MAKE,
    NAME,
    LayerCall,
    keras_state,
)
from tfgradlint.libraries.keras.training_flag import asked, training_as
from tfgradlint.libraries.keras.weights import (
    added_weights,
    is_keras,
    library_of,
    made_late,
    mark_escaped,
    of_keras_2,
    set_trainable,
    weights_below,
)
from tfgradlint.libraries.measured.apply import apply
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
    if family.startswith("applications") or name == "models.load_model":
        return opaque_model(interp, path, family.startswith("applications"))
    if family == "losses" and last[:1].isupper() and not last.isupper() and session.known(path) is None:
        return _loss(interp, session, path, last)
    if (family.partition(".")[0] in _TOOLS and last[:1].isupper()) or is_optimizer(name):
        interp.reports.trains = interp.reports.trains or is_optimizer(name)
        tool = LibraryObject(path)
        tool.fields.update(told(name, len(args), kwargs))
        return tool
    return None


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


# -- calling


def call_layer(interp: Context, callee: Layer | Instance, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The result of a layer or model, built in or written in the module."""
    if isinstance(callee, Instance):
        return _noted(interp, callee, lambda: _call_instance(interp, callee, args, kwargs))
    return _noted(interp, callee, lambda: _call_built_in(interp, callee, args, kwargs))


def _lambda(interp: Context, function: Value) -> NativeFunction:
    """The layer that calls a function; a model of inputs and outputs lists it among its layers."""

    def run(args: list[Value], kwargs: dict[str, Value]) -> Value:
        return _noted(interp, made, lambda: lambda_layer(interp, function, args)) or NONE

    made = NativeFunction("Lambda", run)
    return made


def _noted(interp: Context, callee: Value, run: Callable[[], Value | None]) -> Value | None:
    """The result of a call, of which a note is taken."""
    recorder = interp.recorder
    first, before = recorder.now(), len(keras_state(interp).calls)
    result = run()
    if isinstance(result, Tensor) and result.node.placeholder and result.node.seq <= first:
        # What a layer hands through comes out of it as a tensor of its own, where it is called on a placeholder.
        result = Tensor(recorder.op([Edge(result.node)], result.node.dtype))
    if result is not None and not recorder.tapes.active:
        # What it called itself is a part of it.
        calls = keras_state(interp).calls
        del calls[before:]
        calls.append(LayerCall(first, recorder.now(), callee, result))
    return result


def _call_built_in(interp: Context, callee: Layer, args: list[Value], kwargs: dict[str, Value]) -> Value:
    given = args[0] if args else kwargs.get("inputs", NONE)
    own = callee.fields.get("call")
    if isinstance(own, Value) and HIDDEN not in callee.fields:
        mark_built(interp, callee)
        return interp.calls.call(own, args, kwargs)
    if HIDDEN in callee.fields or (GRAPH in callee.fields and changed_below(interp, callee)):
        forget_built(interp, callee)
        return interp.unknown(MODEL, *args, *kwargs.values(), *weights_below(callee))
    graph = GRAPH.of(callee)
    if graph is not None:
        with training_as(interp, asked(interp, kwargs)):
            made = _once_more(interp, graph, given)
        if made is None:
            return interp.unknown(MODEL, *args, *weights_below(callee))
        return as_returned(interp, callee.path, given, made)
    parts = callee.parts
    if parts is None:
        return interp.unknown(MODEL, *args, *kwargs.values(), *weights_below(callee))
    with training_as(interp, asked(interp, kwargs)):
        return _run_parts(interp, callee, parts, args, kwargs)


def _run_parts(
    interp: Context, callee: Layer, parts: tuple[Value, ...], args: list[Value], kwargs: dict[str, Value]
) -> Value:
    if is_sequential(callee) and callee.own is None:
        value = args[0] if args else kwargs.get("inputs", NONE)
        if ASSEMBLED not in callee.fields and holds_own(callee):
            _assembled(interp, callee)
        for part in parts:
            if isinstance(part, (Layer, Instance, NativeFunction)):
                site = interp.recorder.site
                value = interp.calls.call(part, [value], {})
                interp.recorder.site = site
            elif not isinstance(part, Tensor):
                return interp.unknown(MODEL, *args, *weights_below(callee))
        return value
    return call_built_in(interp, callee, args, kwargs)


def _assembled(interp: Context, chain: Layer) -> None:
    site = interp.recorder.site
    assemble(interp, chain, lambda given: interp.calls.call(chain, given, {}), keras_state(interp).calls)
    interp.recorder.site = site


def _built(interp: Context, model: Layer | Instance) -> None:
    """``build(shape)``: in Keras 3 that makes the weights of its own layers and chains, and of nothing else."""
    inner = INNER.of(model) if isinstance(model, Instance) else model
    if isinstance(inner, Layer):
        (_assembled if is_sequential(inner) else mark_built)(interp, inner)
    elif of_keras_2(interp, model):
        forget_built(interp, model)


def _once_more(interp: Context, graph: tuple[Value, Value], given: Value) -> Value | None:
    recorder = interp.recorder
    pinned = recorder.pinned
    if not recorder.tapes.active and pinned is None:
        recorder.pinned = recorder.site
    try:
        return replay(interp, *graph, given)
    finally:
        recorder.pinned = pinned


def _call_instance(interp: Context, instance: Instance, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A layer or model of the module: built at its first call, then its ``call`` runs."""
    function = interp.attributes.of_object(instance, "call")
    if not is_keras(instance.cls):
        return None
    if not isinstance(function, Function):
        inner = INNER.of(instance)
        return _call_built_in(interp, inner, args, kwargs) if isinstance(inner, Layer) else None
    recorder = interp.recorder
    site, pinned = recorder.site, recorder.pinned
    build(interp, instance)
    names = [param.name.value for param in (*function.node.params.params, *function.node.params.kwonly_params)]
    known = asked(interp, kwargs)
    if function.node.params.star_kwarg is None:
        kwargs = {name: value for name, value in kwargs.items() if name in names or name not in ("training", "mask")}
    if "training" in names and len(args) < names.index("training") and known is not NONE:
        kwargs = {**kwargs, "training": known}
    recorder.site = site
    inputs = [as_tensor(interp, value) for value in args]
    traced = any(node.placeholder for value in inputs for node in nodes_of(value))
    if not recorder.tapes.active and pinned is None and not traced:
        # Off the tape a model is one step to the reader: the call is what has to move.
        recorder.pinned = site
    unconverted = not of_keras_2(interp, instance)  # AutoGraph converts what Keras 2 traces
    with training_as(interp, known):
        recorder.level += traced
        interp.unconverted += unconverted
        try:
            if traced:
                return called(
                    interp, instance, lambda: _traced(interp, Method(function, instance), inputs, kwargs, site)
                )
            return called(interp, instance, lambda: interp.calls.call(Method(function, instance), inputs, kwargs))
        finally:
            recorder.pinned = pinned
            recorder.level -= traced
            interp.unconverted -= unconverted


def _traced(interp: Context, method: Method, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    """What a layer makes of placeholders: Keras tries it out at ``site``, and where that raises, it raises there."""
    raised: Raised | None = None
    with interp.reports.collecting() as tried:
        try:
            result = interp.calls.call(method, args, kwargs)
        except Raised as exception:
            raised = exception
    if raised is not None:
        report_compiled(interp, tried, site)
        raise raised
    interp.reports.add_steps(tried)
    return _distinct(interp, result, args)


def _distinct(interp: Context, result: Value, given: list[Value]) -> Value:
    """What a layer makes of a placeholder is another one, even where its ``call`` returns what it is given."""
    own = {node for value in given for node in nodes_of(value)}

    def leaf(value: Value) -> Value:
        if not isinstance(value, Tensor) or value.node not in own:
            return value
        return Tensor(interp.recorder.op([Edge(value.node)], value.node.dtype))

    return fold(result, known_tuple, leaf, rebuilt) if own else result


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
    if name == "add_loss":
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
        trace(interp, inner)
        for part in inner.parts or ():
            name = NAME.of(part) if isinstance(part, Layer) else None
            if isinstance(name, Const) and name.value == wanted.value:
                return part
    mark_escaped(interp, receiver)
    return interp.unknown(SUBLAYER, *weights_below(receiver))
