"""When Keras layers make their weights: a layer that no call reaches has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import Raised
from tfgradlint.flow.values.base import NONE, Array, Const, Tensor, Value, Variable
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import fold, leaves_of, walk
from tfgradlint.libraries.keras.first_call import traced_on_trial
from tfgradlint.libraries.keras.origins import BATCH
from tfgradlint.libraries.keras.parts import chained, parts_of
from tfgradlint.libraries.keras.reporting import report_compiled
from tfgradlint.libraries.keras.state import ASSEMBLED, BUILT, HIDDEN, WRAPS, LayerCall
from tfgradlint.libraries.keras.weights import made_late, of_keras_2
from tfgradlint.libraries.tensorflow.datasets import element_of
from tfgradlint.libraries.tensorflow.scopes import creates


def mark_built(interp: Context, value: Value) -> None:
    """A layer, or every layer of a chain, has made its weights. What an object of the module did is not known."""
    for each in walk(value, _built_together):
        if not isinstance(each, Layer):
            forget_built(interp, each)
        elif (built := BUILT.of(each, True)) is not True:
            if HIDDEN in each.fields:
                forget_built(interp, each)  # it has called what it holds, or not
            if any(isinstance(weight, Variable) for weight in (each.own, *(each.parts or ()))):
                interp.variables_made += built is False and each.own is None
                interp.variables_perhaps_made += built is None or each.own is not None
            BUILT.put(interp.state, each, True)
            late = (interp.unconverted and each.fields["trainable"] is not True) or traced_on_trial(interp)
            if late or creates(interp):  # a function of the program may have made them
                _made_late(interp, each)


def _built_together(value: Value) -> Sequence[Value]:
    """The layers that a layer calls one by one."""
    return value.parts or () if isinstance(value, Layer) and WRAPS in value.fields else chained(value)


def _made_late(interp: Context, layer: Layer) -> None:
    """A layer that is built by somebody else's ``call``, frozen or in a compiled function.

    Keras tries the call out first, where variables are noted down only. They are made afterwards. If they are frozen by
    then no tape watches them; a trace that was made before does not read them. Where trying it out fails, they are made
    as ever.
    """
    for weight in (layer.own, *(layer.parts or ())):
        if isinstance(weight, Variable):
            made_late(interp, weight)


def forget_built(interp: Context, value: Value) -> None:
    """Something ran out of sight: which layers below have made their weights is not known."""
    for each in walk(value, parts_of):
        if isinstance(each, Layer) and BUILT.of(each, True) is False:
            BUILT.put(interp.state, each, None)


def everything(key: Any, value: Any) -> bool:
    """What Keras tries out or traces runs the program's own code, and what that changes stays."""
    return True


# -- what Keras feeds a model with


def inputs_and_truths(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> tuple[Value, Value]:
    """Inputs and truths of one step, of what ``fit(x, y)`` and its like are given."""
    x = args[0] if args else kwargs.get("x", NONE)
    y = args[1] if len(args) > 1 else kwargs.get("y", NONE)
    element = element_of(x)
    if isinstance(element, Items) and len(element.items) > 1:
        x, y = element.items[:2]
    inputs = _batch(interp, x if element is None or isinstance(element, Items) else element)
    return inputs, _batch(interp, y)


def _batch(interp: Context, value: Value) -> Value:
    """Batches of what is given are tensors."""
    if leaves_of(value) is None:
        return interp.unknown(BATCH)  # too large, as where a nest holds one part many times over
    return fold(value, _known_nest, lambda leaf: _batch_of_leaf(interp, leaf), _batch_of_nest)


def _known_nest(value: Value, level: int) -> Sequence[Value] | None:
    return None if value.nested() is None else value.held()


def _batch_of_leaf(interp: Context, value: Value) -> Value:
    if isinstance(value, (Array, Tensor, Variable)):
        return Tensor(interp.recorder.op([], value.node.dtype))
    return value if isinstance(value, Const) else interp.unknown(BATCH)


def _batch_of_nest(nest: Value, batches: list[Value]) -> Value:
    # The names of a named tuple are lost.
    return Items(tuple(batches), nest.type) if isinstance(nest, Items) else nest.with_held(batches)


# -- trying a chain of layers out


def assemble(interp: Context, chain: Layer, run: Callable[[list[Value]], object], before: list[LayerCall]) -> None:
    """A chain that learns the shape of its input makes its weights: the layers of the module are tried out for that.

    ``run`` calls the chain; ``before`` are the calls noted so far. What raises there raises where the chain is made,
    but for ``NotImplementedError``, which Keras takes for a layer that cannot tell the shape of its output.
    """
    ASSEMBLED.put(interp.state, chain, True)
    if not holds_own(chain):
        mark_built(interp, chain)
        return
    given = Tensor(interp.recorder.leaf())
    given.node.placeholder = True
    calls, site = len(before), interp.recorder.site
    with interp.reports.collecting() as tried:
        completed = interp.calls.attempt(lambda: run([given]), everything)
    del before[calls:]
    if of_keras_2(interp, chain):
        mark_built(interp, chain)
    elif completed:
        interp.reports.add_steps(tried)
    elif tried and not any(step.reason.raised == "NotImplementedError" for step in tried):
        report_compiled(interp, tried, site)
        raise Raised
    else:
        forget_built(interp, chain)


def holds_own(chain: Layer) -> bool:
    """Whether objects of the module's classes are in a chain."""
    return any(isinstance(each, Instance) for part in chain.parts or () for each in walk(part, chained))
