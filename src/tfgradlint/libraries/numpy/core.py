"""NumPy: its functions take a tensor's value, so that no tape follows; arrays stay arrays."""

from __future__ import annotations

import numbers

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect, Node, cut_off, trainable
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import Array, Const, Scalar, Symbol, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Container, Items, ListObject, Union
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Instance
from tfgradlint.flow.values.walk import elements_of, nest_parts, nodes_of, walk
from tfgradlint.libraries.measured.details import operation
from tfgradlint.libraries.measured.dtypes import dtype_of, named_dtype
from tfgradlint.libraries.numpy import callbacks as numpy_callbacks
from tfgradlint.libraries.python.collections import shuffled
from tfgradlint.libraries.session import Session, session_of

_CONSTANTS = {
    "pi": 3.141592653589793,
    "e": 2.718281828459045,
    "inf": float("inf"),
    "nan": float("nan"),
    "True_": True,
    "False_": False,
}
#: Attributes of arrays that are Python values.
_FACTS = frozenset({"shape", "ndim", "size", "dtype", "itemsize", "nbytes"})
#: Functions that make arrays and numbers of NumPy from nothing.
_FRESH = frozenset(
    "array asarray zeros ones full eye identity arange linspace logspace empty "
    "float16 float32 float64 int32 int64".split()
)
#: Those that always make an array, also one of a single number, and those that make a number of a number.
_ARRAYS = frozenset("array asarray zeros ones full eye identity arange linspace logspace empty".split())
_NUMBERS = frozenset("float16 float32 float64 int32 int64".split())
_TO_PYTHON = frozenset({"item", "tolist", "tobytes"})
_FLOAT64 = frozenset(
    "random.rand random.randn random.normal random.uniform random.random random.random_sample "
    "random.standard_normal zeros ones eye identity linspace logspace empty geomspace".split()
)


def constant(path: str, name: str) -> Value | None:
    """``np.pi`` and its like."""
    if path == "numpy" and name in _CONSTANTS:
        return Const(_CONSTANTS[name])
    if path == "numpy" and name == "newaxis":
        return Const(None)
    return None


