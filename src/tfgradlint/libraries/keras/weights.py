"""What is kept of the weights of Keras layers and models: whether they are made, frozen, or out of sight."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.graph.nodes import LEAF, Node, Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const, Symbol, Value, Variable
from tfgradlint.flow.values.containers import Items, Repeated
from tfgradlint.flow.values.objects import Class, Instance, Layer
from tfgradlint.flow.values.walk import walk
from tfgradlint.libraries.keras.parts import parts_of
from tfgradlint.libraries.keras.state import ADDED, FROZEN_AT, MAKE, OPENED
from tfgradlint.libraries.session import keras_name, session_of

_BASES = frozenset(
    {"Model", "Layer", "layers.Layer", "layers.Wrapper", "Sequential", "models.Model", "models.Sequential"}
)


def is_keras(cls: Class) -> bool:
    """Whether the class derives from a Keras model or layer, and from nothing unknown."""
    bases = [base for base in cls.lineage() if not isinstance(base, Class)]
    return bool(bases) and all(isinstance(base, Symbol) and (keras_name(base.path) or "") in _BASES for base in bases)


def of_keras_2(interp: Context, value: Value) -> bool:
    """Whether a layer or model is one of Keras 2, which tracks and compiles in another way."""
    if isinstance(value, Instance):
        paths = [base.path for base in value.cls.lineage() if isinstance(base, Symbol)]
    else:
        paths = [value.path] if isinstance(value, Layer) else []
    return session_of(interp).legacy_keras or any(path.startswith("tf_keras.") for path in paths)


def library_of(interp: Context) -> str:
    """Whose variables the weights are: those of Keras 2 are TensorFlow's, with some manners of their own."""
    return "tf_keras" if session_of(interp).legacy_keras else "keras"


def new_weight(interp: Context, make: tuple[object, ...] | None = None, trained: bool = True) -> Variable:
    """A weight of a layer."""
    recorder = interp.recorder
    made = Variable(Node(LEAF, recorder.now(), recorder.site, (), "float32"), trained, library_of(interp))
    MAKE.begin(made, make)
    return made


def added_weights(value: Instance) -> Items | Repeated:
    """What ``add_weight`` gave the object; several weights where that depends on what was executed."""
    return ADDED.of(value) or _NOTHING


_NOTHING = Items(())


def weights_below(*values: Value) -> list[Variable]:
    """Every variable that a call of some objects may read, frozen ones too, as far as they are known."""
    found = {id(each): each for each in walk(Items(values), parts_of) if isinstance(each, Variable)}
    return list(found.values())


def set_trainable(interp: Context, value: Value, flag: Value) -> None:
    """``trainable = flag`` reaches every layer inside, as Keras does it."""
    when = (interp.recorder.now(), Site(interp.statement, None))
    wanted = interp.expressions.truth(flag)

    def unchanged(each: Value) -> bool:
        """Keras 3 leaves everything as it is where the value does not change."""
        return wanted is not None and wanted is flag_of(interp, each) and not of_keras_2(interp, each)

    def inside(each: Value) -> Sequence[Value]:
        parts = () if unchanged(each) else parts_of(each)
        if isinstance(each, Instance) and "trainable" in each.fields:
            return [part for part in parts if part is not each.fields["trainable"]]
        return parts

    for each in walk(value, inside):
        if isinstance(each, (Layer, Instance)) and not unchanged(each):
            interp.state.set(each, "trainable", wanted if isinstance(each, Layer) else flag)
            FROZEN_AT.put(interp.state, each, when)


def flag_of(interp: Context, value: Value) -> bool | None:
    """What ``trainable`` of a layer or model is."""
    if isinstance(value, Layer):
        flag: bool | None = value.fields["trainable"]
        return flag
    if isinstance(value, Instance) and is_keras(value.cls):
        return interp.expressions.truth(value.fields.get("trainable", Const(True)))
    return None


def made_late(interp: Context, weight: Variable) -> None:
    """A weight that may have been made too late for what reads it: whether that gets the variable is not known."""
    if weight.fields["trainable"] is True:
        interp.state.set(weight, "listed", weight.fields.get("listed", True))
        interp.state.set(weight, "trainable", None)


def mark_escaped(interp: Context, value: Value) -> None:
    """Somebody got hold of its parts and may freeze or replace them."""
    for each in walk(value, _unless_escaped):
        if _escaped(each):
            continue
        if isinstance(each, Layer):
            interp.state.set(each, "opened", True)
        elif isinstance(each, Instance):
            OPENED.put(interp.state, each, True)


def _unless_escaped(value: Value) -> Sequence[Value]:
    """Where somebody has got hold of an object before, its parts are marked as well."""
    return () if _escaped(value) else parts_of(value)


def _escaped(value: Value) -> bool:
    if isinstance(value, Layer):
        return value.fields["opened"] is True
    return isinstance(value, Instance) and OPENED in value.fields
