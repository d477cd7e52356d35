"""A model of inputs and outputs runs: its steps once more, on what it is given."""

from __future__ import annotations

from tfgradlint.flow.graph.nodes import LEAF, NOWHERE, OPAQUE, PHI, Edge, Effect, Node
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import Array, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject, Repeated
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.flow.verdict.request import flatten
from tfgradlint.libraries.keras.origins import MODEL
from tfgradlint.libraries.keras.training_flag import once_more


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
            if node.edges:
                return None  # assigned on the way
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
            copy.maybe_alias = node.maybe_alias
        elif not any(edge.node.variable is None and edge.node in mapping for edge in node.edges):
            # Computed of variables alone: perhaps once, when the model was made, perhaps at every call.
            both = [Edge(node, Effect.UNKNOWN), *(Edge(edge.node, Effect.UNKNOWN) for edge in edges)]
            copy = recorder.op(both, node.dtype, node.site)
        else:
            copy = recorder.op(edges, node.dtype, None if node.site is NOWHERE else node.site)
            copy.loose, copy.maybe_alias, copy.origin = node.loose, node.maybe_alias, node.origin
            copy.joint, copy.sparse = node.joint, node.sparse
        copy.called_at = recorder.site
        mapping[node] = copy
    return _mapped(outputs, mapping)


def _matched(interp: Context, inputs: Value, given: Value) -> dict[Node, Node] | None:
    """Each input's node with the node of what is given for it."""
    leaves = flatten(inputs, "")
    if len(leaves) == 1:
        inputs = leaves[0][1]
    if isinstance(inputs, Tensor):
        while isinstance(given, (ListObject, Items)):
            content = interp.iteration.iterate(given)
            if not isinstance(content, Items) or len(content.items) != 1:
                return None
            given = content.items[0]
        nodes = nodes_of(given)
        if isinstance(given, Array):
            return {inputs.node: recorded_array(interp, given)}
        if not isinstance(given, (Tensor, Variable, Unknown)) or len(nodes) != 1:
            return None
        return {inputs.node: nodes[0]}
    one, other = content_of(inputs), content_of(given)
    if isinstance(one, Items) and len(one.items) == 1 and not isinstance(other, (Items, DictContent)):
        return _matched(interp, one.items[0], given)
    pairs: list[tuple[Value, Value]] = []
    if isinstance(one, Items) and isinstance(other, Items) and len(one.items) == len(other.items):
        pairs = list(zip(one.items, other.items, strict=True))
    elif isinstance(one, DictContent) and isinstance(other, DictContent) and one.entries.keys() == other.entries.keys():
        pairs = [(one.entries[key], other.entries[key]) for key in one.entries]
    mapping: dict[Node, Node] = {}
    for each, value in pairs:
        part = _matched(interp, each, value)
        if part is None:
            return None
        mapping.update(part)
    return mapping or None


def recorded_array(interp: Context, given: Array) -> Node:
    """Keras turns the arrays it is given into tensors."""
    return interp.recorder.op([Edge(given.node, Effect.PLAIN)], "float32")


def content_of(value: Value) -> Value:
    content: Value = value.fields["content"] if isinstance(value, (ListObject, DictObject)) else value
    return content


def _mapped(outputs: Value, mapping: dict[Node, Node]) -> Value | None:
    if isinstance(outputs, Tensor):
        return Tensor(mapping.get(outputs.node, outputs.node))
    content = content_of(outputs)
    if isinstance(content, Items):
        items = [_mapped(item, mapping) for item in content.items]
        return None if None in items else Items(tuple(item for item in items if item is not None), "list")
    if isinstance(content, DictContent) and content.rest is None:
        entries: dict[object, Value] = {}
        for key, value in content.entries.items():
            made = _mapped(value, mapping)
            if made is None:
                return None
            entries[key] = made
        return DictObject(DictContent(entries))
    if isinstance(content, Repeated):
        return None
    return None
