"""A model of inputs and outputs runs: its steps once more, on what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tfgradlint.flow.graph.nodes import LEAF, NOWHERE, OPAQUE, PHI, Edge, Effect, Formula, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import Array, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject
from tfgradlint.flow.values.walk import fold, nodes_of
from tfgradlint.flow.verdict.request import flatten
from tfgradlint.libraries.keras.origins import MODEL
from tfgradlint.libraries.keras.state import keras_state
from tfgradlint.libraries.keras.training_flag import once_more
from tfgradlint.libraries.measured.formulas import mode


def replay(interp: Context, inputs: Value, outputs: Value, given: Value) -> Value | None:
    """The steps from the inputs to the outputs once more, on what is given now. None where they do not fit."""
    mapping = _matched(interp, inputs, given)
    if mapping is None:
        return None
    recorder = interp.recorder
    for node in sorted(ancestors(nodes_of(outputs)), key=lambda node: node.seq):
        if node in mapping:
            continue
        interp.step()
        dependent = any(edge.node in mapping for edge in node.edges)
        if node.variable is not None:
            if dependent or (node.edges and node.seq != node.variable.birth):
                return None  # made of what the model is given, or assigned on the way
            mapping[node] = node.variable.node
        if node.kind == LEAF or node.variable is not None:
            continue
        if not dependent:
            continue
        edges = [once_more(interp, mapping.get(edge.node, edge.node), edge) for edge in node.edges]
        if node.kind == OPAQUE:
            copy = recorder.opaque(node.origin or MODEL, edges)
        elif node.kind == PHI:
            copy = recorder.phi([edge.node for edge in edges])
            copy.edges = (*edges,)
            copy.maybe_alias = node.maybe_alias
        elif not any(edge.node.variable is None and edge.node in mapping for edge in node.edges):
            # Computed of variables alone: perhaps once, when the model was made, perhaps at every call.
            both = [Edge(node, Effect.UNKNOWN), *(Edge(edge.node, Effect.UNKNOWN) for edge in edges)]
            copy = recorder.op(both, node.dtype, node.site)
        else:
            copy = recorder.op(edges, node.dtype, None if node.site is NOWHERE else node.site)
            copy.loose, copy.maybe_alias, copy.origin = node.loose, node.maybe_alias, node.origin
            copy.joint, copy.sparse = node.joint, node.sparse
            copy.formula, copy.shape = _formula_of(interp, node, mapping), node.shape
        copy.called_at = recorder.site
        mapping[node] = copy
    return _mapped(outputs, mapping)


def _formula_of(interp: Context, node: Node, mapping: dict[Node, Node]) -> Formula | None:
    """The same of what is given now."""
    if node.formula is None:
        return None
    operands = tuple(mapping.get(each, each) if isinstance(each, Node) else each for each in node.formula.operands)
    return node.formula._replace(operands=operands, mode=mode(interp))


class _Pair(NamedTuple):
    """An input of a model, or a nest of them, and what is given for it."""

    input: Value
    given: Value


def _matched(interp: Context, inputs: Value, given: Value) -> dict[Node, Node] | None:
    """Each input's node with the node of what is given for it."""
    return fold(
        _Pair(inputs, _in_order(interp, inputs, given)), _parts, lambda pair: _node_given(interp, pair), _together
    )


def _in_order(interp: Context, inputs: Value, given: Value) -> Value:
    """What is given by the names of the inputs, in their order."""
    names = keras_state(interp).input_names
    content = given.structure
    entries = content.entries if isinstance(content, DictContent) and content.complete else None
    wanted = [] if isinstance(inputs.structure, DictContent) else nodes_of(inputs)
    if entries is None or not wanted or {names.get(node) for node in wanted} != entries.keys():
        return given
    return Items(tuple(entries[names[node]] for node in wanted), "list")


def _parts(pair: _Pair, level: int) -> list[_Pair] | None:
    """The inputs one by one, none where the two nests do not fit; None for one input."""
    if isinstance(_only(pair.input), Tensor):
        return None
    one, other = _only(pair.input).structure, pair.given.structure
    if isinstance(one, Items) and len(one.items) == 1 and not isinstance(other, (Items, DictContent)):
        return [_Pair(one.items[0], pair.given)]
    if isinstance(one, Items) and isinstance(other, Items) and len(one.items) == len(other.items):
        return [_Pair(*row) for row in zip(one.items, other.items, strict=True)]
    if isinstance(one, DictContent) and isinstance(other, DictContent) and one.entries.keys() == other.entries.keys():
        return [_Pair(part, other.entries[key]) for key, part in one.entries.items()]
    return []


def _only(inputs: Value) -> Value:
    """The input of a model that has one, however that is packed."""
    leaves = flatten(inputs, "")
    return leaves[0][1] if len(leaves) == 1 else inputs


def _node_given(interp: Context, pair: _Pair) -> dict[Node, Node] | None:
    """The node of one input with that of what is given for it."""
    wanted, given = _only(pair.input), pair.given
    if not isinstance(wanted, Tensor):
        return None  # nested deeper than anybody writes down
    while isinstance(given, (ListObject, Items)):
        content = interp.iteration.iterate(given)
        if not isinstance(content, Items) or len(content.items) != 1:
            return None
        given = content.items[0]
    if isinstance(given, Array):
        return {wanted.node: recorded_array(interp, given)}
    return {wanted.node: given.node} if isinstance(given, (Tensor, Variable, Unknown)) else None


def _together(pair: _Pair, found: list[dict[Node, Node] | None]) -> dict[Node, Node] | None:
    mapping: dict[Node, Node] = {}
    for part in found:
        if part is None:
            return None
        mapping.update(part)
    return mapping or None


def recorded_array(interp: Context, given: Array) -> Node:
    """Keras turns the arrays it is given into tensors."""
    return interp.recorder.op([Edge(given.node, Effect.PLAIN)], "float32")


def _mapped(outputs: Value, mapping: dict[Node, Node]) -> Value | None:
    """The outputs with the new steps in place of the old ones; None where not all of them are known."""

    def leaf(value: Value) -> Value | None:
        return Tensor(mapping.get(value.node, value.node)) if isinstance(value, Tensor) else None

    return fold(outputs, _known_nest, leaf, _nest_of)


def _known_nest(value: Value, level: int) -> Sequence[Value] | None:
    return None if value.nested() is None else value.structure.held()


def _nest_of(nest: Value, parts: list[Value | None]) -> Value | None:
    """Sequences and dictionaries as Keras returns them."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    content = nest.structure
    return Items(tuple(known), "list") if isinstance(content, Items) else DictObject(content.with_held(known))
