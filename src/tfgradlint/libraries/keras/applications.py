"""``keras.applications``: models that Keras brings along, of whose layers only the names are known.

Each is one step from its input to its output, which a gradient always passes, towards the input and towards every
weight: ReLUs, pooling, dropout and batch normalisation decide by their numbers what arrives. What one of its layers
gave, asked for by the layer's name, depends on the input and on some of the weights.
"""

from __future__ import annotations

from tfgradlint.flow.graph.nodes import Edge, Effect
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.tape import Active
from tfgradlint.flow.values.base import NONE, Const, Tensor, Value
from tfgradlint.flow.values.objects import Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.keras.functional import functional, is_placeholder
from tfgradlint.libraries.keras.origins import MODEL
from tfgradlint.libraries.keras.state import BUILT_IN, FOREIGN, GRAPH, HIDDEN, INSIDE, LayerCall, keras_state
from tfgradlint.libraries.keras.weights import mark_escaped, new_weight, weights_below

#: The place of ``input_tensor`` among the parameters of all of them.
_INPUT_TENSOR = 2
#: Until somebody asks for one of its layers by a name.
_FIRST = None


def application(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Layer:
    """A model of inputs and outputs, with one layer in between that stands for all of its layers."""
    core = Layer(path, new_weight(interp), ())
    BUILT_IN.begin(core, True)
    wanted = kwargs.get("input_tensor", args[_INPUT_TENSOR] if len(args) > _INPUT_TENSOR else NONE)
    given = wanted if is_placeholder(wanted) and isinstance(wanted, Tensor) else None
    if given is None:
        given = Tensor(interp.recorder.leaf())
        given.node.placeholder = True
    inside = _result(interp, core, [given], Effect.UNKNOWN)
    INSIDE.begin(core, {_FIRST: inside})
    result = _result(interp, core, [given, inside], Effect.ARRIVES)
    made = functional(interp, path, [given, result], {}) or core
    FOREIGN.begin(made, False)
    return made


def called(interp: Context, core: Layer, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What such a layer gives where it is called as a layer."""
    given = [*args, *(value for name, value in kwargs.items() if name != "training")]
    edges = [Edge(node, Effect.ARRIVES) for value in given for node in nodes_of(value)]
    edges += [Edge(weight.node, Effect.ARRIVES) for weight in weights_below(core)]
    made = Tensor(interp.recorder.op(edges))
    made.node.loose = True
    return made


def core_of(model: Value) -> Layer | None:
    """The layer that stands for all layers of such a model; None for any other value."""
    parts = model.parts if isinstance(model, Layer) and GRAPH in model.fields else None
    core = parts[0] if parts is not None and len(parts) == 1 else None
    return core if isinstance(core, Layer) and BUILT_IN in core.fields else None


def holds_one(parts: tuple[Value, ...]) -> bool:
    """Whether layers of such a model are among a model's own: it lists them one by one."""
    return any(isinstance(each, Layer) and BUILT_IN in each.fields for each in parts)


def layer_of(interp: Context, model: Layer, core: Layer, wanted: Value) -> Value:
    """The layer of that name or at that place: what is known is that its output comes from the model's input.

    Whoever has it may freeze it. The first that is asked for is one that the model's output comes from, as it does
    from all of them; the others may stand before or behind it.
    """
    mark_escaped(interp, model)
    found = Layer(model.path, None, (core,))
    HIDDEN.begin(found, True)
    found.fields["output"] = _output_of(interp, model, core, wanted.value if isinstance(wanted, Const) else object())
    return found


def _output_of(interp: Context, model: Layer, core: Layer, name: object) -> Value:
    """What the layer of a name gave: the same each time."""
    inside = INSIDE.of(core) or {}
    if name in inside:
        return inside[name]
    graph = GRAPH.of(model)
    if _FIRST in inside:
        result = inside[_FIRST]
    elif graph is not None and isinstance(graph[0], Tensor):
        result = _result(interp, core, [graph[0]], Effect.UNKNOWN)
    else:
        return interp.unknown(MODEL, *weights_below(core))
    INSIDE.put(interp.state, core, {**{key: each for key, each in inside.items() if key != _FIRST}, name: result})
    return result


def _result(interp: Context, core: Layer, given: list[Tensor], towards_weights: Effect) -> Tensor:
    """A step from the input, noted as a call of the layer: so that models put together from it have its weights.

    It may be what another layer gave, or lie on the way to that: as a source it says nothing but what is seen to lead
    to it.
    """
    recorder = interp.recorder
    tapes, active = recorder.tapes, recorder.tapes.active
    interp.state.set(tapes, "active", Active())
    first = recorder.now()
    edges = [Edge(each.node, Effect.ARRIVES) for each in given]
    edges += [Edge(weight.node, towards_weights) for weight in weights_below(core)]
    result = Tensor(recorder.op(edges))
    result.node.loose = True
    result.node.maybe_alias = ()
    keras_state(interp).calls.append(LayerCall(first, recorder.now(), core, result))
    interp.state.set(tapes, "active", active)
    return result
