"""``clone_model``: a chain of layers made anew, each layer by a function of the program or as it was made."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Scalar, Tensor, Value, is_none
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.objects import Instance, Layer, LibraryObject
from tfgradlint.libraries.keras.chains import sequential
from tfgradlint.libraries.keras.layers import again, opaque_model
from tfgradlint.libraries.keras.origins import MODEL
from tfgradlint.libraries.keras.parts import is_sequential
from tfgradlint.libraries.keras.state import COMPILED, HIDDEN, NAME, RECIPE, SHAPED
from tfgradlint.libraries.keras.weights import of_keras_2
from tfgradlint.libraries.session import keras_name

_PARAMETERS = ("model", "input_tensors", "clone_function")


def cloned(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``clone_model(model, clone_function=...)``."""
    given = {**dict(zip(_PARAMETERS, args, strict=False)), **kwargs}
    model, function = given.get("model", NONE), given.get("clone_function", NONE)
    plain = len(args) <= len(_PARAMETERS) and given.keys() <= set(_PARAMETERS)
    simple = plain and is_none(given.get("input_tensors", NONE))
    made = _chain(interp, model, function) if simple and isinstance(model, Layer) else None
    if made is not None:
        return made
    if not plain or not is_none(function):
        # What its function returns for a layer may be the layer itself.
        return interp.unknown(MODEL, *args, *kwargs.values())
    return opaque_model(interp, path, False, model)


def _chain(interp: Context, model: Layer, function: Value) -> Layer | None:
    """A chain with a copy of each layer; None where it is not known what that would be."""
    first = model.parts[0] if model.parts else NONE
    begins = isinstance(first, Tensor) or (isinstance(first, Layer) and bool(SHAPED.of(first)))
    compiled = COMPILED in model.fields and not of_keras_2(interp, model)
    if not is_sequential(model) or model.own is not None or HIDDEN in model.fields or not begins or compiled:
        return None
    if model.fields["trainable"] is None or model.fields["opened"] is not False:
        return None
    made: dict[int, Value] = {}
    for part in model.parts or ():
        if isinstance(part, Tensor):
            start = Tensor(interp.recorder.leaf())
            start.node.placeholder = True
            made[id(part)] = start
        elif id(part) not in made:
            copy = _copy(interp, part) if is_none(function) else _by(interp, function, part)
            if copy is None:
                return None
            made[id(part)] = copy
    parts = Items(tuple(made[id(part)] for part in model.parts or ()), "list")
    named: dict[str, Value] = {"name": NAME.of(model) or NONE}
    if not of_keras_2(interp, model) and model.fields["trainable"] is False:
        named["trainable"] = Const(False)
    return sequential(interp, model.path, [ListObject(parts)], named)


def _by(interp: Context, function: Value, part: Value) -> Value | None:
    """What the program's function makes of a layer."""
    made = interp.calls.call(function, [part], {})
    return made if isinstance(made, (Layer, Instance, NativeFunction)) else None


def _copy(interp: Context, part: Value) -> Layer | None:
    """A layer of Keras' own, made once more as it was made; None where its arguments cannot be written down."""
    return again(interp, part) if isinstance(part, Layer) and _written(part) else None


def _written(value: Value) -> bool:
    """Whether an argument of a layer comes out of its configuration as it was: it is no function of the program."""
    if isinstance(value, Layer):
        recipe = RECIPE.of(value)
        return recipe is not None and all(map(_written, (*recipe[0], *recipe[1].values())))
    if isinstance(value, LibraryObject):
        return keras_name(value.path) is not None
    if isinstance(value, (Items, ListObject)):
        content = value.structure
        return isinstance(content, Items) and all(map(_written, content.items))
    return isinstance(value, (Const, Scalar))
