"""Layers that run other layers: step by step over a sequence, in both directions, or with changed weights."""

from __future__ import annotations

from tfgradlint.flow.graph.nodes import Edge, Effect
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.fixpoint import Carried
from tfgradlint.flow.python.identity import MadeAgain
from tfgradlint.flow.values.base import NONE, Const, Scalar, Tensor, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.knowledge.layers import LayerFacts
from tfgradlint.libraries.keras.building import mark_built
from tfgradlint.libraries.keras.crossing import PLAIN, as_tensor, crossing, plain_steps, towards_weights, words_of
from tfgradlint.libraries.keras.layer_facts import facts
from tfgradlint.libraries.keras.origins import LAYER
from tfgradlint.libraries.keras.state import HIDDEN, MEASURED, NAMED, WRAPS
from tfgradlint.libraries.keras.weights import of_keras_2, weights_below


def wrapped(interp: Context, callee: Layer, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What the layers make of it that the layer holds: of two the results together, and then their states."""
    site, mode = interp.recorder.site, WRAPS.certain(callee)
    if callee.path.endswith((".RNN", ".StackedRNNCells")):
        made = _over_a_sequence(interp, callee, args, kwargs)
        _mark_built(interp, callee)
        return (
            made
            if made is not None
            else interp.opaque_result_of(LAYER, [*args, *kwargs.values(), *weights_below(callee)])
        )
    _mark_built(interp, callee)
    found = []
    for part in callee.parts or ():
        if isinstance(part, (Layer, Instance)):
            found.append(interp.calls.call(part, args[:1], {}))
            interp.recorder.site = site
    if len(args) != 1 or not kwargs.keys() <= PLAIN or not isinstance(mode, Const):
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


def _mark_built(interp: Context, callee: Layer) -> None:
    if all(isinstance(part, (Layer, Variable)) for part in callee.parts or ()):
        mark_built(interp, callee)


def _over_a_sequence(interp: Context, callee: Layer, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """What a recurrent layer makes of a sequence, with a cell of the module or with cells of Keras' own."""
    cells, returned = _cells(callee), WRAPS.certain(callee)
    if callee.path.endswith(".StackedRNNCells") or len(args) != 1:
        return None
    if len(cells) == 1 and isinstance(cells[0], Instance):
        return _stepped(interp, cells[0], args[0], returned) if kwargs.keys() <= PLAIN else None
    flag = interp.expressions.truth(returned)
    begins = kwargs.get("initial_state", NONE)
    if flag is None or not kwargs.keys() <= {*PLAIN, "initial_state"} or (len(cells) > 1 and begins is not NONE):
        return None
    value, states = as_tensor(interp, args[0]), list[Value]()
    for cell in cells:
        made = _in_steps(interp, cell, value, begins) if isinstance(cell, Layer) else None
        if made is None:
            return None
        value, *rest = made
        states += rest if len(cells) == 1 else [_packed(interp, callee, rest)]
    return Items((value, *states)) if flag else value


def _cells(callee: Layer) -> list[Value]:
    """The cells of a recurrent layer, those that are stacked among them."""
    found: list[Value] = []
    for part in callee.parts or ():
        found += _cells(part) if isinstance(part, Layer) and part.path.endswith(".StackedRNNCells") else [part]
    return found


def _packed(interp: Context, callee: Layer, states: list[Value]) -> Value:
    """The states of one of several cells: Keras 2 does not pack a single one."""
    single = len(states) == 1 and of_keras_2(interp, callee)
    return states[0] if single else ListObject(Items(tuple(states), "list"))


def _in_steps(interp: Context, cell: Layer, sequence: Value, begins: Value) -> list[Value] | None:
    """The output and the states of one of Keras' own cells over a sequence: those of the layer that is named so."""
    known = facts(interp, cell.path.removesuffix("Cell")) if cell.path.endswith("Cell") else None
    usual = MEASURED.of(cell, True) and HIDDEN not in cell.fields and NAMED.of(cell) is not None
    if known is None or not usual or not plain_steps(interp, cell) or not known.call:
        return None
    given = {known.call[0].name: sequence, **({} if begins is NONE else {"initial_state": begins})}
    edges = [
        crossing(interp, node, words_of(known, name, given), cell)
        for name, value in given.items()
        for node in nodes_of(value)
    ]
    edges += towards_weights(interp, cell, known)
    count = 2 if cell.path.endswith("LSTMCell") else 1
    return [Tensor(interp.recorder.op(edges)) for _ in range(count + 1)]


def _stepped(interp: Context, cell: Value, sequence: Value, returned: Value) -> Value | None:
    """What a cell of the module makes of a sequence. It runs once or many times."""
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


def step(interp: Context, callee: Layer, known: LayerFacts, given: dict[str, Value]) -> Value:
    """One step of a recurrent cell: its output and the states, in the form in which they are given."""
    recurrent_kernel = callee.fields.get("recurrent_kernel")
    edges = [
        crossing(interp, node, words_of(known, name, given), callee)
        for name, value in given.items()
        if name != "training"
        for node in nodes_of(value)
    ]
    for edge in towards_weights(interp, callee, known):
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
