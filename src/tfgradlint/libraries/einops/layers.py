"""Layers of einops: layers of the Keras that ``tf.keras`` is."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Value, Variable
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.objects import Layer
from tfgradlint.libraries.einops import core, data, patterns
from tfgradlint.libraries.keras.layers import layer as keras_layer
from tfgradlint.libraries.keras.state import MAKE, NAMED

#: The modules that have them, and their names.
FAMILIES = ("einops.layers.keras", "einops.layers.tensorflow")
NAMES = ("Rearrange", "Reduce", "EinMix")


def made(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A new layer. All that it takes beside its parameters are the sizes of axes."""
    name = path.rpartition(".")[2]
    known = data.layer(name)
    if known is None:
        return None
    own = [param.name for param in known.params]
    bound = {**dict(zip(own, args, strict=False)), **{key: value for key, value in kwargs.items() if key in own}}
    if len(args) > len(own) or ("**" in kwargs and name == "EinMix"):
        return None
    if "reduction" in bound and not isinstance(bound["reduction"], Const):
        return _reducing(interp, bound)
    pattern = bound.get("pattern")
    text = pattern.value if isinstance(pattern, Const) and isinstance(pattern.value, str) else ""
    certain = patterns.drops if name == "Reduce" else patterns.moves
    way = "" if name == "EinMix" or certain(text) else data.SAME
    layer = keras_layer(interp, path + way, name + way, [], bound)
    _unnamed(layer)
    return layer


def _reducing(interp: Context, bound: dict[str, Value]) -> Value:
    """A layer that calls back is to its model what a ``Lambda`` is."""

    def call(args: list[Value], kwargs: dict[str, Value]) -> Value:
        given = [*args, *(value for key, value in kwargs.items() if key == "inputs")]
        result = core.call(interp, "reduce", given[:1], bound)
        return (
            result if result is not None else interp.unknown(origins.call_of("einops.reduce"), *given, *bound.values())
        )

    return NativeFunction("Lambda", call)


def _unnamed(layer: Layer) -> None:
    """Weights are numbered as they are made: what their names are is not known."""
    for weight in (NAMED.of(layer) or {}).values():
        if isinstance(weight, Variable):
            MAKE.begin(weight, None)
