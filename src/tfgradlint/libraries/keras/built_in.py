"""What a call of one of Keras' own layers does: from which inputs and weights a gradient reaches the result."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect, Formula, Interaction, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.fixpoint import Carried
from tfgradlint.flow.python.identity import MadeAgain
from tfgradlint.flow.values.base import NONE, Array, Const, Scalar, Tensor, Value, Variable, is_none
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.objects import Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.knowledge.layers import LayerFacts, Words
from tfgradlint.libraries.keras.building import mark_built
from tfgradlint.libraries.keras.layer_facts import facts, lets_through, recurrent
from tfgradlint.libraries.keras.origins import ACTIVATION, LAYER
from tfgradlint.libraries.keras.replay import recorded_array
from tfgradlint.libraries.keras.state import MEASURED, NAMED, STATE_COUNT, WRAPS
from tfgradlint.libraries.keras.training_flag import unless_training
from tfgradlint.libraries.keras.weights import weights_below
from tfgradlint.libraries.measured.curvature import joint_of_layer
from tfgradlint.libraries.measured.details import operation
from tfgradlint.libraries.measured.formulas import activated

_FLOWS, _NONE = Words("flows", "flows"), Words("none", "none")
_ARRIVING = {"flows", "arrives"}
#: Arguments of a call that change neither what it returns nor which gradients there are.
_PLAIN = frozenset({"training", "mask"})


def call_built_in(interp: Context, callee: Layer, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The result of a layer."""
    if WRAPS in callee.fields:
        return _wrapped(interp, callee, args, kwargs)
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
        return _passed(interp, given)
    by_name = _by_name(known, inputs, more)
    activation = callee.fields.get("activation", NONE)
    states = STATE_COUNT.of(callee, 0)
    packed = inputs[0].structure if inputs else NONE
    if isinstance(packed, Items) and len(packed.items) == 1 and known is not None and known.weights:
        return interp.unknown(LAYER, *given, *weights_below(callee))  # most refuse a list, by its shape
    if known is not None and recurrent(known) and not _plain_steps(interp, callee):
        return interp.unknown(LAYER, *given, *weights_below(callee))
    if states is None and known is not None and callee.path.endswith("Cell") and _usual(known, by_name):
        return _step(interp, callee, known, by_name)
    if not callee.single or states is None or (known is not None and not _usual(known, by_name)):
        return interp.opaque_result_of(LAYER, [*given, *weights_below(callee)])
    edges = [
        _edge(interp, node, _words(known, name, by_name) if known is not None else None, callee)
        for name, value in by_name.items()
        if name != "training"
        for node in nodes_of(value)
    ]
    inputs_of_steps = len(edges)
    edges += _towards_weights(interp, callee, known)
    results = [Tensor(interp.recorder.op(edges)) for _ in range(states + 1)]
    new = known is not None and (not known.weightless or (_all_flow(known) and activation is NONE))
    for result in results:
        result.node.loose = not new or callee.own is not None
        result.node.joint = _joint(callee, known, inputs_of_steps, len(edges), activation)
    if known is not None and not states and not recurrent(known) and isinstance(activation, Const):
        results[0].node.formula = _activation(interp, callee, activation, nodes_of(packed))
    return Items(tuple(results)) if states else _activated(interp, callee.path, activation, results[0])


def _activation(interp: Context, callee: Layer, activation: Const, inputs: list[Node]) -> Formula | None:
    """What a layer ends with, of which nothing is known but its activation; ``Activation`` is nothing else."""
    bare = callee.path.endswith(".Activation") and len(inputs) == 1
    return activated(interp, activation.value, inputs[0] if bare else interp.recorder.leaf())


def _joint(callee: Layer, known: LayerFacts | None, inputs: int, edges: int, activation: Value) -> Interaction | None:
    """How the inputs and weights of a layer act together. An activation of the program's own is a step of its own."""
    weights = [name for name, weight in (NAMED.of(callee) or {}).items() if weight is not NONE]
    if known is None or inputs + len(weights) != edges:
        return None
    return joint_of_layer(known.name, activation.value if isinstance(activation, Const) else None, inputs, weights)


