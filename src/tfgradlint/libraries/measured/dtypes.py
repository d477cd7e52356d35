"""What is known of dtypes: of values, of literals, of arguments that name one."""

from __future__ import annotations

from tfgradlint.flow.values.base import Const, GraphValue, Scalar, Symbol, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject, Repeated

_PYTHON = {"float": "float32", "int": "int32", "bool": "bool", "str": "string", "complex": "complex128"}
NAMES = frozenset(
    "float16 float32 float64 bfloat16 half double int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "complex64 complex128 bool string".split()
)
_SAME = {"half": "float16", "double": "float64", "float": "float32", "int": "int32"}


#: Nests that tensors are made of are not deeper than this.
_LEVELS = 5


def is_integer(dtype: str | None) -> bool:
    return dtype is not None and ("int" in dtype or dtype == "bool")


def dtype_of(value: Value, level: int = 0) -> str | None:
    """The dtype of a tensor made of this value. A literal's answer starts with ``?``: a tensor beside it decides."""
    if level > _LEVELS:
        return None
    if isinstance(value, Variable):
        return value.dtype
    if isinstance(value, Const):
        if value.value is None:
            return None
        name = _PYTHON.get(type(value.value).__name__)
        return f"?{name}" if name else None
    if isinstance(value, Scalar):
        name = _PYTHON.get(value.type)
        return f"?{name}" if name else None
    if isinstance(value, GraphValue):
        return value.node.dtype
    if isinstance(value, ListObject):
        value = value.fields["content"]
    if isinstance(value, Repeated):
        return dtype_of(value.element, level + 1)
    if isinstance(value, Items):
        found = [dtype_of(item, level + 1) for item in value.items]
        if not found or None in found:
            return next((dtype for dtype in found if dtype is not None and not dtype.startswith("?")), None)
        firm = [dtype for dtype in found if dtype is not None and not dtype.startswith("?")]
        if firm:
            return firm[0]
        order = ["?bool", "?int32", "?float32", "?complex128", "?string"]
        return max((dtype for dtype in found if dtype in order), key=order.index, default=None)
    return None


def firm_dtype(value: Value) -> str | None:
    """The dtype of a tensor made of this value alone."""
    dtype = dtype_of(value)
    return dtype.removeprefix("?") if dtype is not None else None


def named_dtype(value: Value | None) -> str | None:
    """The dtype an argument such as ``tf.float32``, ``np.float64``, ``"int32"`` or ``x.dtype`` names."""
    if isinstance(value, Symbol):
        name = value.path.rpartition(".")[2]
    elif isinstance(value, Const) and isinstance(value.value, str):
        name = value.value
    else:
        return None
    name = _SAME.get(name.rstrip("_"), name.rstrip("_"))
    return name if name in NAMES else None


def dtype_of_literal(value: object) -> object:
    """A literal as the measured data spells it."""
    return value
