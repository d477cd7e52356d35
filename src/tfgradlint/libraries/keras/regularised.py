"""Which layers add a loss of their own for their weights or for what they return."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Unknown, Value, is_none
from tfgradlint.flow.values.containers import Repeated, Union
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import walk
from tfgradlint.libraries.keras.layer_facts import facts
from tfgradlint.libraries.keras.parts import parts_of
from tfgradlint.libraries.keras.state import FOREIGN, HIDDEN, REGULARISED, keras_state
from tfgradlint.libraries.keras.unseen import may_add_losses, others_class

#: Of which a layer may be one.
_UNSEEN = (Unknown, Repeated, Union)


def note_made(interp: Context, layer: Layer, args: list[Value], kwargs: dict[str, Value]) -> None:
    """A layer of Keras' own is made with these arguments."""
    known = facts(interp, layer.path) if args else None
    given = {**dict(zip((param.name for param in known.params), args, strict=False)), **kwargs} if known else kwargs
    asks = any(name == "**" or ("regularizer" in name and not is_none(value)) for name, value in given.items())
    if asks or layer.path.endswith("ActivityRegularization") or (known is None and len(args) > _FEW):
        note(interp, layer)


#: Behind so many arguments there may be a regularizer whose parameter is not known.
_FEW = 4


def note(interp: Context, layer: Layer | Instance) -> None:
    """From here on the layer adds such a loss."""
    REGULARISED.put(interp.state, layer, True)
    keras_state(interp).regularised = True


def regularised(interp: Context, model: Value) -> bool:
    """Whether a layer of the model adds such a loss, or may be one that does."""
    return keras_state(interp).regularised and any(_may_add(each) for each in walk(model, parts_of))


def adds_nothing(interp: Context, model: Layer | Instance) -> bool:
    """Whether the model and all its layers certainly have no losses of their own."""
    unseen = others_class(model) or may_add_losses(interp, model)
    unseen = unseen or any("add_loss" in each.mentioned for each in interp.prescans())
    return not unseen and not any(_may_add(each) for each in walk(model, parts_of))


def _may_add(value: Value) -> bool:
    if isinstance(value, Layer):
        unseen = HIDDEN in value.fields or value.parts is None or bool(FOREIGN.of(value))
        return unseen or REGULARISED in value.fields
    if isinstance(value, Instance):
        return value.open or REGULARISED in value.fields
    return isinstance(value, _UNSEEN)