def _wrapped(interp: Context, callee: Layer, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What the layers make of it that the layer holds: of two the results together, and then their states."""
    site, mode = interp.recorder.site, WRAPS.certain(callee)
    if callee.path.endswith(".RNN"):
        made = _stepped(interp, callee, args[0], mode) if len(args) == 1 and kwargs.keys() <= _PLAIN else None
        return (
            made
            if made is not None
            else interp.opaque_result_of(LAYER, [*args, *kwargs.values(), *weights_below(callee)])
        )
    found = []
    for part in callee.parts or ():
        found.append(interp.calls.call(part, args[:1], {}))
        interp.recorder.site = site
    if len(args) != 1 or not kwargs.keys() <= _PLAIN or not isinstance(mode, Const):
        return interp.opaque_result_of(LAYER, [*found, *args, *kwargs.values()])
    if len(found) == 1:
        return found[0]
    each = [value.items if isinstance(value, Items) else (value,) for value in found]
    outputs, states = [values[0] for values in each], [state for values in each for state in values[1:]]
    if not all(isinstance(value, Tensor) for value in outputs):
        return interp.opaque_result_of(LAYER, found)
    if mode.value is not None:
        outputs = [Tensor(interp.recorder.op([Edge(node) for output in outputs for node in nodes_of(output)]))]
    return Items((*outputs, *states)) if len(outputs) + len(states) > 1 else outputs[0]


def _stepped(interp: Context, callee: Layer, sequence: Value, returned: Value) -> Value | None:
    """What a cell of the module makes of a sequence. It runs once or many times."""
    (cell,) = callee.parts or (NONE,)
    flag, site = interp.expressions.truth(returned), interp.recorder.site
    count = _state_count(interp, cell)
    if count is None or flag is None:
        return None
    states: Value = ListObject(Items(tuple(Tensor(interp.recorder.leaf("float32")) for _ in range(count)), "list"))
    carried = Carried(interp, states)
    turns: list[Value] = []
    while True:
        with interp.of(MadeAgain).turn():
            made = interp.calls.call(cell, [sequence, carried.now], {})
        interp.recorder.site = site
        if not isinstance(made, Items) or len(made.items) != 2:
            return None
        output, states = made.items
        kept = interp.iteration.iterate(states) if isinstance(states, (ListObject, Items)) else Items((states,))
        if not isinstance(output, Tensor) or not isinstance(kept, Items) or len(kept.items) != count:
            return None
        turns.append(Items((output, *kept.items)) if flag else output)
        if carried.settled(states):
            return interp.join(turns)


def _step(interp: Context, callee: Layer, known: LayerFacts, given: dict[str, Value]) -> Value:
    """One step of a recurrent cell: its output and the states, in the form in which they are given."""
    recurrent_kernel = callee.fields.get("recurrent_kernel")
    edges = [
        _edge(interp, node, _words(known, name, given), callee)
        for name, value in given.items()
        if name != "training"
        for node in nodes_of(value)
    ]
    for edge in _towards_weights(interp, callee, known):
        # Behind states of zero, as the first ones are, the weights that they are multiplied with get nothing.
        own = isinstance(recurrent_kernel, Variable) and edge.node is recurrent_kernel.node
        edges.append(edge._replace(effect=Effect.ARRIVES) if own and edge.effect is Effect.FLOWS else edge)
    output = Tensor(interp.recorder.op(edges))
    states = given.get("states", NONE)
    if callee.path.endswith("LSTMCell"):
        return Items((output, ListObject(Items((output, Tensor(interp.recorder.op(edges))), "list"))))
    if not isinstance(states, (Tensor, Variable, ListObject, Items)):
        return interp.opaque_result_of(LAYER, [output])
    nested = isinstance(states, (ListObject, Items))
    return Items((output, ListObject(Items((output,), "list")) if nested else output))


def _state_count(interp: Context, cell: Value) -> int | None:
    """How many states a cell keeps: ``state_size`` is a number or a list of them."""
    size = interp.attributes.get(cell, "state_size")
    if isinstance(size, (ListObject, Items)):
        size = interp.iteration.iterate(size)
        return len(size.items) if isinstance(size, Items) else None
    return 1 if isinstance(size, (Const, Scalar)) else None


def _by_name(known: LayerFacts | None, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
    """The arguments by the parameters of the call, where these are known."""
    names = [param.name for param in known.call] if known is not None else []
    return {**{names[place] if place < len(names) else str(place): value for place, value in enumerate(args)}, **kwargs}


def _usual(known: LayerFacts, given: dict[str, Value]) -> bool:
    """Whether the call is one as it was measured: what it is given besides its inputs may change all."""
    first = known.call[0].name if known.call else ""
    return all(
        name in known.inputs
        or name in _PLAIN
        or name == first
        or (isinstance(value, Const) and (value.value is None or value.value is False))
        for name, value in given.items()
    )


def _edge(interp: Context, node: Node, words: Words | None, callee: Layer) -> Edge:
    """What crosses a layer from one of its inputs."""
    if words == _NONE:
        return Edge(node, Effect.NONE, Cause.NO_GRADIENT, operation("keras.layers." + callee.path.rpartition(".")[2]))
    return _carried(interp, node, words)


def _words(known: LayerFacts, name: str, given: dict[str, Value]) -> Words | None:
    """What a gradient towards an input gives in a call, as far as that says whether it trains."""
    words = known.inputs.get(name)
    if words is None or words.inference == words.training:
        return words
    flag = given.get("training", NONE)
    if isinstance(flag, Const) and isinstance(flag.value, bool):
        word = words.training if flag.value else words.inference
        return Words(word, word)
    # Some layers train where nobody says whether they should.
    trains = any(param.name == "training" and param.default == "True" for param in known.call)
    given_flag = not is_none(flag)
    return None if trains or given_flag else words


def _carried(interp: Context, node: Node, words: Words | None) -> Edge:
    """An edge across which a gradient goes as measured, if that is known."""
    if words == _FLOWS:
        return Edge(node)
    if words is None or not {words.inference, words.training} <= _ARRIVING:
        return _unknown(node)
    return unless_training(interp, node) if words.inference == "flows" else Edge(node, Effect.ARRIVES)


def _unknown(node: Node) -> Edge:
    return Edge(node, Effect.UNKNOWN)


def _towards_weights(interp: Context, callee: Layer, known: LayerFacts | None) -> list[Edge]:
    named = NAMED.of(callee)
    if named is None:
        return [_unknown(weight.node) for weight in weights_below(callee)]
    words = {weight.name: weight.words for weight in known.weights} if known is not None else {}
    edges: list[Edge] = []
    for name, weight in named.items():
        if isinstance(weight, Tensor) or (isinstance(weight, Variable) and weight.fields["trainable"] is True):
            edges.append(_carried(interp, weight.node, words.get(name)))
        else:
            edges += [_unknown(node) for node in nodes_of(weight)]
    return edges


def _all_flow(known: LayerFacts) -> bool:
    return bool(known.inputs) and all(words == _FLOWS for words in known.inputs.values())


def _passed(interp: Context, inputs: list[Value]) -> Value:
    """The input itself, or something computed from it."""
    given = inputs[0] if inputs else NONE
    if not isinstance(given, (Tensor, Variable)):
        return interp.opaque_result_of(LAYER, inputs)
    made = interp.recorder.op([Edge(node) for node in nodes_of(given)])
    node = interp.recorder.phi([given.node, made])
    node.maybe_alias = (given.node,)
    return Tensor(node)


def _plain_steps(interp: Context, callee: Layer) -> bool:
    """Whether what a layer does from step to step lets a gradient through."""
    own = (callee.fields.get(name, NONE) for name in ("activation", "recurrent_activation"))
    return all(lets_through(interp, callee.path, value) for value in own)


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


def as_tensor(interp: Context, value: Value) -> Value:
    """Keras turns the arrays it is given into tensors."""
    return Tensor(recorded_array(interp, value)) if isinstance(value, Array) else value
