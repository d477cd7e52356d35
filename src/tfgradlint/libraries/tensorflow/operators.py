"""Operators on tensors and variables, and on what may be either."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Edge, Effect, Node
from tfgradlint.flow.graph.origins import Kind, Origin
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Array, Composite, Const, Symbol, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.objects import Class
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.measured.apply import apply
from tfgradlint.libraries.numpy.core import function_of
from tfgradlint.libraries.python.core import own_number
from tfgradlint.libraries.session import session_of

_TENSOR = "tf.Tensor."
_VARIABLE = "tf.Variable."
_MIRRORED = {"__lt__": "__gt__", "__le__": "__ge__", "__gt__": "__lt__", "__ge__": "__le__"}
#: Operators that lists, sets or dictionaries have too.
_ON_CONTAINERS = frozenset({"__add__", "__mul__", "__or__", "__and__", "__sub__", "__getitem__"})
_SYMMETRIC = {"__eq__": "__eq__", "__ne__": "__ne__"}
_ARRAY_AND_KERAS = Origin(Kind.MADE, "array and keras variable")
_TIMES_ZERO = Origin(Kind.MADE, "product with zero")


def operator(interp: Context, name: str, operands: list[Value]) -> Value | None:
    """The result of an operator, by the name of its method; None where nothing was measured."""
    if name == "__setitem__":
        return None
    if all(isinstance(each, (Symbol, Const, Class)) for each in operands):
        return _of_dtypes(name, operands)
    lead = next((place for place, each in enumerate(operands) if isinstance(each, (Tensor, Variable))), None)
    if lead is None:
        return _unknown_operator(interp, name, operands)
    session = session_of(interp)
    if lead == 1 and _reads_itself(interp, operands[1]) and not own_number(operands[0]):
        exact = isinstance(operands[0], Array) and operands[0].exact
        if session.legacy_keras or session.imports_tf_keras or not exact:
            return interp.opaque_result_of(_ARRAY_AND_KERAS, operands)
        # NumPy is asked first, and a Keras variable lets itself be read.
        return interp.libraries.call(interp, Symbol(function_of(name)), operands, {})
    if lead == 1:
        name = _MIRRORED.get(name) or _SYMMETRIC.get(name) or "__r" + name[2:]
        operands = [operands[1], operands[0]]
    if name in ("__mul__", "__rmul__") and any(isinstance(each, Const) and each.value == 0 for each in operands):
        # A term that is switched off: its gradient is zero.
        return interp.opaque_result_of(_TIMES_ZERO, operands)
    dtypes = {operand.node.dtype for operand in operands if isinstance(operand, (Tensor, Variable))}
    if "bool" in dtypes and len(dtypes) > 1:
        # ``number * truth`` is a logical "and" to TensorFlow; other operators refuse.
        return interp.opaque_result_of(origins.operator(f"{name} of numbers and truths"), operands)
    owner = _VARIABLE if isinstance(operands[0], Variable) else _TENSOR
    owner = f"tf.{operands[0].form}." if isinstance(operands[0], Composite) else owner
    known = session.known(owner + name) or session.known(_TENSOR + name)
    return apply(interp, known, operands, {}) if known is not None else None


def _of_dtypes(name: str, operands: list[Value]) -> Value | None:
    """Whether two dtypes are equal, of which one may be given by its name."""
    named = [_dtype(each) for each in operands]
    if name not in ("__eq__", "__ne__") or None in named or all(isinstance(each, Const) for each in operands):
        return None
    return Const((named[0] == named[1]) is (name == "__eq__"))


def _dtype(value: Value) -> str | None:
    """The name of a dtype of TensorFlow, also where it is a text."""
    name = value.value if isinstance(value, Const) else value.path if isinstance(value, Symbol) else None
    if not isinstance(name, str):
        return None
    named = name.removeprefix("tf.dtypes.").removeprefix("tf.") if isinstance(value, Symbol) else name
    return named if named in _DTYPES and (isinstance(value, Const) or name.startswith("tf.")) else None


_DTYPES = frozenset(
    "bfloat16 bool complex64 complex128 float16 float32 float64 int8 int16 int32 int64 string uint8 uint16 uint32 "
    "uint64".split()
)


def _unknown_operator(interp: Context, name: str, operands: list[Value]) -> Value:
    """An operator on objects of which at least one is unknown and none is a tensor: the same as on a tensor,
    if it is one; the result depends on nothing but the operands either way."""
    known = session_of(interp).known(_TENSOR + name)
    made = apply(interp, known, operands, {}) if known is not None else None
    if isinstance(made, (Tensor, Unknown)):
        made.node.dtype = None
        made.node.loose = name in _ON_CONTAINERS
        return Unknown(made.node)
    nodes: list[Node] = [node for operand in operands for node in nodes_of(operand)]
    node = interp.recorder.op([Edge(each, Effect.UNKNOWN) for each in nodes])
    node.origin = origins.operator(name)
    node.loose = name in _ON_CONTAINERS
    return Unknown(node)


def _reads_itself(interp: Context, value: Value) -> bool:
    """Whether NumPy makes an array of the value, where it meets one in an operator: not of TensorFlow's own."""
    if isinstance(value, Variable):
        return value.library != "tf"
    return isinstance(value, Tensor) and value.node.placeholder and not interp.graph_level
