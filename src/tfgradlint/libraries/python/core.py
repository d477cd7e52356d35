"""Python's builtins and standard library, as far as they carry values on."""

from __future__ import annotations

import builtins
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import LEAF, Edge, Effect, trainable
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import FALSE, Array, Cell, Const, Scalar, Symbol, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.functions import Descriptor, Function, Partial
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.measured.handlers import Handler
from tfgradlint.libraries.numpy.core import without_content
from tfgradlint.libraries.python.builtins import HANDLERS

if TYPE_CHECKING:
    from tfgradlint.flow.machine.context import Context

_BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("_"))


def builtin(name: str) -> Value | None:
    """A builtin name."""
    if name == "__name__":
        return Const("__main__")
    if name in ("__file__", "__doc__"):
        return Const(name)
    return Symbol(f"builtins.{name}") if name in _BUILTINS else None


def constant(path: str, name: str) -> Value | None:
    """A constant of a standard module."""
    if path == "math" and name in ("pi", "e", "tau", "inf", "nan"):
        return Const(getattr(math, name))
    if path == "typing" and name == "TYPE_CHECKING":
        return FALSE
    return None


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A builtin or a function of the standard library; None where the measured data is to be asked."""
    handler = HANDLERS.get(path)
    if handler is not None:
        return handler(interp, args, kwargs)
    if path.startswith(("builtins.", "math.")):
        return _plain(interp, path, args, kwargs)
    return None


def fallback(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Calls nobody described: standard modules make values without a history; the rest is unknown."""
    root = path.partition(".")[0]
    given = [*args, *kwargs.values()]
    nodes = [node for value in given for node in nodes_of(value)]
    if root in ("math", "time", "os", "sys", "random", "operator", "itertools") or (
        root == "builtins" and not any(isinstance(value, (Cell, Function)) for value in given)
    ):
        if root in ("random", "math") and not nodes:
            return Scalar(interp.recorder.leaf(), "float")
        if any(isinstance(value, (Instance, Function, Unknown)) for value in given) and root == "builtins":
            return interp.unknown(path, *given)
        return interp.opaque_result_of(path, given)
    return None


