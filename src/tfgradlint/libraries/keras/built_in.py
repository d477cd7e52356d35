"""What a call of one of Keras' own layers does: from which inputs and weights a gradient reaches the result."""

from __future__ import annotations

from collections.abc import Iterable

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.shapes import shape_of
from tfgradlint.flow.graph.nodes import Edge, Effect, Formula, Interaction, Node
from tfgradlint.flow.graph.origins import Origin
from tfgradlint.flow.graph.shape import ANY_SHAPE, Shape
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Tensor, Value, Variable, is_none
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.objects import Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.knowledge.layers import LayerFacts, Words
from tfgradlint.libraries.keras.building import mark_built
from tfgradlint.libraries.keras.crossing import (
    as_tensor,
    by_name,
    crossing,
    plain_steps,
    towards_weights,
    usual,
    words_of,
)
from tfgradlint.libraries.keras.layer_facts import drops_all, facts, lets_through, recurrent
from tfgradlint.libraries.keras.origins import ACTIVATION, LAYER
from tfgradlint.libraries.keras.recurrent import step, wrapped
from tfgradlint.libraries.keras.state import MEASURED, NAMED, RECIPE, STATE_COUNT, WIDTH, WRAPS
from tfgradlint.libraries.keras.training_flag import perhaps_trained
from tfgradlint.libraries.keras.weights import weights_below
from tfgradlint.libraries.measured.curvature import joint_of_layer
from tfgradlint.libraries.measured.formulas import axis_option, of_activation
from tfgradlint.libraries.measured.zeros import lessened

_FLOWS = Words("flows", "flows")


