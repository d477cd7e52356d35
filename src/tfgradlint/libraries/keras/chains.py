"""Chains of layers, ``Sequential``: making them, building their layers, and trying them out on a placeholder."""

from __future__ import annotations

from tfgradlint.flow.graph.nodes import NOWHERE
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.tape import Active
from tfgradlint.flow.values.base import NONE, Const, Scalar, Tensor, Value
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.functions import Function, Method, NativeFunction
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import walk
from tfgradlint.libraries.keras.building import assemble
from tfgradlint.libraries.keras.parts import chained, is_sequential
from tfgradlint.libraries.keras.state import (
    BUILT,
    FROZEN_AT,
    GRAPH,
    HIDDEN,
    INNER,
    NAME,
    SHAPED,
    TRACED,
    keras_state,
)
from tfgradlint.libraries.keras.weights import new_weight


def sequential(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Layer:
    """``Sequential([...])``."""
    given = args[0] if args else kwargs.get("layers", NONE)
    chain = Layer(path, new_weight(interp), (), False)
    if isinstance(given, Const):
        chain = Layer(path, None, ())
    elif isinstance(given, (ListObject, Items)):
        content = interp.iteration.iterate(given)
        if isinstance(content, Items):
            chain = Layer(path, None, tuple(map(as_part, content.items)))
    if chain.own is not None:
        HIDDEN.begin(chain, True)
    if "trainable" in kwargs:
        chain.fields["trainable"] = interp.expressions.truth(kwargs["trainable"])
        FROZEN_AT.begin(chain, (interp.recorder.now(), interp.recorder.site))
    NAME.begin(chain, kwargs.get("name", NONE))
    build_chain(interp, chain)
    return chain


def as_part(value: Value) -> Value:
    """What a chain is made of: for the layer that another model begins with, the placeholder that it stands for."""
    if (
        isinstance(value, Layer)
        and value.path.endswith("InputLayer")
        and isinstance(value.fields.get("output"), Tensor)
    ):
        placeholder: Value = value.fields["output"]
        return placeholder
    return value


def build_chain(interp: Context, chain: Layer) -> None:
    """A chain that knows the shape of its input makes its layers' weights at once."""
    parts = chain.parts or (NONE,)
    if _knows_its_input(parts[0], len(parts) > 1):
        site = interp.recorder.site
        _build_objects(interp, parts)
        interp.recorder.site = site
        assemble(interp, chain, lambda given: interp.calls.call(chain, given, {}), keras_state(interp).calls)


def trace(interp: Context, chain: Layer) -> tuple[Value, Value] | None:
    """The placeholder that a chain begins with, and what its layers make of it one by one; None where it has none."""
    if TRACED in chain.fields or not is_sequential(chain) or HIDDEN in chain.fields:
        return TRACED.of(chain)
    TRACED.put(interp.state, chain, None)
    first, *others = chain.parts or (NONE,)
    layers = others if isinstance(first, Tensor) else [first, *others]
    if not _knows_its_input(first, bool(others)) or not all(
        isinstance(each, (Layer, Instance, NativeFunction)) for each in layers
    ):
        return None
    tapes, site = interp.recorder.tapes, interp.recorder.site
    active = tapes.active
    interp.state.set(tapes, "active", Active())
    start = first if isinstance(first, Tensor) else Tensor(interp.recorder.leaf())
    start.node.placeholder = True
    value: Value = start
    for part in layers:
        interp.recorder.site = NOWHERE  # the site of a step is where a model is called that holds the chain
        value = interp.calls.call(part, [value], {})
    interp.recorder.site = site
    interp.state.set(tapes, "active", active)
    TRACED.put(interp.state, chain, (start, value))
    return start, value


def _knows_its_input(first: Value, followed: bool) -> bool:
    """Whether a chain that begins with this is built; by a model that is built, once something follows it."""
    if isinstance(first, Instance):
        first = INNER.of(first) or NONE
    if not isinstance(first, Layer):
        return isinstance(first, Tensor)
    return bool(SHAPED.of(first)) or (followed and _is_built_model(first))


def _is_built_model(model: Value) -> bool:
    """Whether it is a model of inputs and outputs, or a chain that has been built."""
    return any(
        isinstance(each, Tensor)
        or (isinstance(each, Layer) and (GRAPH in each.fields or (each is not model and BUILT.of(each) is True)))
        for each in walk(model, chained)
        if not (isinstance(each, Layer) and is_sequential(each))
    )


def _build_objects(interp: Context, parts: tuple[Value, ...]) -> None:
    """The objects of the module in a chain make their weights."""
    for part in parts:
        for each in walk(part, chained):
            if isinstance(each, Instance):
                build(interp, each)


def build(interp: Context, instance: Instance, args: list[Value] | None = None) -> Value:
    """A layer of the module makes its weights; Keras calls its ``build`` once, others as often as they like."""
    function = interp.attributes.of_class(instance.cls, "build")
    if isinstance(function, Function) and (args is not None or "built" not in instance.fields):
        interp.state.set(instance, "built", Const(True))
        shape: list[Value] = args if args else [Scalar(interp.recorder.leaf())]
        interp.calls.call(Method(function, instance), shape, {})
    return NONE
