"""Making Keras' own layers, chains of layers and models made of inputs and outputs."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tfgradlint.flow.graph.nodes import LEAF, NOWHERE, OPAQUE, PHI, Edge, Effect, Node
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.tape.tape import Active
from tfgradlint.flow.values.base import NONE, Array, Const, Scalar, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.functions import Function, Method, NativeFunction, Partial
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.flow.verdict.request_analysis import flatten
from tfgradlint.libraries.keras.building import assemble
from tfgradlint.libraries.keras.creation import IN_TAPE, created
from tfgradlint.libraries.keras.layer_facts import Making, facts, making, present, seeds, states
from tfgradlint.libraries.keras.training_flag import once_more
from tfgradlint.libraries.keras.weights import BUILT, FROZEN_AT, HIDDEN, INNER, SEED, WRAPS, is_sequential, new_weight

if TYPE_CHECKING:
    from tfgradlint.flow.machine.context import Context

#: Keys of a layer's fields that are no attributes: its weights by name, its inputs and outputs, its name, how many
#: states it returns behind its output, and whether what was measured of its gradients holds of it.
NAMED, GRAPH, NAME, STATE_COUNT = ("keras", "weights"), ("keras", "graph"), ("keras", "name"), ("keras", "states")
MEASURED = ("keras", "measured")
#: The arguments that a layer was made with.
RECIPE = ("keras", "recipe")
#: The placeholder and the result of a chain of layers, once somebody asked for them.
TRACED = ("keras", "traced")
#: Whether the layer was given the shape of its input, and how.
SHAPED = ("keras", "shaped")
_SHAPES = frozenset({"input_shape", "input_dim", "batch_input_shape"})
_WRAPPED = _SHAPES | {"layer", "merge_mode", "name", "trainable"}
_STEPPED = _SHAPES | {"cell", "return_sequences", "return_state", "go_backwards", "unroll", "name", "trainable"}
_COMPOSED = (Layer, Instance)
_CALLABLE = (Function, Method, NativeFunction, Partial, Union, Unknown)

#: The layers called while no tape was open, by interpretation: how models of inputs and outputs come about.
Called = list[tuple[int, int, Value, Value]]
_CALLED: WeakKeyDictionary[Context, Called] = WeakKeyDictionary()


def called(interp: Context) -> Called:
    """(first step, last step, layer, result) of each outermost call, in order."""
    return _CALLED.setdefault(interp, [])


def layer(interp: Context, path: str, last: str, args: list[Value], kwargs: dict[str, Value]) -> Layer:
    """One of Keras' own layers."""
    made = wrapper(interp, path, last, args, kwargs) or _layer(interp, path, last, args, kwargs)
    made.fields[RECIPE] = (args, kwargs)
    if "trainable" in kwargs:
        made.fields["trainable"] = interp.expressions.truth(kwargs["trainable"])
        made.fields[FROZEN_AT] = (interp.recorder.now(), interp.recorder.site)
    made.fields[NAME] = kwargs.get("name", NONE)
    if last == "ActivityRegularization" or any("regularizer" in name or name == "**" for name in kwargs):
        interp.regularised = True
    weights = [each for each in (made.own, *(made.parts or ())) if isinstance(each, Variable)]
    drawn = made.fields.get(SEED, 0)
    if (weights or drawn) and created(interp, not weights):
        for weight in weights:
            weight.fields[IN_TAPE] = interp.recorder.site
    made.fields[BUILT] = False
    if drawn:
        # Whether the state stands before or behind the weights is not known.
        made.fields[SEED] = None if weights else new_weight(interp, (last, "seed"), False)
    made.fields[SHAPED] = bool(_SHAPES & kwargs.keys())
    return made


