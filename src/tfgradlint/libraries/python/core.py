"""Python's builtins and standard library, as far as they carry values on."""

from __future__ import annotations

import builtins
import math
import os
import sys
import time
from collections.abc import Mapping
from functools import lru_cache
from types import ModuleType

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.flow.graph.nodes import LEAF, Edge, Effect, trainable
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.escape import forget_content
from tfgradlint.flow.python.plain import NOT_PLAIN, plain
from tfgradlint.flow.python.strings import wrapped
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.values.base import (
    FALSE,
    NONE,
    Array,
    Cell,
    Const,
    Member,
    Scalar,
    Symbol,
    Tensor,
    Unknown,
    Value,
    Variable,
)
from tfgradlint.flow.values.containers import Container, Items, ListObject, Union
from tfgradlint.flow.values.functions import Function, Method, Partial
from tfgradlint.flow.values.objects import Instance, LibraryObject
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.measured.details import operation
from tfgradlint.libraries.numpy.core import without_content
from tfgradlint.libraries.python.builtins import HANDLERS
from tfgradlint.libraries.python.decorators import Effect as DecoratorEffect
from tfgradlint.libraries.python.decorators import (
    cached,
    decorated_by,
    decorator_called,
    descriptor,
    kept,
    managing,
    registered,
)

_BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("_")) | {"__import__"}


def builtin(name: str) -> Value | None:
    """A builtin name."""
    if name == "__name__":
        return Const("__main__")
    return Symbol(f"builtins.{name}") if name in _BUILTINS else None


def constant(path: str, name: str) -> Value | None:
    """A constant of a standard module."""
    if path == "math" and name in ("pi", "e", "tau", "inf", "nan"):
        return Const(getattr(math, name))
    if path == "typing" and name == "TYPE_CHECKING":
        return FALSE
    return None


#: What these modules hold that is no function, class or module differs from run to run.
_OF_THE_RUN = {"sys": sys, "os": os, "time": time}


@lru_cache(maxsize=1024)
def is_datum(path: str) -> bool:
    """Whether a name of a standard module is nothing that can be called."""
    root, *names = path.split(".")
    if root not in _OF_THE_RUN:
        return False
    found: object = _OF_THE_RUN[root]
    for name in names:
        found = getattr(found, name, None)
    return not callable(found) and not isinstance(found, ModuleType)


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A builtin or a function of the standard library; None where the measured data is to be asked."""
    handler = HANDLERS.get(path)
    if handler is not None:
        return handler(interp, args, kwargs)
    owner, _, method = path.rpartition(".")
    if owner in _CONTAINERS and args:
        return _unbound(interp, method, args, kwargs)
    if path in ("functools.cache", "functools.lru_cache"):
        return _cache(interp, path, args, kwargs)
    if path.startswith(("builtins.", "math.")):
        return _plain(interp, path, args, kwargs)
    return decorator_called(_DECORATORS, path, args)


#: Classes whose methods change the object that they are given.
_CONTAINERS = frozenset(
    "builtins.list builtins.dict builtins.set collections.deque collections.OrderedDict collections.defaultdict "
    "collections.Counter".split()
)


def _unbound(interp: Context, method: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``list.append(values, x)``: the method of a container as a function."""
    receiver = args[0]
    if isinstance(receiver, Container):
        return interp.calls.call(interp.attributes.get(receiver, method), args[1:], kwargs)
    if isinstance(receiver, (Instance, Union)):
        forget_content(interp, receiver, *args[1:], *kwargs.values())
    return None


