"""What a program assigns to an attribute of one of Keras' own layers: the layer computes with that from then on."""

from __future__ import annotations

from tfgradlint.flow.graph.nodes import Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import Const, Scalar, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Container, Items
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import nodes_of, walk
from tfgradlint.libraries.keras.layer_facts import facts, making, recurrent
from tfgradlint.libraries.keras.parts import is_sequential, parts_of
from tfgradlint.libraries.keras.regularised import note
from tfgradlint.libraries.keras.state import (
    BUILT,
    CHANGED,
    GRAPH,
    HIDDEN,
    MEASURED,
    NAMED,
    RECIPE,
    keras_state,
)
from tfgradlint.libraries.keras.weights import mark_escaped, of_keras_2

#: Weights that are properties in Keras 3, behind which stands an attribute with an underscore.
_PROPERTIES = frozenset({"kernel", "embeddings"})
_WITH_PROPERTIES = ("Conv1D", "Conv2D", "Conv3D", "Dense", "Embedding", "EinsumDense")
#: What only says how weights are made.
_OF_MAKING = ("_initializer", "_constraint", "_regularizer")
#: A part of a part of a layer is some steps away from it.
_NEAR = 300
#: Methods that a layer asks for on itself when it is called.
_METHODS = frozenset({"call", "build", "compute_mask", "compute_output_shape", "add_weight"})


def assign(interp: Context, layer: Layer, name: str, value: Value) -> None:
    """``layer.name = value``, of any attribute but ``trainable``."""
    interp.state.set(layer, name, value)
    if is_sequential(layer) or GRAPH in layer.fields or not layer.path.rpartition(".")[0].endswith("layers"):
        _to_model(interp, layer, name, value)
        return
    if name.endswith("_regularizer"):
        note(interp, layer)
    known = facts(interp, layer.path)
    weight = name.removeprefix("_")
    if weight in (NAMED.of(layer) or {}) or (known is not None and weight in {each.name for each in known.weights}):
        _to_weight(interp, layer, weight, name, value)
    elif name == "activation":
        _changed(interp, layer)
        if isinstance(value, Const) or (known is not None and recurrent(known)):
            HIDDEN.put(interp.state, layer, True)
    elif known is None or name in _METHODS or name.startswith("_"):
        _changed(interp, layer)
        if name != "call":
            HIDDEN.put(interp.state, layer, True)
    elif name in {each.name for each in known.params} and not name.endswith(_OF_MAKING):
        _to_parameter(interp, layer, name, value)


def lay_open(interp: Context, layer: Layer) -> None:
    """Somebody has got hold of the dictionary of its attributes: each may become anything."""
    _changed(interp, layer)
    HIDDEN.put(interp.state, layer, True)
    mark_escaped(interp, layer)


def changed_within(interp: Context, part: Unknown) -> None:
    """Something is assigned to an attribute of what may be a part of a layer, such as the cell of a recurrent one."""
    members = keras_state(interp).members
    for node in ancestors([part.node], _NEAR) if members else ():
        if isinstance(node, Node) and node in members:
            _changed(interp, members[node])
            HIDDEN.put(interp.state, members[node], True)


def _to_model(interp: Context, model: Layer, name: str, value: Value) -> None:
    """A model of inputs and outputs lists the layers in its attributes as well."""
    if name == "call" or name.startswith("_"):
        _changed(interp, model)
        HIDDEN.put(interp.state, model, True)
    if any(isinstance(each, (Layer, Instance, Variable)) for each in walk(value, parts_of)) or not isinstance(
        value, (Const, Scalar, Container, Items)
    ):
        mark_escaped(interp, model)


def _to_weight(interp: Context, layer: Layer, weight: str, name: str, value: Value) -> None:
    legacy = of_keras_2(interp, layer)
    is_property = not legacy and layer.path.endswith(_WITH_PROPERTIES) and weight in _PROPERTIES
    if is_property and name == weight and not isinstance(value, Variable):
        interp.raise_here(None, "AttributeError")
    built = BUILT.of(layer, True)
    if not legacy and isinstance(value, Variable) and value.library == "keras" and built is True:
        interp.raise_here(None, "ValueError")
    if built is False and not is_property:
        return  # when it is built, the layer puts its own in the place
    _changed(interp, layer)
    if legacy:
        mark_escaped(interp, layer)  # its lists are without the old weight
    named = NAMED.of(layer)
    known = facts(interp, layer.path)
    if named is None or built is not True or known is None or recurrent(known) or (is_property and name == weight):
        HIDDEN.put(interp.state, layer, True)
        return
    NAMED.put(interp.state, layer, {**named, weight: value})
    interp.state.set(layer, weight, value)


def _to_parameter(interp: Context, layer: Layer, name: str, value: Value) -> None:
    """What the layer was made with is another thing from now on."""
    recipe, known = RECIPE.of(layer), facts(interp, layer.path)
    _changed(interp, layer)
    if recipe is None or known is None or nodes_of(value) or not isinstance(value, (Const, Scalar)):
        HIDDEN.put(interp.state, layer, True)
        return
    args, kwargs = recipe
    here = making(known, args, {**kwargs, name: value})
    RECIPE.put(interp.state, layer, (args, {**kwargs, name: value}))
    if not (here.weights and here.gradients):
        MEASURED.put(interp.state, layer, False)


def _changed(interp: Context, layer: Layer) -> None:
    """Models that were put together before run the layer as it is now."""
    CHANGED.put(interp.state, layer, True)
    keras_state(interp).changed = True


def changed_below(interp: Context, model: Layer) -> bool:
    """Whether a layer in a model was changed after it was made."""
    return keras_state(interp).changed and any(
        isinstance(each, Layer) and CHANGED in each.fields for each in walk(model, parts_of)
    )
