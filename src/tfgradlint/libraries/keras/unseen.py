"""What a model may do that is not seen: layers of others add losses, models of others train in their own way."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tfgradlint.flow.graph.nodes import OPAQUE
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import NONE, Symbol, Unknown, Value
from tfgradlint.flow.values.containers import Repeated, Union
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Class, Instance, Layer
from tfgradlint.flow.values.walk import nodes_of, walk
from tfgradlint.libraries.keras.origins import ACTIVATION, BATCH, LAYER, MODEL
from tfgradlint.libraries.keras.parts import attributes_of, parts_of
from tfgradlint.libraries.keras.state import FOREIGN, RECIPE, keras_state
from tfgradlint.libraries.keras.weights import is_keras, of_keras_2

#: What only the layers of a model that are walked over anyway can have added.
_OF_KERAS = frozenset({LAYER, ACTIVATION, MODEL, BATCH})


def others_class(value: Value) -> bool:
    """Whether a model may be of a class that is not seen: it may train by a step of its own."""
    if isinstance(value, Layer):
        return bool(FOREIGN.of(value))
    return isinstance(value, Instance) and not is_keras(value.cls)


def may_add_losses(interp: Context, model: Layer | Instance) -> bool:
    """Whether a layer of the model may add a loss that is not seen, or not where nothing is run."""
    return any(_adds(interp, each) for each in walk(model, parts_of))


def planned_losses(interp: Context, model: Value) -> dict[int, list[Value]]:
    """What the layers of a model, and itself, gave ``add_loss`` outside of any step of training, by who did."""
    planned = keras_state(interp).planned_losses
    held = {id(each) for each in walk(model, parts_of)} if planned else set()
    found: dict[int, list[Value]] = {}
    for receiver, loss in planned:
        if id(receiver) in held:
            found.setdefault(id(receiver), []).append(loss)
    return found


def runs_unseen(prediction: Value) -> bool:
    """Whether something that is not known was called on the way to a prediction: it may be a layer, and add losses."""
    return any(node.kind == OPAQUE and node.origin not in _OF_KERAS for node in ancestors(nodes_of(prediction)))


def _adds(interp: Context, value: Value) -> bool:
    if isinstance(value, Layer):
        _, given = RECIPE.of(value) or ([], {})
        regularised = "**" in given or given.get("activity_regularizer", NONE) is not NONE
        own = value.path.endswith(".ActivityRegularization") or regularised or bool(FOREIGN.of(value))
        return own or value.parts is None or any(isinstance(part, _UNKNOWN) for part in value.parts)
    if not isinstance(value, Instance):
        return False
    if not all(isinstance(each, (Class, Symbol)) for each in value.cls.lineage()):
        return True
    if not of_keras_2(interp, value):
        return False  # its ``call`` runs
    unknown = any(isinstance(each, _UNKNOWN) for each in attributes_of(value))
    return is_keras(value.cls) and (unknown or any("add_loss" in text for text in _methods(value.cls)))


#: Of which a layer may be one.
_UNKNOWN = (Unknown, Repeated, Union)


def _methods(cls: Class) -> Iterator[str]:
    """The code of a class's methods, those of its bases included."""
    for base in cls.lineage():
        for each in base.fields.values() if isinstance(base, Class) else ():
            if isinstance(each, Function):
                yield cst.Module([]).code_for_node(each.node)
