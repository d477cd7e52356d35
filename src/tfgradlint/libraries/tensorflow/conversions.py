"""What is a tensor, and what the program says of its own objects that become tensors."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import FALSE, NONE, TRUE, Array, Const, Scalar, Tensor, Value, Variable
from tfgradlint.flow.values.containers import DictObject, Items, ListObject
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Class
from tfgradlint.libraries.measured.apply import CONVERSION
from tfgradlint.libraries.registry import Handler


def _is_tensor(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    value = args[0] if args else kwargs.get("x", NONE)
    if isinstance(value, Tensor) or (isinstance(value, Variable) and value.library == "tf"):
        return None if isinstance(value, Tensor) and value.node.placeholder else TRUE
    plain = isinstance(value, (Array, Const, Scalar, ListObject, DictObject, Items))
    return FALSE if plain else Scalar(interp.recorder.leaf(), "bool")


def _register_conversion(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """From here on, objects of a class are made tensors by a function; of two such ones the priority decides."""
    cls, function = [*args, *kwargs.values()][:2] if len(args) + len(kwargs) == 2 else (NONE, NONE)
    if not isinstance(cls, Class) or not isinstance(function, Function) or CONVERSION.of(cls, NONE) is not NONE:
        return None
    CONVERSION.put(interp.state, cls, function)
    return NONE


HANDLERS: dict[str, Handler] = {
    "tf.is_tensor": _is_tensor,
    "tf.register_tensor_conversion_function": _register_conversion,
}
