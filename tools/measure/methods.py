"""Methods, properties and operators of tensors and variables, and what Python itself calls on them."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tools.measure.names import Parameter, Target, parameters

_OWN_OPERATORS = frozenset(
    f"__{name}__"
    for name in """
    abs add and array bool complex copy deepcopy div eq float floordiv ge getitem gt iadd idiv imul index int invert
    ipow isub itruediv iter le len lt matmul mod mul ne neg or pow radd rand rdiv rfloordiv rmatmul rmod rmul ror round
    rpow rsub rtruediv rxor sub truediv xor contains hash divmod rdivmod imod ifloordiv imatmul trunc ceil floor pos
    reversed str repr
    """.split()
)
#: Not values of the program's computation, or dangerous to call.
_SKIPPED = frozenset(
    "OVERLOADABLE_OPERATORS SaveSliceInfo consumers from_proto to_proto handle create graph op eval load cpu gpu"
    " initialized_value initializer count_up_to constraint".split()
)

#: What belongs to Python and NumPy, with the parameters that it does not tell itself.
_BUILTINS: dict[str, tuple[Callable[..., Any], str]] = {
    "builtins.abs": (abs, "x"),
    "builtins.bool": (bool, "x"),
    "builtins.complex": (complex, "real"),
    "builtins.divmod": (divmod, "a, b"),
    "builtins.float": (float, "x"),
    "builtins.int": (int, "x"),
    "builtins.iter": (iter, "iterable"),
    "builtins.len": (len, "obj"),
    "builtins.list": (list, "iterable"),
    "builtins.max": (max, "iterable, *args"),
    "builtins.min": (min, "iterable, *args"),
    "builtins.pow": (pow, "base, exp"),
    "builtins.reversed": (reversed, "sequence"),
    "builtins.repr": (repr, "obj"),
    "builtins.round": (round, "number, ndigits=None"),
    "builtins.sorted": (sorted, "iterable"),
    "builtins.str": (str, "object"),
    "builtins.sum": (sum, "iterable, start=0"),
    "builtins.tuple": (tuple, "iterable"),
    "builtins.any": (any, "iterable"),
    "builtins.all": (all, "iterable"),
    "builtins.hash": (hash, "obj"),
    "math.log": (math.log, "x, base=2.718281828459045"),
    "math.hypot": (math.hypot, "*coordinates"),
    "numpy.float16": (np.float16, "x"),
    "numpy.float32": (np.float32, "x"),
    "numpy.float64": (np.float64, "x"),
    "numpy.int32": (np.int32, "x"),
    "numpy.int64": (np.int64, "x"),
    "copy.copy": (copy.copy, "x"),
    "copy.deepcopy": (copy.deepcopy, "x"),
}

#: How an object of a class is written, where that is no plain tensor.
_COMPOSITE: dict[str, tuple[str, ...]] = {
    "keras.Variable": ("kept(4, 4)", "kept(4)", "kept()"),
    "tf.RaggedTensor": ("ragged()",),
    "tf.sparse.SparseTensor": ("sparse()",),
    "tf.IndexedSlices": ("slices()",),
    "tf.TensorArray": ("series(4)",),
    "tf.lookup.StaticHashTable": ("table()",),
    "tf.lookup.experimental.MutableHashTable": ("table(tf.lookup.experimental.MutableHashTable)",),
    "tf.lookup.experimental.DenseHashTable": ("table(tf.lookup.experimental.DenseHashTable)",),
    "tf.lookup.StaticVocabularyTable": ("vocabulary()",),
}
_TABLES = ("StaticHashTable", "StaticVocabularyTable")
_MUTABLE_TABLES = ("MutableHashTable", "DenseHashTable")


def parse(signature: str) -> tuple[Parameter, ...]:
    """Parameters from a plain text such as ``x, *args, start=0``."""
    found = []
    for part in signature.split(", "):
        name, equals, default = part.partition("=")
        if name.startswith("*"):
            found.append(Parameter(name[1:], "var_positional"))
        else:
            value = eval(default) if equals else None
            found.append(Parameter(name, "positional", default if equals else None, value))
    return tuple(found)


def _caller(name: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        member = getattr(type(self), name, None)
        if member is None and name.startswith("__"):
            raise TypeError(f"no {name}")
        result = getattr(self, name)(*args, **kwargs)
        if result is NotImplemented:
            raise TypeError(f"{name} is not implemented")
        return result

    return call


def _getter(name: str) -> Callable[..., Any]:
    return lambda self: getattr(self, name)


def _members(prefix: str, holder: type, others: tuple[str, ...] = ()) -> list[Target]:
    """The members of a class; ``others`` are its other names. Class methods only of classes that have any."""
    targets = []
    for name in sorted(set(dir(holder)) | _OWN_OPERATORS):
        if name in _SKIPPED or (name.startswith("_") and name not in _OWN_OPERATORS):
            continue
        member = inspect.getattr_static(holder, name, None)
        if member is None:
            continue
        if isinstance(member, property):
            targets.append(Target(f"{prefix}.{name}", _getter(name), (Parameter("self"),)))
            continue
        if prefix in _COMPOSITE and not any(name in base.__dict__ for base in holder.__mro__[:-1]):
            continue  # Python's own, such as the comparison of any two objects
        if prefix in _COMPOSITE and name.strip("_") in ("and", "or", "xor", "rand", "ror", "rxor", "invert"):
            continue  # of truth values only
        if isinstance(member, staticmethod | classmethod) and prefix in _COMPOSITE:
            function = getattr(holder, name)
            targets.append(
                Target(f"{prefix}.{name}", function, parameters(function) or (), inspect.getdoc(function) or "")
            )
            continue
        if isinstance(member, staticmethod | classmethod) or not callable(getattr(holder, name)):
            continue
        own = parameters(getattr(holder, name)) or (Parameter("self"),)
        if any(parameter.kind == "var_positional" for parameter in own[:1]):
            own = (Parameter("self"), *own)
        own = (Parameter("self"), *own[1:])
        if name == "__getitem__":
            own = own[:2]
        documentation = inspect.getdoc(getattr(holder, name)) or "" if prefix in _COMPOSITE else ""
        targets.append(Target(f"{prefix}.{name}", _caller(name), own, documentation))
    for target in targets:
        own_name = target.name.removeprefix(prefix)
        target.aliases.update(other + own_name for other in others)
        if prefix in _COMPOSITE and any(parameter.name == "self" for parameter in target.parameters):
            target.candidates = {"self": _COMPOSITE[prefix]}
    return targets


def discover() -> list[Target]:
    """Targets for the members of tensors and variables and for Python's builtins."""
    tensor, variable = tf.constant([1.0]), tf.Variable([1.0])
    targets = _members("tf.Tensor", type(tensor)) + _members("tf.Variable", type(variable))
    if hasattr(keras, "Variable"):
        targets += _members("keras.Variable", keras.Variable, ("tf.keras.Variable",))
    targets += _members("tf.RaggedTensor", tf.RaggedTensor)
    targets += _members("tf.sparse.SparseTensor", tf.sparse.SparseTensor, ("tf.SparseTensor",))
    targets += _members("tf.IndexedSlices", tf.IndexedSlices) + _members("tf.TensorArray", tf.TensorArray)
    for holder, names in ((tf.lookup, _TABLES), (tf.lookup.experimental, _MUTABLE_TABLES)):
        for name in names:
            prefix = "tf.lookup." if holder is tf.lookup else "tf.lookup.experimental."
            targets += _members(prefix + name, getattr(holder, name))
    targets += [Target(name, function, parse(text)) for name, (function, text) in _BUILTINS.items()]
    return targets