def wrapper(interp: Context, path: str, last: str, args: list[Value], kwargs: dict[str, Value]) -> Layer | None:
    """A layer that holds another one, or two that are made like the one it is given."""
    inner = args[0] if args else kwargs.get("cell" if last == "RNN" else "layer", NONE)
    mode = args[1] if len(args) > 1 else kwargs.get("merge_mode", Const("concat"))
    if len(args) > 2 or not kwargs.keys() <= (_STEPPED if last == "RNN" else _WRAPPED):
        return None
    if last == "TimeDistributed" and isinstance(inner, _COMPOSED):
        made = Layer(path, None, (inner,))
    elif last == "RNN" and isinstance(inner, Instance) and len(args) == 1:
        made = Layer(path, None, (inner,))
        mode = kwargs.get("return_state", Const(False))
    elif last == "Bidirectional" and isinstance(inner, Layer) and RECIPE in inner.fields:
        again = inner.path, inner.path.rpartition(".")[2], *inner.fields[RECIPE]
        made = Layer(path, None, (layer(interp, *again), layer(interp, *again)))
    else:
        return None
    made.fields[WRAPS] = mode
    return made


def _layer(interp: Context, path: str, last: str, args: list[Value], kwargs: dict[str, Value]) -> Layer:
    given = [*args, *kwargs.values()]
    parts = tuple(part for value in given for part in _flat(value) if isinstance(part, _COMPOSED))
    if "activation" in kwargs or (last == "Activation" and args):
        activation: Value = kwargs.get("activation", args[0] if args else NONE)
    else:
        activation = NONE
    known = facts(interp, path)
    here = making(known, args, kwargs) if known is not None else None
    foreign = [value for value in given if isinstance(value, _CALLABLE) and value is not activation]
    made: Layer | None = None
    if here is not None and here.weights and not here.facts.weightless:
        activation = here.bound.get("activation", NONE)
        made = _with_weights(interp, path, here, activation)
    if made is None:
        weightless = here is not None and here.weights and here.facts.weightless
        several = any(name in kwargs for name in ("return_state", "return_attention_scores", "**"))
        made = Layer(path, None if weightless else new_weight(interp), parts, not several)
        if last == "Activation":
            made.fields["activation"] = activation
        elif (foreign and not weightless) or isinstance(activation, _CALLABLE):
            made.fields[HIDDEN] = True
    made.fields[MEASURED] = here is not None and here.gradients
    if here is not None:
        number = seeds(interp, here) if here.weights else None
        if number or (number is None and here.facts.seeds.number):
            made.fields[SEED] = number if number == 1 else None
        made.fields[STATE_COUNT] = states(interp, here)
    return made


def _with_weights(interp: Context, path: str, here: Making, activation: Value) -> Layer | None:
    """A layer whose weights are known one by one."""
    known = here.facts
    if known.wraps:
        return None
    named: dict[str, Value] = {}
    first = here.bound.get(known.params[0].name) if known.params else None
    size = first.value if isinstance(first, Const) else None  # the number of units or filters
    for name, switch in (
        *((each.name, each.switch) for each in known.weights),
        *((name, None) for name in known.frozen),
    ):
        flag = present(interp, here, switch)
        if flag is None:
            return None
        make = (known.name, name, size)
        named[name] = new_weight(interp, make, name not in known.frozen) if flag else NONE
    weights = tuple(weight for weight in named.values() if isinstance(weight, Variable))
    made = Layer(path, None, (*weights, activation) if isinstance(activation, _COMPOSED) else weights)
    made.fields[NAMED] = named
    made.fields.update({name: weight for name, weight in named.items() if "." not in name and "/" not in name})
    made.fields["activation"] = activation
    made.fields["recurrent_activation"] = here.bound.get("recurrent_activation", NONE)
    return made


def _flat(value: Value) -> list[Value]:
    return [leaf for _, leaf in flatten(value, "")]


def opaque_model(interp: Context, path: str, single: bool) -> Layer:
    """A model that somebody else made."""
    return Layer(path, new_weight(interp), (), single)