def _plain(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``float``, ``int``, ``math.sqrt`` ... on Python numbers, arrays and (as measured) tensors."""
    name = path.partition(".")[2]
    given = [*args, *kwargs.values()]
    if all(isinstance(value, Const) for value in given) and given and name in _FOLDED:
        function = getattr(math if path.startswith("math.") else builtins, name, None)
        if function is None:
            return None
        try:
            result = function(*(value.value for value in args), **{k: v.value for k, v in kwargs.items()})  # type: ignore[attr-defined]
        except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError):
            # what Python raises here ends the user's program, not the analysis
            return Scalar(interp.recorder.leaf())
        return Const(result) if isinstance(result, (int, float, bool, str)) else None
    converted = name in ("float", "int") and path.startswith("builtins.") and not interp.unconverted
    asked = name in _CONVERSIONS or path.startswith("math.")
    if asked and args and without_content(interp, args[0]) and not (converted and interp.graph_level):
        # AutoGraph leaves these calls alone, and a symbolic tensor has no content to give them.
        exception = "AttributeError" if isinstance(args[0], Variable) else "TypeError"
        if name == "bool":
            exception = "OperatorNotAllowedInGraphError"
        interp.raise_here(Cause.PYTHON_VALUE, exception, path if path.startswith("math.") else name)
    if name in _CONVERSIONS and interp.graph_level and args and isinstance(args[0], (Tensor, Variable)):
        return _autograph_cast(interp, name, args[0])
    if all(isinstance(value, (Const, Scalar, Array)) for value in given) and name in _FOLDED:
        edges = [Edge(node, Effect.PLAIN) for value in given for node in nodes_of(value)]
        return Scalar(interp.recorder.plain(edges), name if name in ("float", "int", "bool") else "")
    if len(args) == 1 and isinstance(args[0], Unknown) and (name in _CONVERSIONS or path.startswith("math.")):
        edge = Edge(args[0].node, Effect.NONE, Cause.PYTHON_VALUE, path if path.startswith("math.") else name)
        if interp.graph_level and name in _CONVERSIONS:
            edge = Edge(args[0].node, Effect.UNKNOWN)
            return Unknown(interp.recorder.op([edge]))
        return Scalar(interp.recorder.plain([edge]), name if name in ("float", "int", "bool") else "float")
    return None


_CONVERSIONS = ("float", "int", "bool")
_FOLDED = frozenset(
    "float int bool abs round pow divmod str sqrt exp log log2 log10 sin cos tan floor ceil prod hypot fabs atan2 "
    "asin acos atan sinh cosh tanh gcd isnan isinf isfinite degrees radians comb factorial ord chr".split()
)


def _autograph_cast(interp: Context, name: str, value: Value) -> Value:
    """Inside a ``tf.function`` AutoGraph turns ``float(t)`` into a cast."""
    dtype = {"float": "float32", "int": "int32", "bool": "bool"}[name]
    edges = []
    for node in nodes_of(value):
        lost = trainable(node.dtype) and not trainable(dtype)
        edges.append(Edge(node, Effect.NONE, Cause.PYTHON_VALUE, name) if lost else Edge(node))
    return Tensor(interp.recorder.op(edges, dtype))


# -- decorators

_KEEPING = frozenset(
    "functools.wraps abc.abstractmethod "
    "typing.no_type_check typing.override typing.final dataclasses.dataclass tf.autograph.experimental.do_not_convert "
    "tf.Module.with_name_scope snt.no_name_scope tf.keras.utils.register_keras_serializable "
    "keras.saving.register_keras_serializable tf.keras.saving.register_keras_serializable".split()
)
_WRAPPING = {
    "builtins.property": "property",
    "builtins.staticmethod": "staticmethod",
    "builtins.classmethod": "classmethod",
    "functools.cached_property": "cached",
    "snt.once": "once",
}
_CACHING = frozenset({"functools.lru_cache", "functools.cache"})
#: Options of ``tf.function`` that ask for XLA.
_XLA = ("jit_compile", "experimental_compile")


def decorate(interp: Context, decorator: Value, function: Value) -> Value | None:
    """A function under a decorator that is known to keep it; None to call the decorator like any function."""
    if isinstance(decorator, Partial):
        path = decorator.function.path if isinstance(decorator.function, Symbol) else ""
        # ``@tf.function(jit_compile=True)`` and ``@functools.wraps(f)`` are partial applications of the decorator.
        if path == "tf.function":
            return compiled(interp, function, decorator.kwargs)
        return _decorated(path, function) if path.endswith("()") else None
    if isinstance(decorator, Symbol):
        return compiled(interp, function) if decorator.path == "tf.function" else _decorated(decorator.path, function)
    return None


def _decorated(path: str, function: Value) -> Value | None:
    path = path.removesuffix("()")
    if path == "contextlib.contextmanager":
        return managing(function)
    if path in _CACHING:
        return _with_flags(function, cached=True) if isinstance(function, Function) else None
    if path in _KEEPING:
        return function
    if path in _WRAPPING:
        return Descriptor(_WRAPPING[path], function)
    return None


def compiled(interp: Context, function: Value, options: Mapping[str, Value] = MappingProxyType({})) -> Value:
    """The function under ``tf.function`` with these options; what is no function of the module stays as it is."""
    if not isinstance(function, Function):
        return function
    xla = "**" in options or any(options[name].truth() is not False for name in _XLA if name in options)
    signature = "input_signature" in options or "**" in options
    return _with_flags(function, graph=True, xla=xla or function.xla, signature=signature or function.signature)


def managing(function: Value) -> Value | None:
    """The function under ``contextlib.contextmanager``."""
    return _with_flags(function, manager=True) if isinstance(function, Function) and not function.graph else None


def _with_flags(function: Function, **flags: bool) -> Function:
    kept = {name: getattr(function, name) for name in ("graph", "xla", "signature", "manager", "cached")}
    return Function(
        function.node,
        function.name,
        function.scope,
        function.defaults,
        owner=function.owner,
        statement=function.statement,
        **{**kept, **flags},
    )


def decorator_factory(path: str) -> Handler:
    """``wraps(f)``, ``lru_cache(maxsize=None)`` ...: called first, the result then decorates."""

    def make(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if args and isinstance(args[0], (Function, Class)) and path != "functools.wraps":
            return _decorated(path, args[0])
        return Symbol(f"{path}()")

    return make


for _path in _KEEPING | _CACHING:
    HANDLERS[_path] = decorator_factory(_path)


#: A number with a longer history may be one of NumPy's.
_HISTORY = 100


def own_number(value: Value) -> bool:
    """Whether the value is certainly Python's own, and no array and no number of NumPy."""
    if isinstance(value, Scalar):
        history = ancestors([value.node], _HISTORY)  # what is beyond it has no edges either
        return value.type != "" or all(node.kind == LEAF or node.edges for node in history)
    return isinstance(value, (Const, Items, ListObject))
