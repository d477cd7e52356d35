"""Keras: layers and models connect what they are given, and their weights, with what they return.

Where nothing is known of a built-in layer, its call leads on in a way that is not known, and still depends on nothing
but its inputs and its weights.
"""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.graph.nodes import Edge, Effect, Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import Raised
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import NONE, Tensor, Value
from tfgradlint.flow.values.functions import Function, Method, NativeFunction
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import fold, known_tuple, nodes_of, rebuilt
from tfgradlint.libraries.keras import applications
from tfgradlint.libraries.keras.assigned import changed_below
from tfgradlint.libraries.keras.building import assemble, forget_built, holds_own, mark_built
from tfgradlint.libraries.keras.built_in import call_built_in
from tfgradlint.libraries.keras.chains import build
from tfgradlint.libraries.keras.compiling import converted
from tfgradlint.libraries.keras.crossing import as_tensor
from tfgradlint.libraries.keras.first_call import called
from tfgradlint.libraries.keras.functional import as_returned
from tfgradlint.libraries.keras.origins import MODEL
from tfgradlint.libraries.keras.parts import is_sequential
from tfgradlint.libraries.keras.replay import replay
from tfgradlint.libraries.keras.reporting import report_compiled
from tfgradlint.libraries.keras.state import (
    ASSEMBLED,
    BUILT_IN,
    GRAPH,
    HIDDEN,
    INNER,
    KerasState,
    LayerCall,
    keras_state,
)
from tfgradlint.libraries.keras.training_flag import asked, training_as
from tfgradlint.libraries.keras.weights import (
    is_keras,
    of_keras_2,
    weights_below,
)