def method(interp: Context, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A method of a generator of random numbers of one's own is the function of that name."""
    if not isinstance(receiver, LibraryObject) or receiver.path != "random.Random":
        return None
    path = f"random.{name}"
    return call(interp, path, args, kwargs) or fallback(interp, path, args, kwargs)


def fallback(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Calls nobody described: standard modules make values without a history; the rest is unknown."""
    root = path.partition(".")[0]
    given = [*args, *kwargs.values()]
    if any(isinstance(value, (Function, Method, Member, Partial)) for value in given):
        return None  # it may call what it is given
    nodes = [node for value in given for node in nodes_of(value)]
    if root in ("math", "time", "os", "sys", "random", "operator", "itertools") or (
        root == "builtins" and not any(isinstance(value, (Cell, Function)) for value in given)
    ):
        made = origins.returned_by(path)
        if path in ("random.Random", "random.SystemRandom"):
            return LibraryObject("random.Random")
        if root in ("random", "math") and not nodes:
            return Scalar(interp.recorder.leaf(), "float" if root == "math" else "")
        for value in given if root in ("operator", "random") else ():
            forget_content(interp, value, *(each for each in given if each is not value))
        if any(isinstance(value, (Instance, Function, Unknown)) for value in given) and root == "builtins":
            return interp.unknown(made, *given)
        return interp.opaque_result_of(made, given)
    return None


def _plain(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``float``, ``int``, ``math.sqrt`` ... on Python numbers, arrays and (as measured) tensors."""
    name = path.partition(".")[2]
    given = [*args, *kwargs.values()]
    known = [plain(value) for value in given] if name in _FOLDED else [NOT_PLAIN]
    if NOT_PLAIN not in known and given:
        function = getattr(math if path.startswith("math.") else builtins, name, None)
        if function is None:
            return None
        try:
            result = function(*known[: len(args)], **dict(zip(kwargs, known[len(args) :], strict=True)))
        except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError):
            # what Python raises here ends the user's program, not the analysis
            return Scalar(interp.recorder.leaf())
        return wrapped(result)
    if name == "bool" and len(given) == 1 and isinstance(given[0], (Container, Items)):
        truth = interp.expressions.truth(given[0])
        return Scalar(interp.recorder.leaf(), "bool") if truth is None else Const(truth)
    converted = name in ("float", "int") and path.startswith("builtins.") and not interp.unconverted
    asked = name in _CONVERSIONS or path.startswith("math.")
    if asked and args and without_content(interp, args[0]) and not (converted and interp.graph_level):
        # AutoGraph leaves these calls alone, and a symbolic tensor has no content to give them.
        exception = "AttributeError" if isinstance(args[0], Variable) else "TypeError"
        if name == "bool":
            exception = "OperatorNotAllowedInGraphError"
        interp.raise_here(Cause.PYTHON_VALUE, exception, _operation(path))
    if name in _CONVERSIONS and interp.graph_level and args and isinstance(args[0], (Tensor, Variable)):
        return _autograph_cast(interp, name, args[0])
    if all(isinstance(value, (Const, Scalar, Array)) for value in given) and name in _FOLDED:
        edges = [Edge(node, Effect.PLAIN) for value in given for node in nodes_of(value)]
        return Scalar(interp.recorder.plain(edges), name if name in ("float", "int", "bool") else "")
    if len(args) == 1 and isinstance(args[0], Unknown) and (name in _CONVERSIONS or path.startswith("math.")):
        edge = Edge(args[0].node, Effect.NONE, Cause.PYTHON_VALUE, _operation(path))
        if interp.graph_level and name in _CONVERSIONS:
            edge = Edge(args[0].node, Effect.UNKNOWN)
            return Unknown(interp.recorder.op([edge]))
        return Scalar(interp.recorder.plain([edge]), name if name in ("float", "int", "bool") else "float")
    return None


def _operation(path: str) -> Operation:
    return operation(path if path.startswith("math.") else path.partition(".")[2])


_CONVERSIONS = ("float", "int", "bool")
_FOLDED = frozenset(
    "float int bool abs round pow divmod str sqrt exp log log2 log10 sin cos tan floor ceil prod hypot fabs atan2 "
    "asin acos atan sinh cosh tanh gcd isclose fsum isqrt lcm dist bin hex oct isnan isinf isfinite degrees "
    "radians comb factorial ord chr".split()
)


def _autograph_cast(interp: Context, name: str, value: Value) -> Value:
    """Inside a ``tf.function`` AutoGraph turns ``float(t)`` into a cast."""
    dtype = {"float": "float32", "int": "int32", "bool": "bool"}[name]
    edges = []
    for node in nodes_of(value):
        lost = trainable(node.dtype) and not trainable(dtype)
        edges.append(Edge(node, Effect.NONE, Cause.PYTHON_VALUE, operation(name)) if lost else Edge(node))
    return Tensor(interp.recorder.op(edges, dtype))


# -- decorators


def _cache(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``lru_cache(function)``, or ``lru_cache(maxsize=1)``, which decorates then."""
    if not args or not isinstance(args[0], Function):
        options = {"maxsize": args[0], **kwargs} if args else kwargs
        return Partial(Symbol(path), [], options) if path == "functools.lru_cache" and len(args) < 2 else None
    most = args[1] if len(args) > 1 else kwargs.get("maxsize", Const(128) if path == "functools.lru_cache" else NONE)
    kept = most.value if isinstance(most, Const) else 1  # of an unknown number, the first
    return args[0] if kept == 0 else cached(sys.maxsize if kept is None else kept)(args[0])


_DECORATORS: Mapping[str, DecoratorEffect] = {
    **dict.fromkeys(
        (
            "functools.wraps",
            "abc.abstractmethod",
            "typing.no_type_check",
            "typing.override",
            "typing.final",
            "typing.runtime_checkable",
        ),
        kept,
    ),
    "warnings.deprecated": registered,
    "functools.lru_cache": cached(128),
    "functools.cache": cached(sys.maxsize),
    "functools.cached_property": descriptor("cached"),
    "builtins.property": descriptor("property"),
    "builtins.staticmethod": descriptor("staticmethod"),
    "builtins.classmethod": descriptor("classmethod"),
    "contextlib.contextmanager": managing,
}


def decorate(decorator: Value, decorated: Value) -> Value | None:
    """A function or class under a decorator of the standard library; None for any other decorator."""
    return decorated_by(_DECORATORS, decorator, decorated)


#: A number with a longer history may be one of NumPy's.
_HISTORY = 100


def own_number(value: Value) -> bool:
    """Whether the value is certainly Python's own, and no array and no number of NumPy."""
    if isinstance(value, Scalar):
        history = ancestors([value.node], _HISTORY)  # what is beyond it has no edges either
        return value.type != "" or all(node.kind == LEAF or node.edges for node in history)
    return isinstance(value, (Const, Items, ListObject))
