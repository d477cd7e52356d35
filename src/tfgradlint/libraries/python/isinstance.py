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


#: What ``isinstance`` gave under TensorFlow 2.21 with Keras 3 and 2.15 with Keras 2, for the types that a value
#: of the kind may be of: True where it always is, None where it depends. It is of no other of those asked for.
_TYPES: dict[str, dict[str, bool | None]] = {
    "tensor": {"tf.Tensor": None},  # sparse and ragged ones, slices and symbolic ones of Keras 3 are none
    "variable of tf": {"tf.Variable": True},
    "variable of tf_keras": {"tf.Variable": True},
    "variable of keras": {},
    "array": {"numpy.ndarray": None, "builtins.float": None},  # float64 is a float, and no scalar is an array
    "dict": {"builtins.dict": True},
    "list": {"builtins.list": True},
    "tuple": {"builtins.tuple": True},
    "set": {},
    "function": {},
    "bool": {"builtins.bool": True, "builtins.int": True},
    "int": {"builtins.int": True},
    "float": {"builtins.float": True},
    "str": {"builtins.str": True},
    "bytes": {},
    "complex": {},
    "NoneType": {},
}
_KINDS: dict[type, str] = {Tensor: "tensor", Array: "array", DictObject: "dict", Function: "function"}
_TESTED = frozenset(
    "tf.Tensor tf.Variable numpy.ndarray builtins.dict builtins.list builtins.tuple builtins.float builtins.int "
    "builtins.str builtins.bool tf.GradientTape".split()
)


def _instance_of(value: Value, kind: Value) -> bool | None:
    if isinstance(value, Instance) and isinstance(kind, Class):
        lineage = list(value.cls.lineage())
        if kind in lineage:
            return True
        if value.open or any(_asks_back(each) for each in kind.lineage()):
            return None
        # Classes of a library do not derive from those of the module.
        return False if all(isinstance(each, Class) or _of_keras(each) is not None for each in lineage) else None
    if isinstance(value, (Layer, Instance)):
        return _layer_of(value, kind)
    if not isinstance(kind, Symbol) or kind.path not in _TESTED:
        return None
    types = _TYPES.get(_kind(value))
    return None if types is None else types.get(kind.path, False)


def _asks_back(base: Value) -> bool:
    """Whether what does not derive from a class may be of it all the same: by registering, or by its methods."""
    if isinstance(base, Class):
        return base.customised or bool(base.node.keywords)
    return not isinstance(base, Symbol) or base.path in ("abc.ABC", "typing.Protocol")


def _kind(value: Value) -> str:
    """The row of the table for a value; a name that it does not have where the value is of no kind in it."""
    if isinstance(value, Const):
        return type(value.value).__name__
    if isinstance(value, ListObject):
        return str(value.fields["content"].type)
    if isinstance(value, Items):
        return value.type if value.type == "tuple" else ""  # a view of a dictionary, an iterator
    if isinstance(value, Variable):
        return f"variable of {value.library}"
    return _KINDS.get(type(value), "")


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
