"""Models of inputs and outputs: which layers were called between them."""

from __future__ import annotations

import bisect
from typing import NamedTuple

from tfgradlint.flow.graph.nodes import LEAF, OPAQUE, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import NONE, GraphValue, Tensor, Unknown, Value
from tfgradlint.flow.values.containers import DictContent, Items
from tfgradlint.flow.values.objects import Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.keras.built_in import called_inside
from tfgradlint.libraries.keras.state import (
    FOREIGN,
    GRAPH,
    HIDDEN,
    NAME,
    PLAIN_STEPS,
    LayerCall,
    keras_state,
)
from tfgradlint.libraries.keras.unseen import runs_unseen
from tfgradlint.libraries.session import session_of


def functional(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Layer | None:
    """``Model(inputs, outputs)``: made of the layers that were called between them."""
    inputs = args[0] if args else kwargs.get("inputs")
    outputs = args[1] if len(args) > 1 else kwargs.get("outputs")
    if inputs is None or outputs is None:
        return None
    if session_of(interp).keras_of(path) < 3 and _alone(outputs, "list") is not None:
        outputs = _alone(outputs, "list") or outputs  # Keras 2 takes a list of one output for the output
    single = isinstance(outputs, (Tensor, Unknown))
    hidden = isinstance(outputs, Unknown) or _hides(interp, nodes_of(outputs))
    between = layers_between(outputs, keras_state(interp).calls)
    made = Layer(path, None, between.layers, single)
    PLAIN_STEPS.begin(made, between.steps)
    if hidden or not all(node.kind == LEAF for node in nodes_of(inputs)) or not nodes_of(inputs):
        HIDDEN.begin(made, True)
    else:
        GRAPH.begin(made, (inputs, outputs))
    FOREIGN.begin(made, isinstance(outputs, Unknown) or runs_unseen(outputs))
    NAME.begin(made, kwargs.get("name", NONE))
    return made


def lambda_layer(interp: Context, function: Value, given: list[Value]) -> Value:
    """What a ``Lambda`` makes of its input. No layer behind what its function reads besides is a part of a model."""
    result = called_inside(interp, function, given)
    inputs = set(nodes_of(Items(tuple(given))))
    seen, stack = set(inputs), nodes_of(result)
    while stack:
        node = stack.pop()
        if node in seen or node.kind == OPAQUE:
            continue
        seen.add(node)
        for edge in node.edges:
            stack.append(edge.node)
            if edge.node.kind == OPAQUE and not ancestors([edge.node]) & inputs:
                keras_state(interp).read_besides.add((node, edge.node))
    return result


def _hides(interp: Context, outputs: list[Node]) -> bool:
    """Whether something stands behind the outputs that is not known, and may have been made by any layer."""
    besides = keras_state(interp).read_besides
    seen, stack = set(outputs), list(outputs)
    while stack:
        node = stack.pop()
        if node.kind == OPAQUE:
            return True
        found = {edge.node for edge in node.edges if (node, edge.node) not in besides} - seen
        seen |= found
        stack += found
    return False


def is_placeholder(value: Value) -> bool:
    """Whether it certainly stands for what a model will be given."""
    return isinstance(value, Tensor) and value.node.kind != OPAQUE and value.node.placeholder


def as_returned(interp: Context, path: str, given: Value, outputs: Value) -> Value:
    """What a call of a model gives: Keras 3 packs a single output in a list only where it makes a placeholder of it."""
    if session_of(interp).keras_of(path) < 3:
        return outputs
    symbolic = not interp.recorder.level and any(node.placeholder for node in nodes_of(given))
    return outputs if symbolic else _alone(outputs, "list", "tuple") or outputs


def _alone(outputs: Value, *types: str) -> Value | None:
    """The only output in a sequence of one of these types; None for any other nest."""
    content = outputs.structure
    if isinstance(content, Items) and content.type in types and len(content.items) == 1:
        return content.items[0] if isinstance(content.items[0], GraphValue) else None
    return None


class Between(NamedTuple):
    """The layers that a model is made of, and whether there are steps besides: Keras 2 makes layers of those."""

    layers: tuple[Value, ...]
    steps: bool


def layers_between(outputs: Value, calls: list[LayerCall]) -> Between:
    """The layers on the paths from a model's outputs to its inputs, in Keras' order: deepest first."""
    steps = {node: _unit(node, calls) for node in ancestors(nodes_of(outputs))}
    ahead: dict[int, list[int]] = {}
    for node in sorted(steps, key=lambda node: node.seq):
        own = ahead.setdefault(steps[node], [])
        own += [
            steps[edge.node] for edge in node.edges if edge.node.variable is None and steps[edge.node] != steps[node]
        ]
    order: dict[int, int] = {}
    stack = [steps[node] for node in reversed(_ends(outputs)) if node in steps]
    while stack:
        unit = stack.pop()
        if unit not in order:
            order[unit] = len(order)
            stack.extend(reversed(ahead.get(unit, [])))
    depth = dict.fromkeys(order, 0)
    deepest: dict[int, int] = {}
    first_seen: dict[int, int] = {}
    for unit in sorted(order, reverse=True):
        name = id(calls[_index(unit, calls)].layer) if _index(unit, calls) >= 0 else -unit
        deepest[name] = depth[unit] = max(depth[unit], deepest.get(name, 0))
        first_seen[name] = min(order[unit], first_seen.get(name, order[unit]))
        for before in ahead.get(unit, []):
            depth[before] = max(depth[before], depth[unit] + 1)
    found: dict[int, Value] = {}
    others = any(node.kind != LEAF and _index(unit, calls) < 0 for node, unit in steps.items())
    for unit in order:
        index = _index(unit, calls)
        if index >= 0:
            found[id(calls[index].layer)] = calls[index].layer
    ordered = sorted(found, key=lambda name: (-deepest[name], first_seen[name]))
    return Between(tuple(found[name] for name in ordered), others)


def _unit(node: Node, calls: list[LayerCall]) -> int:
    """What counts as one step: all steps within a layer's call together. Units are ordered as they were executed."""
    index = bisect.bisect_left(calls, node.seq, key=lambda call: call.last)
    if index < len(calls) and calls[index].first < node.seq:
        return calls[index].last
    return node.seq


def _index(unit: int, calls: list[LayerCall]) -> int:
    """The call that a unit is, or -1 for a step of another kind."""
    index = bisect.bisect_left(calls, unit, key=lambda call: call.last)
    return index if index < len(calls) and calls[index].last == unit else -1


def _ends(outputs: Value) -> list[Node]:
    content = outputs.structure
    if isinstance(content, DictContent):
        return [node for key in sorted(content.entries, key=str) for node in nodes_of(content.entries[key])]
    return nodes_of(outputs)
