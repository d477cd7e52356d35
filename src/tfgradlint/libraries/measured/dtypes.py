"""What is known of dtypes: of values, of literals, of arguments that name one."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.values.base import Const, GraphValue, Scalar, Symbol, Value, Variable
from tfgradlint.flow.values.containers import Items, Repeated
from tfgradlint.flow.values.walk import fold

_PYTHON = {"float": "float32", "int": "int32", "bool": "bool", "str": "string", "complex": "complex128"}
NAMES = frozenset(
    "float16 float32 float64 bfloat16 half double int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "complex64 complex128 bool string".split()
)
_SAME = {"half": "float16", "double": "float64", "float": "float32", "int": "int32"}


#: Nests that tensors are made of are not deeper than this; of deeper ones no dtype is known.
_LEVELS = 5


def is_integer(dtype: str | None) -> bool:
    return dtype is not None and ("int" in dtype or dtype == "bool")


def dtype_of(value: Value) -> str | None:
    """The dtype of a tensor made of this value. A literal's answer starts with ``?``: a tensor beside it decides."""
    return fold(value, _parts, _own_dtype, _shared_dtype)


def _parts(value: Value, level: int) -> Sequence[Value] | None:
    content = value.structure
    return content.held() if level < _LEVELS and isinstance(content, (Items, Repeated)) else None


def _own_dtype(value: Value) -> str | None:
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
    return value.node.dtype if isinstance(value, GraphValue) else None


def _shared_dtype(holder: Value, found: list[str | None]) -> str | None:
    """What the elements of a sequence are made, if one tensor is made of them."""
    if isinstance(holder.structure, Repeated):
        return found[0]
    firm = [dtype for dtype in found if dtype is not None and not dtype.startswith("?")]
    if firm or None in found:
        return firm[0] if firm else None
    order = ["?bool", "?int32", "?float32", "?complex128", "?string"]
    return max((dtype for dtype in found if dtype in order), key=order.index, default=None)


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
