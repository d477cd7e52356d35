"""``isinstance``, where the kind of a value is known."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import FALSE, TRUE, Array, Const, Scalar, Symbol, Tensor, Value, Variable
from tfgradlint.flow.values.containers import DictObject, Items, ListObject
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Class, Instance, Layer
from tfgradlint.libraries.session import keras_name


def isinstance_(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) != 2:
        return None
    kinds = args[1].items if isinstance(args[1], Items) else (args[1],)
    answers = [_instance_of(args[0], kind) for kind in kinds]
    if True in answers:
        return TRUE
    return FALSE if all(answer is False for answer in answers) else Scalar(interp.recorder.leaf(), "bool")


_TYPES: dict[type, tuple[str, ...]] = {
    Tensor: ("tf.Tensor",),
    Variable: ("tf.Variable",),
    Array: ("numpy.ndarray",),
    DictObject: ("builtins.dict",),
    Function: (),
}
_TESTED = frozenset(
    "tf.Tensor tf.Variable numpy.ndarray builtins.dict builtins.list builtins.tuple builtins.float builtins.int "
    "builtins.str builtins.bool tf.GradientTape".split()
)


def _instance_of(value: Value, kind: Value) -> bool | None:
    if isinstance(value, Instance) and isinstance(kind, Class):
        lineage = list(value.cls.lineage())
        if kind in lineage:
            return True
        # Classes of a library do not derive from those of the module.
        return False if all(isinstance(each, Class) or _of_keras(each) is not None for each in lineage) else None
    if isinstance(value, (Layer, Instance)):
        return _layer_of(value, kind)
    if not isinstance(kind, Symbol) or kind.path not in _TESTED:
        return None
    if isinstance(value, Const):
        own: tuple[str, ...] = (f"builtins.{type(value.value).__name__}",)
        if isinstance(value.value, bool):
            own = ("builtins.bool", "builtins.int")
    elif isinstance(value, ListObject):
        own = (f"builtins.{value.fields['content'].type}",)
    elif isinstance(value, Items):
        own = (f"builtins.{value.type}",)
    elif type(value) in _TYPES:
        own = _TYPES[type(value)]
    else:
        return None
    return kind.path in own


#: Layers from which Keras derives no other.
_CHILDLESS = frozenset({"layers.Dense", "layers.BatchNormalization", "layers.LayerNormalization"})


def _layer_of(value: Layer | Instance, kind: Value) -> bool | None:
    """Whether a layer or model is one of a class of Keras, or of the module."""
    if isinstance(value, Layer):
        own = [_of_keras(Symbol(value.path))]
    else:
        own = [_of_keras(each) for each in value.cls.lineage() if not isinstance(each, Class)]
    if None in own or not own:
        return None
    if isinstance(kind, Class):
        return False if isinstance(value, Layer) and (own[0] or "").startswith("layers.") else None
    asked = _of_keras(kind)
    if asked in own or asked in ("Layer", "layers.Layer"):
        return True
    return False if asked in _CHILDLESS else None


def _of_keras(kind: object) -> str | None:
    return keras_name(kind.path) if isinstance(kind, Symbol) else None