def sequential(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Layer:
    """``Sequential([...])``."""
    given = args[0] if args else kwargs.get("layers", NONE)
    made = Layer(path, new_weight(interp), (), False)
    if isinstance(given, Const):
        made = Layer(path, None, ())
    elif isinstance(given, (ListObject, Items)):
        content = interp.calls.iterate(given)
        if isinstance(content, Items):
            made = Layer(path, None, content.items)
    if made.own is not None:
        made.fields[HIDDEN] = True
    if "trainable" in kwargs:
        made.fields["trainable"] = interp.expressions.truth(kwargs["trainable"])
        made.fields[FROZEN_AT] = (interp.recorder.now(), interp.recorder.site)
    made.fields[NAME] = kwargs.get("name", NONE)
    build_chain(interp, made)
    return made


def build_chain(interp: Context, chain: Layer) -> None:
    """A chain that knows the shape of its input makes its layers' weights at once."""
    parts = chain.parts or (NONE,)
    if _knows_its_input(parts[0], len(parts) > 1):
        site = interp.recorder.site
        _build_all(interp, parts)
        interp.recorder.site = site
        assemble(interp, chain, lambda given: interp.calls.call(chain, given, {}), called(interp))


def trace(interp: Context, chain: Layer) -> tuple[Value, Value] | None:
    """The placeholder that a chain begins with, and what its layers make of it one by one; None where it has none."""
    if TRACED in chain.fields or not is_sequential(chain) or HIDDEN in chain.fields:
        return chain.fields.get(TRACED)
    interp.state.set(chain, TRACED, None)
    first, *others = chain.parts or (NONE,)
    layers = others if isinstance(first, Tensor) else [first, *others]
    if not _knows_its_input(first, bool(others)) or not all(
        isinstance(each, (*_COMPOSED, NativeFunction)) for each in layers
    ):
        return None
    tapes, site = interp.recorder.tapes, interp.recorder.site
    active = tapes.active
    interp.state.set(tapes, "active", Active())
    start = first if isinstance(first, Tensor) else Tensor(interp.recorder.leaf())
    start.node.placeholder = True
    value: Value = start
    for part in layers:
        interp.recorder.site = NOWHERE  # a step of the chain stands where a model that holds it is called
        value = interp.calls.call(part, [value], {})
    interp.recorder.site = site
    interp.state.set(tapes, "active", active)
    interp.state.set(chain, TRACED, (start, value))
    return start, value


def _knows_its_input(first: Value, followed: bool) -> bool:
    """Whether a chain that begins with this is built; by a model that is built, once something follows it."""
    if isinstance(first, Instance):
        first = first.fields.get(INNER, NONE)
    if not isinstance(first, Layer):
        return isinstance(first, Tensor)
    return bool(first.fields.get(SHAPED)) or (followed and _made(first))


def _made(model: Value) -> bool:
    """Whether it is a model of inputs and outputs, or a chain that has been built."""
    if not isinstance(model, Layer) or not is_sequential(model):
        return isinstance(model, Tensor) or (isinstance(model, Layer) and GRAPH in model.fields)
    return any(
        _made(part) or (isinstance(part, Layer) and not is_sequential(part) and part.fields.get(BUILT) is True)
        for part in model.parts or ()
    )


def _build_all(interp: Context, parts: tuple[Value, ...]) -> None:
    for part in parts:
        if isinstance(part, Layer) and is_sequential(part):
            _build_all(interp, part.parts or ())
        elif isinstance(part, Instance):
            build(interp, part)


def build(interp: Context, instance: Instance, args: list[Value] | None = None) -> Value:
    """A layer of the module makes its weights; Keras calls its ``build`` once, others as often as they like."""
    function = interp.calls.class_attribute(instance.cls, "build")
    if isinstance(function, Function) and (args is not None or "built" not in instance.fields):
        interp.state.set(instance, "built", Const(True))
        shape: list[Value] = args if args else [Scalar(interp.recorder.leaf())]
        interp.calls.call(Method(function, instance), shape, {})
    return NONE


def functional(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Layer | None:
    """``Model(inputs, outputs)``: made of the layers that were called on the way."""
    inputs = args[0] if args else kwargs.get("inputs")
    outputs = args[1] if len(args) > 1 else kwargs.get("outputs")
    if inputs is None or outputs is None:
        return None
    seen = ancestors(nodes_of(outputs))
    single = isinstance(outputs, (Tensor, Unknown))
    hidden = any(node.kind == OPAQUE for node in seen) or isinstance(outputs, Unknown)
    made = Layer(path, None, layers_between(outputs, called(interp)), single)
    if hidden or not all(node.kind == LEAF for node in nodes_of(inputs)) or not nodes_of(inputs):
        made.fields[HIDDEN] = True
    else:
        made.fields[GRAPH] = (inputs, outputs)
    made.fields[NAME] = kwargs.get("name", NONE)
    return made


def layers_between(outputs: Value, calls: Called) -> tuple[Value, ...]:
    """The layers on the way from a model's outputs to its inputs, in Keras' order: deepest first."""
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
        name = id(calls[_index(unit, calls)][2]) if _index(unit, calls) >= 0 else -unit
        deepest[name] = depth[unit] = max(depth[unit], deepest.get(name, 0))
        first_seen[name] = min(order[unit], first_seen.get(name, order[unit]))
        for before in ahead.get(unit, []):
            depth[before] = max(depth[before], depth[unit] + 1)
    found: dict[int, Value] = {}
    for unit in order:
        index = _index(unit, calls)
        if index >= 0:
            found[id(calls[index][2])] = calls[index][2]
    return tuple(found[name] for name in sorted(found, key=lambda name: (-deepest[name], first_seen[name])))


def _unit(node: Node, calls: Called) -> int:
    """What counts as one step: all steps within a layer's call together. Units are ordered as they were executed."""
    index = bisect.bisect_left(calls, node.seq, key=lambda call: call[1])
    if index < len(calls) and calls[index][0] < node.seq:
        return calls[index][1]
    return node.seq


def _index(unit: int, calls: Called) -> int:
    """The call that a unit is, or -1 for a step of another kind."""
    index = bisect.bisect_left(calls, unit, key=lambda call: call[1])
    return index if index < len(calls) and calls[index][1] == unit else -1


def _ends(outputs: Value) -> list[Node]:
    content = _content(outputs)
    if isinstance(content, DictContent):
        return [node for key in sorted(content.entries, key=str) for node in nodes_of(content.entries[key])]
    return nodes_of(outputs)


# -- running a model of inputs and outputs


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
            copy = recorder.opaque(node.why, edges)
        elif node.kind == PHI:
            copy = recorder.phi([edge.node for edge in edges])
            copy.maybe_alias = node.maybe_alias
        elif not any(edge.node.variable is None and edge.node in mapping for edge in node.edges):
            # Computed of variables alone: perhaps once, when the model was made, perhaps at every call.
            both = [Edge(node, Effect.UNKNOWN), *(Edge(edge.node, Effect.UNKNOWN) for edge in edges)]
            copy = recorder.op(both, node.dtype, node.site)
        else:
            copy = recorder.op(edges, node.dtype, None if node.site is NOWHERE else node.site)
            copy.loose, copy.maybe_alias, copy.why = node.loose, node.maybe_alias, node.why
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
            content = interp.calls.iterate(given)
            if not isinstance(content, Items) or len(content.items) != 1:
                return None
            given = content.items[0]
        nodes = nodes_of(given)
        if isinstance(given, Array):
            return {inputs.node: recorded_array(interp, given)}
        if not isinstance(given, (Tensor, Variable, Unknown)) or len(nodes) != 1:
            return None
        return {inputs.node: nodes[0]}
    one, other = _content(inputs), _content(given)
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


def _content(value: Value) -> Value:
    content: Value = value.fields["content"] if isinstance(value, (ListObject, DictObject)) else value
    return content


def _mapped(outputs: Value, mapping: dict[Node, Node]) -> Value | None:
    if isinstance(outputs, Tensor):
        return Tensor(mapping.get(outputs.node, outputs.node))
    content = _content(outputs)
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