def call_built_in(interp: Context, callee: Layer, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The result of a layer."""
    if WRAPS in callee.fields:
        return wrapped(interp, callee, args, kwargs)
    mark_built(interp, callee)
    if NAMED in callee.fields and NAMED.of(callee) is None:
        return interp.unknown(LAYER, *args, *kwargs.values(), *weights_below(callee))  # one of its weights is another
    known = facts(interp, callee.path) if MEASURED.of(callee, True) else None
    if known is not None and known.wraps:
        known = None  # it does what the layers do that it holds
    inputs = [as_tensor(interp, value) for value in args]
    more = {name: as_tensor(interp, value) for name, value in kwargs.items()}
    given = [*inputs, *more.values()]
    if known is not None and known.weightless and known.passes and _all_flow(known):
        return passed(interp, LAYER, given)
    named = by_name(known, inputs, more)
    activation = callee.fields.get("activation", NONE)
    states = STATE_COUNT.of(callee, 0)
    packed = inputs[0].structure if inputs else NONE
    if isinstance(packed, Items) and len(packed.items) == 1 and known is not None and known.weights:
        return interp.unknown(LAYER, *given, *weights_below(callee))  # most refuse a list, by its shape
    if known is not None and recurrent(known) and not plain_steps(interp, callee):
        return interp.unknown(LAYER, *given, *weights_below(callee))
    if states is None and known is not None and callee.path.endswith("Cell") and usual(known, named):
        return step(interp, callee, known, named)
    if not callee.single or states is None or (known is not None and not usual(known, named)):
        return interp.opaque_result_of(LAYER, [*given, *weights_below(callee)])
    edges = [
        crossing(interp, node, words_of(known, name, named) if known is not None else None, callee)
        for name, value in named.items()
        if name != "training"
        for node in nodes_of(value)
    ]
    inputs_of_steps = len(edges)
    edges += [_weight_edge(interp, edge, named.values()) for edge in towards_weights(interp, callee, known)]
    if not is_none(named.get("mask", NONE)):
        # What is masked everywhere leaves its inputs and weights without a gradient but zeros.
        edges = [edge._replace(effect=Effect.ARRIVES) if edge.effect is Effect.FLOWS else edge for edge in edges]
    activated = None
    shape = _shape(callee, nodes_of(packed))
    if known is not None and not states and not recurrent(known) and isinstance(activation, Const):
        activated = _activation(interp, callee, activation, nodes_of(packed), shape)
        edges = lessened(interp.of(Numbers), "", activated, {}, edges)
    results = [Tensor(interp.recorder.op(edges)) for _ in range(states + 1)]
    _note_dropped(interp, callee, known, named, [each.node for each in results])
    new = known is not None and (not known.weightless or (_all_flow(known) and activation is NONE))
    for result in results:
        result.node.loose = not new or callee.own is not None
        result.node.joint = _joint(callee, known, inputs_of_steps, len(edges), activation)
        result.node.formula, result.node.shape = activated, shape
    return Items(tuple(results)) if states else _activated(interp, callee.path, activation, results[0])


class Dropped:
    """What ``Dropout(1.0)`` makes, and what is made of that without weights: zeros where the model trains."""

    def __init__(self) -> None:
        #: Whether each certainly is zeros.
        self.nodes: dict[Node, bool] = {}


def _weight_edge(interp: Context, edge: Edge, given: Iterable[Value]) -> Edge:
    """An edge towards a weight that may be multiplied with zeros."""
    dropped = interp.of(Dropped).nodes
    found = [node for value in given for node in nodes_of(value) if node in dropped] if dropped else []
    if not found or edge.effect is not Effect.FLOWS:
        return edge
    return Edge(edge.node, Effect.ARRIVES) if dropped[found[0]] else perhaps_trained(interp, edge, found[0])


def _note_dropped(
    interp: Context, callee: Layer, known: LayerFacts | None, given: dict[str, Value], made: list[Node]
) -> None:
    dropped = interp.of(Dropped).nodes
    args, kwargs = RECIPE.of(callee) or ([], {})
    rate = args[0] if args else kwargs.get("rate", NONE)
    flag = given.get("training", NONE)
    inferring = isinstance(flag, Const) and flag.value is False
    if "Dropout" in callee.path and drops_all(rate) and not inferring:
        dropped.update(dict.fromkeys(made, isinstance(flag, Const) and flag.value is True))
    elif dropped and known is not None and known.weightless:
        before = [dropped[node] for value in given.values() for node in nodes_of(value) if node in dropped]
        dropped.update(dict.fromkeys(made, all(before)) if before else {})


def _activation(interp: Context, callee: Layer, activation: Const, inputs: list[Node], shape: Shape) -> Formula | None:
    """What a layer ends with, of which nothing is known but its activation; ``Activation`` is nothing else."""
    if callee.path.endswith(".Activation") and len(inputs) == 1:
        return of_activation(interp, activation.value, inputs[0])
    alone, options = _alone(callee)
    if alone:
        return of_activation(interp, alone, inputs[0], options) if len(inputs) == 1 else None
    given = interp.recorder.leaf()
    given.shape = shape
    return of_activation(interp, activation.value, given)


#: Layers that are nothing but an activation, and what Keras calls it.
_ALONE = {"ReLU": "relu", "Softmax": "softmax"}


def _alone(callee: Layer) -> tuple[str, tuple[object, ...]]:
    """The activation that a layer is, and its options; "" where it is none, or is told to be another one."""
    name = _ALONE.get(callee.path.rpartition(".")[2], "")
    args, kwargs = RECIPE.of(callee) or ([NONE], {})
    told = [*args, *(value for option, value in kwargs.items() if option not in _COMMON)]
    if not told or not name:
        return name, ()
    number = told[0].value if isinstance(told[0], Const) and len(told) == 1 else None
    if name == "relu" and number == 6 and not kwargs.keys() - {*_COMMON, "max_value"}:
        return "relu6", ()
    if name == "softmax" and type(number) is int and not kwargs.keys() - {*_COMMON, "axis"}:
        return name, (axis_option(number),)
    return "", ()


_COMMON = frozenset({"name", "dtype", "trainable"})


def _shape(callee: Layer, inputs: list[Node]) -> Shape:
    """The shape of a layer's result: its own number of elements on the last axis, or the shape that it was given."""
    width = WIDTH.of(callee)
    given = shape_of(inputs[0]) if len(inputs) == 1 else ANY_SHAPE
    if width is not None:
        return Shape((*given.dims[:-1], width), given.open) if callee.path.endswith(".Dense") else Shape((width,), True)
    return given if callee.path.rpartition(".")[2] in _ALIKE else ANY_SHAPE


#: They leave the shape of what they are given.
_ALIKE = frozenset({"Activation", "ReLU", "Softmax", "Dropout", "BatchNormalization", "LayerNormalization"})


def _joint(callee: Layer, known: LayerFacts | None, inputs: int, edges: int, activation: Value) -> Interaction | None:
    """How the inputs and weights of a layer act together. An activation of the program's own is a step of its own."""
    weights = [name for name, weight in (NAMED.of(callee) or {}).items() if weight is not NONE]
    if known is None or inputs + len(weights) != edges:
        return None
    return joint_of_layer(known.name, activation.value if isinstance(activation, Const) else None, inputs, weights)


def _all_flow(known: LayerFacts) -> bool:
    return bool(known.inputs) and all(words == _FLOWS for words in known.inputs.values())


def passed(interp: Context, origin: Origin, inputs: list[Value]) -> Value:
    """The input itself, or something computed from it. ``origin`` says where what is no tensor comes from."""
    given = inputs[0] if inputs else NONE
    if not isinstance(given, (Tensor, Variable)):
        return interp.opaque_result_of(origin, inputs)
    made = interp.recorder.op([Edge(node) for node in nodes_of(given)])
    node = interp.recorder.phi([given.node, made])
    node.maybe_alias = (given.node,)
    return Tensor(node)


def _activated(interp: Context, path: str, activation: Value, result: Tensor) -> Value:
    """What a layer's activation makes of its result."""
    if lets_through(interp, path, activation):
        return result
    if isinstance(activation, Const):
        return interp.opaque_result_of(ACTIVATION, [result])
    site = interp.recorder.site
    made = called_inside(interp, activation, [result])
    interp.recorder.site = site
    return made


def called_inside(interp: Context, function: Value, given: list[Value]) -> Value:
    """What a function of the program returns that a layer calls: it is given tensors, also for placeholders."""
    recorder = interp.recorder
    traced = not recorder.level and any(node.placeholder for value in given for node in nodes_of(value))
    recorder.level += traced
    try:
        return interp.calls.call(function, given, {})
    finally:
        recorder.level -= traced
