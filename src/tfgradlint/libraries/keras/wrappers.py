"""Making layers that hold other layers: what they hold, and which weights they have beside those."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Value, Variable, is_none
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.libraries.keras.state import HIDDEN, NAMED, RECIPE, WRAPS
from tfgradlint.libraries.keras.weights import new_weight, of_keras_2

#: How a layer is made once more, with weights of its own.
Again = Callable[[Context, Layer], "Layer | None"]

SHAPES = frozenset({"input_shape", "input_dim", "batch_input_shape"})
_PLAIN = SHAPES | {"name", "trainable"}
#: The parameters of which it is known what they mean.
_KNOWN = {
    "TimeDistributed": _PLAIN | {"layer"},
    "Bidirectional": _PLAIN | {"layer", "merge_mode", "weights", "backward_layer"},
    "SpectralNormalization": _PLAIN | {"layer", "power_iterations"},
    "RNN": _PLAIN | {"cell", "return_sequences", "return_state", "go_backwards", "unroll"},
    "StackedRNNCells": _PLAIN | {"cells"},
}
#: How many of them may be given by their place.
_PLACES = {"Bidirectional": 2, "SpectralNormalization": 2}
_COMPOSED = (Layer, Instance)


def wrapper(
    interp: Context, path: str, last: str, args: list[Value], kwargs: dict[str, Value], again: Again
) -> Layer | None:
    """A layer that holds another one, or several; None where it is none, or not known what it does with them."""
    if last not in _KNOWN or len(args) > _PLACES.get(last, 1) or not kwargs.keys() <= _KNOWN[last]:
        return None
    inner = args[0] if args else next((kwargs[name] for name in ("layer", "cell", "cells") if name in kwargs), NONE)
    mode: Value = NONE
    parts: tuple[Value, ...] | None = None
    if last == "TimeDistributed" and isinstance(inner, _COMPOSED):
        parts, mode = (inner,), Const("concat")
    elif last == "Bidirectional" and isinstance(inner, Layer) and is_none(kwargs.get("weights", NONE)):
        parts = _both(interp, inner, kwargs.get("backward_layer", NONE), again)
        mode = args[1] if len(args) > 1 else kwargs.get("merge_mode", Const("concat"))
    elif last == "SpectralNormalization" and isinstance(inner, Layer):
        parts = _normalised(interp, path, inner)
    elif last in ("RNN", "StackedRNNCells"):
        parts, mode = _cells(inner), kwargs.get("return_state", Const(False))
    if parts is None:
        return None
    made = Layer(path, None, parts)
    WRAPS.begin(made, mode)
    return made


def _both(interp: Context, inner: Layer, backward: Value, again: Again) -> tuple[Value, ...] | None:
    """The layers of both directions: copies of one, or of one and the very layer that is given for the other."""
    other: Layer | None
    if is_none(backward):
        other = again(interp, inner)
    elif isinstance(backward, Layer) and _runs_backwards(backward) is not _runs_backwards(inner):
        other = backward
    else:
        return None
    copy = again(interp, inner)
    return None if copy is None or other is None else (copy, other)


def _runs_backwards(layer: Layer) -> bool:
    """Whether a layer of a sequence certainly begins at its end."""
    _, kwargs = RECIPE.of(layer) or ([], {})
    return kwargs.get("go_backwards", NONE).truth() is True


def _normalised(interp: Context, path: str, inner: Layer) -> tuple[Value, ...] | None:
    """The layer whose kernel is divided by its norm while it trains, and a vector that is kept for that."""
    named = NAMED.of(inner) or {}
    kernel = named.get("kernel")
    if not isinstance(kernel, Variable) or HIDDEN in inner.fields or "recurrent_kernel" in named:
        return None
    vector = new_weight(interp, ("SpectralNormalization", "vector_u"), False)
    # For Keras 2 the kernel is its own as well, whether or not the layer is frozen that it came from.
    return (kernel, vector, inner) if of_keras_2(interp, Layer(path, None)) else (inner, vector)


def _cells(inner: Value) -> tuple[Value, ...] | None:
    """The cells of a recurrent layer: one of any kind, or several of Keras' own."""
    if isinstance(inner, Instance):
        return (inner,)
    if isinstance(inner, Layer):
        return (inner,) if inner.path.endswith("Cell") or WRAPS in inner.fields else None
    content = inner.structure if isinstance(inner, (ListObject, Items)) else NONE
    cells = content.items if isinstance(content, Items) else ()
    return cells if cells and all(isinstance(each, Layer) and each.path.endswith("Cell") for each in cells) else None