def call(interp: Context, session: Session, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A NumPy call without any tensor among its arguments makes a plain array."""
    given = [*args, *kwargs.values()]
    if any(_of_objects(value) for value in given):
        return _array_of_objects(interp, given)
    if path == "numpy.random.shuffle" and args and isinstance(args[0], (Container, Instance, Union)):
        return shuffled(interp, args, kwargs)
    nodes = [node for value in given for node in nodes_of(value)]
    if cut_off(nodes) or (interp.of(_Objects).made and _made_of_objects(nodes)):
        return _array_of_objects(interp, given)
    called = numpy_callbacks.call(interp, path, args, kwargs, without_content)
    if called is not None:
        return called
    if any(isinstance(value, Function) for value in given):
        return interp.unknown(origins.call_of(path), *given)
    if any(_maybe_tensor(value) for value in given):
        if any(without_content(interp, value) for value in given) and _takes_values(session, path):
            exception = "TypeError" if session_of(interp).legacy_keras else "ValueError"  # of a model's placeholders
            exception = "NotImplementedError" if interp.graph_level else exception
            interp.raise_here(Cause.NUMPY_FUNCTION, exception, operation(path.removeprefix("numpy.")))
        return None
    node = interp.recorder.plain([Edge(each, Effect.PLAIN) for each in nodes], _result_dtype(path, args, kwargs))
    return Array(node, _exact(session, path, args, kwargs), _form(path.removeprefix("numpy."), args))


def _form(name: str, args: list[Value]) -> str:
    """Whether a function makes an array or a number of NumPy, where that is known."""
    if name in _ARRAYS:
        return "array"
    number = name in _NUMBERS and len(args) == 1 and isinstance(args[0], (Const, Scalar))
    return "number" if number and not isinstance(getattr(args[0], "value", 0), str) else ""


def _exact(session: Session, path: str, args: list[Value], kwargs: dict[str, Value]) -> bool:
    """Whether the function gives NumPy's own array or number, and not one of Python."""
    name = path.removeprefix("numpy.")
    if name.startswith("random."):
        return "size" in kwargs or (name in ("random.rand", "random.randn") and bool(args))
    return name in _FRESH or _takes_values(session, path)


def fallback(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A NumPy name that was not measured, given something that may be a tensor."""
    if path.startswith("numpy.random.") or path in ("numpy.load", "numpy.loadtxt"):
        return Array(interp.recorder.plain([Edge(n, Effect.PLAIN) for v in args for n in nodes_of(v)]))
    return interp.opaque_result_of(origins.returned_by(path), [*args, *kwargs.values()])


def _maybe_tensor(value: Value) -> bool:
    return any(not isinstance(leaf, (Const, Array, Scalar, Symbol)) and nodes_of(leaf) for leaf in elements_of(value))


#: Where there are arrays of objects, every call of NumPy asks what its arrays were made of.
_HISTORY = 1000


class _Objects:
    """Whether the program makes arrays of Python objects."""

    def __init__(self) -> None:
        self.made = False


def _array_of_objects(interp: Context, given: list[Value]) -> Value:
    interp.of(_Objects).made = True
    return interp.unknown(origins.ARRAY_OF_OBJECTS, *given)


def _made_of_objects(nodes: list[Node]) -> bool:
    """Whether one of them may come of an array of objects."""
    history = ancestors(nodes, _HISTORY)
    return any(node.origin is origins.ARRAY_OF_OBJECTS for node in history) or cut_off(history)


def _of_objects(dtype: Value) -> bool:
    """Whether an argument asks for an array of Python objects, which may be tensors and variables."""
    if isinstance(dtype, Symbol):
        return dtype.path in ("builtins.object", "numpy.object_")
    return isinstance(dtype, Const) and dtype.value in ("object", "O")


def without_content(interp: Context, value: Value) -> bool:
    """Whether there are no numbers in the value: while a function is compiled, or a model put together."""
    traced = interp.graph_level > 0
    # Of an unknown element nothing is known, and numbers that Python knows while it traces are numbers.
    leaves = walk(value, nest_parts) if isinstance(value, (ListObject, Items)) else (value,)
    nodes = [leaf.node for leaf in leaves if isinstance(leaf, (Tensor, Variable))]
    return any(node.placeholder or (traced and (node.variable is not None or node.level > 0)) for node in nodes)


def _takes_values(session: Session, path: str) -> bool:
    """Whether the function was measured to turn a tensor into an array (``np.shape`` needs no content)."""
    known = session.known(path)
    return known is not None and any(
        output.kind == "array" and output.effects for case in known.cases for output in case.outputs
    )


def _result_dtype(path: str, args: list[Value], kwargs: dict[str, Value]) -> str | None:
    name = path.partition(".")[2]
    named = kwargs.get("dtype") or (
        args[1] if name in ("array", "asarray", "zeros", "ones") and len(args) > 1 else None
    )
    if named is not None:
        return named_dtype(named)
    if name in _FLOAT64:
        return "float64"
    if name in ("array", "asarray") and args:
        found = dtype_of(args[0])
        if found is None:
            return None
        return {"?float32": "float64", "?int32": "int64", "?bool": "bool"}.get(found, found.removeprefix("?"))
    if name == "arange":
        numbers_given = [value.value for value in args if isinstance(value, Const)]
        if len(numbers_given) == len(args) and all(isinstance(each, numbers.Integral) for each in numbers_given):
            return "int64"
        return None
    if name in ("float32", "float64", "float16", "int32", "int64"):
        return name
    return None


def function_of(operator: str) -> str:
    """The function that an operator of arrays calls."""
    name = operator.strip("_")
    return "numpy." + _FUNCTIONS.get(name, name)


_FUNCTIONS = {
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "pow": "power",
    "floordiv": "floor_divide",
    "gt": "greater",
    "ge": "greater_equal",
    "lt": "less",
    "le": "less_equal",
    "eq": "equal",
    "ne": "not_equal",
}


def attribute(interp: Context, receiver: Array, name: str) -> Value | None:
    """An attribute of an array."""
    if name in _FACTS:
        return Scalar(interp.recorder.leaf())
    if name == "T":
        return Array(interp.recorder.plain([Edge(receiver.node, Effect.PLAIN)], receiver.node.dtype), receiver.exact)
    return None


def method(
    interp: Context, receiver: Array | Scalar, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A method of an array: another array or a Python value."""
    if any(_of_objects(value) for value in (*args, *kwargs.values())):
        return _array_of_objects(interp, [receiver, *args])
    if name == "shuffle":  # of a generator of random numbers
        shuffled(interp, args, kwargs)
    edges = [Edge(node, Effect.PLAIN) for node in nodes_of(receiver)]
    called = operation(f"ndarray.{name}")
    for value in (*args, *kwargs.values()):
        taken = _maybe_tensor(value)
        for node in nodes_of(value):
            if taken and trainable(node.dtype):
                edges.append(Edge(node, Effect.NONE, Cause.NUMPY_FUNCTION, called))
            else:
                edges.append(Edge(node, Effect.PLAIN))
    if any(without_content(interp, value) for value in args):
        interp.raise_here(Cause.NUMPY_FUNCTION, "NotImplementedError", called)
    if isinstance(receiver, Scalar) or name in _TO_PYTHON:
        return Scalar(interp.recorder.plain(edges))
    dtype = receiver.node.dtype
    if name == "astype":
        dtype = named_dtype(args[0] if args else kwargs.get("dtype"))
    # Generators of random numbers are arrays here too: with a size they give arrays.
    return Array(
        interp.recorder.plain(edges, dtype), "size" in kwargs or (isinstance(receiver, Array) and receiver.exact)
    )


def set_item(interp: Context, operands: list[Value]) -> Value | None:
    """``array[i] = tensor``: from now on the array holds what left TensorFlow there."""
    array, _, value = operands
    if not isinstance(array, Array) or not isinstance(value, (Tensor, Variable, Unknown, Array)):
        return None
    if isinstance(value, Array) or not trainable(value.node.dtype):
        edge = Edge(value.node, Effect.PLAIN)
    else:
        edge = Edge(value.node, Effect.NONE, Cause.NUMPY_FUNCTION, operation("ndarray.__setitem__"))
    written = interp.recorder.plain([edge])
    # An array is one object under all its names, so its node takes the new content in.
    array.node.edges = (*array.node.edges, Edge(written, Effect.PLAIN))
    return None