def call_layer(interp: Context, callee: Layer | Instance, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The result of a layer or model, built in or written in the module."""
    if isinstance(callee, Instance):
        return noted(interp, callee, lambda: _call_instance(interp, callee, args, kwargs))
    return noted(interp, callee, lambda: _call_built_in(interp, callee, args, kwargs))


def noted(interp: Context, callee: Value, run: Callable[[], Value | None]) -> Value | None:
    """The result of a call, of which a note is taken."""
    recorder = interp.recorder
    first, before = recorder.now(), len(keras_state(interp).calls)
    result = _watched(keras_state(interp), callee, run)
    if isinstance(result, Tensor) and result.node.placeholder and result.node.seq <= first:
        # What a layer hands through comes out of it as a tensor of its own, where it is called on a placeholder.
        result = Tensor(recorder.op([Edge(result.node)], result.node.dtype))
    if result is not None and not recorder.tapes.active:
        # What it called itself is a part of it.
        calls = keras_state(interp).calls
        del calls[before:]
        calls.append(LayerCall(first, recorder.now(), callee, result))
    return result


def _watched(state: KerasState, callee: Value, run: Callable[[], Value | None]) -> Value | None:
    """A call, of which the ``Lambda`` is told whose function makes it; what is called inside is not its own."""
    told, state.called_in_lambda = state.called_in_lambda, None
    if told is not None:
        told.append(callee)
    try:
        return run()
    finally:
        state.called_in_lambda = told


def _call_built_in(interp: Context, callee: Layer, args: list[Value], kwargs: dict[str, Value]) -> Value:
    given = args[0] if args else kwargs.get("inputs", NONE)
    if BUILT_IN in callee.fields:
        return applications.called(interp, callee, args, kwargs)
    own = callee.fields.get("call")
    if isinstance(own, Value) and HIDDEN not in callee.fields:
        mark_built(interp, callee)
        return interp.calls.call(own, args, kwargs)
    if HIDDEN in callee.fields or (GRAPH in callee.fields and changed_below(interp, callee)):
        forget_built(interp, callee)
        return _unseen(interp, callee, *args, *kwargs.values())
    graph = GRAPH.of(callee)
    if graph is not None:
        with training_as(interp, asked(interp, kwargs)):
            made = _once_more(interp, graph, given)
        if made is None:
            return _unseen(interp, callee, *args)
        return as_returned(interp, callee.path, given, made)
    parts = callee.parts
    if parts is None:
        return _unseen(interp, callee, *args, *kwargs.values())
    with training_as(interp, asked(interp, kwargs)):
        return _run_parts(interp, callee, parts, args, kwargs)


def _unseen(interp: Context, model: Layer, *given: Value) -> Value:
    """What a model gives that holds something nobody sees."""
    made = interp.unknown(MODEL, *given, *weights_below(model))
    interp.unseen.models[made.node] = model
    return made


def _run_parts(
    interp: Context, callee: Layer, parts: tuple[Value, ...], args: list[Value], kwargs: dict[str, Value]
) -> Value:
    if is_sequential(callee) and callee.own is None:
        value = args[0] if args else kwargs.get("inputs", NONE)
        if ASSEMBLED not in callee.fields and holds_own(callee):
            assembled(interp, callee)
        for part in parts:
            if isinstance(part, (Layer, Instance, NativeFunction)):
                site = interp.recorder.site
                value = interp.calls.call(part, [value], {})
                interp.recorder.site = site
            elif not isinstance(part, Tensor):
                return _unseen(interp, callee, *args)
        return value
    return call_built_in(interp, callee, args, kwargs)


def assembled(interp: Context, chain: Layer) -> None:
    """A chain of layers makes its weights."""
    site = interp.recorder.site
    assemble(interp, chain, lambda given: interp.calls.call(chain, given, {}), keras_state(interp).calls)
    interp.recorder.site = site


def _once_more(interp: Context, graph: tuple[Value, Value], given: Value) -> Value | None:
    recorder = interp.recorder
    pinned = recorder.pinned
    if not recorder.tapes.active and pinned is None:
        recorder.pinned = recorder.site
    try:
        return replay(interp, *graph, given)
    finally:
        recorder.pinned = pinned


def _call_instance(interp: Context, instance: Instance, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A layer or model of the module: built at its first call, then its ``call`` runs."""
    function = interp.attributes.of_object(instance, "call")
    if not is_keras(instance.cls):
        return None
    if not isinstance(function, Function):
        inner = INNER.of(instance)
        return _call_built_in(interp, inner, args, kwargs) if isinstance(inner, Layer) else None
    recorder = interp.recorder
    site, pinned = recorder.site, recorder.pinned
    build(interp, instance)
    names = [param.name.value for param in (*function.node.params.params, *function.node.params.kwonly_params)]
    known = asked(interp, kwargs)
    if function.node.params.star_kwarg is None:
        kwargs = {name: value for name, value in kwargs.items() if name in names or name not in ("training", "mask")}
    if "training" in names and len(args) < names.index("training") and known is not NONE:
        kwargs = {**kwargs, "training": known}
    recorder.site = site
    inputs = [as_tensor(interp, value) for value in args]
    traced = any(node.placeholder for value in inputs for node in nodes_of(value))
    if not recorder.tapes.active and pinned is None and not traced:
        # Off the tape a model is one step to the reader: the call is what has to move.
        recorder.pinned = site
    legacy = of_keras_2(interp, instance)
    with training_as(interp, known), converted(interp, legacy):
        recorder.level += traced
        interp.unconverted += not legacy
        try:
            if traced:
                return called(
                    interp, instance, lambda: _traced(interp, Method(function, instance), inputs, kwargs, site)
                )
            return called(interp, instance, lambda: interp.calls.call(Method(function, instance), inputs, kwargs))
        finally:
            recorder.pinned = pinned
            recorder.level -= traced
            interp.unconverted -= not legacy


def _traced(interp: Context, method: Method, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    """What a layer makes of placeholders: Keras tries it out at ``site``, and where that raises, it raises there."""
    raised: Raised | None = None
    with interp.reports.collecting() as tried:
        try:
            result = interp.calls.call(method, args, kwargs)
        except Raised as exception:
            raised = exception
    if raised is not None:
        report_compiled(interp, tried, site)
        raise raised
    interp.reports.add_steps(tried)
    return _distinct(interp, result, args)


def _distinct(interp: Context, result: Value, given: list[Value]) -> Value:
    """What a layer makes of a placeholder is another one, even where its ``call`` returns what it is given.

    It stands behind all that the layer is given: what a model is made of goes by calls, not by what they compute.
    """
    own = dict.fromkeys(node for value in given for node in nodes_of(value))

    def leaf(value: Value) -> Value:
        if not isinstance(value, Tensor):
            return value
        left_out = own.keys() - ancestors([value.node])
        if not left_out and value.node not in own:
            return value
        behind = [Edge(node, Effect.PLAIN) for node in own if node in left_out]
        return Tensor(interp.recorder.op([Edge(value.node), *behind], value.node.dtype))

    return fold(result, known_tuple, leaf, rebuilt) if own else result
