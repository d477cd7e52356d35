"""What crosses one of Keras' own layers: from which inputs and weights a gradient reaches its result."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Array, Const, Tensor, Value, Variable, is_none
from tfgradlint.flow.values.objects import Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.knowledge.layers import LayerFacts, Words
from tfgradlint.libraries.keras.layer_facts import lets_through
from tfgradlint.libraries.keras.replay import recorded_array
from tfgradlint.libraries.keras.state import NAMED
from tfgradlint.libraries.keras.training_flag import unless_training
from tfgradlint.libraries.keras.weights import weights_below
from tfgradlint.libraries.measured.details import operation

_FLOWS, _NONE = Words("flows", "flows"), Words("none", "none")
_ARRIVING = {"flows", "arrives"}
#: Arguments of a call that change neither what it returns nor which gradients there are.
PLAIN = frozenset({"training", "mask"})


def by_name(known: LayerFacts | None, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
    """The arguments by the parameters of the call, where these are known."""
    names = [param.name for param in known.call] if known is not None else []
    return {**{names[place] if place < len(names) else str(place): value for place, value in enumerate(args)}, **kwargs}


def usual(known: LayerFacts, given: dict[str, Value]) -> bool:
    """Whether the call is one as it was measured: what it is given besides its inputs may change all."""
    first = known.call[0].name if known.call else ""
    return all(
        name in known.inputs
        or name in PLAIN
        or name == first
        or (isinstance(value, Const) and (value.value is None or value.value is False))
        for name, value in given.items()
    )


def crossing(interp: Context, node: Node, words: Words | None, callee: Layer) -> Edge:
    """What crosses a layer from one of its inputs."""
    if words == _NONE:
        return Edge(node, Effect.NONE, Cause.NO_GRADIENT, operation("keras.layers." + callee.path.rpartition(".")[2]))
    return _carried(interp, node, words)


def words_of(known: LayerFacts, name: str, given: dict[str, Value]) -> Words | None:
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


def towards_weights(interp: Context, callee: Layer, known: LayerFacts | None) -> list[Edge]:
    """What crosses the layer from its weights. What a recurrent layer calls a weight, its cell calls without prefix."""
    named = NAMED.of(callee)
    if named is None:
        return [_unknown(weight.node) for weight in weights_below(callee)]
    words = {weight.name.removeprefix("cell."): weight.words for weight in known.weights} if known is not None else {}
    edges: list[Edge] = []
    for name, weight in named.items():
        if isinstance(weight, Tensor) or (isinstance(weight, Variable) and weight.fields["trainable"] is True):
            edges.append(_carried(interp, weight.node, words.get(name.removeprefix("cell."))))
        else:
            edges += [_unknown(node) for node in nodes_of(weight)]
    return edges


def plain_steps(interp: Context, callee: Layer) -> bool:
    """Whether what a layer does from step to step lets a gradient through."""
    own = (callee.fields.get(name, NONE) for name in ("activation", "recurrent_activation"))
    return all(lets_through(interp, callee.path, value) for value in own)


def as_tensor(interp: Context, value: Value) -> Value:
    """Keras turns the arrays it is given into tensors."""
    return Tensor(recorded_array(interp, value)) if isinstance(value, Array) else value
