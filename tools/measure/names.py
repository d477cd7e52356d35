"""Which callables there are, under which names: discovery by walking modules, aliases by identity."""

from __future__ import annotations

import ast
import inspect
import math
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.util import tf_export

from tfgradlint.knowledge import load, versions
from tools.measure import exclusions

#: Namespaces whose callables are measured, with the module that is walked for each.
NAMESPACES = (
    *(
        "tf",
        "tf.math",
        "tf.math.special",
        "tf.nn",
        "tf.nn.experimental",
        "tf.linalg",
        "tf.linalg.experimental",
    ),
    *("tf.random", "tf.random.experimental", "tf.image", "tf.signal", "tf.strings", "tf.sparse", "tf.ragged"),
    *(
        "tf.bitwise",
        "tf.dtypes",
        "tf.debugging",
        "tf.quantization",
        "tf.sets",
        "tf.audio",
        "tf.nest",
        "tf.io",
    ),
    *("tf.experimental", "tf.experimental.numpy", "tf.experimental.numpy.random", "tf.autodiff"),
    *(
        "keras.losses",
        "keras.activations",
        "keras.metrics",
        "keras.ops",
        "keras.ops.image",
        "keras.ops.linalg",
    ),
    *("keras.ops.numpy", "keras.ops.nn", "keras.random", "keras.utils", "tf.keras.backend"),
    *("numpy", "numpy.linalg", "numpy.fft", "math"),
)
#: Namespaces that hold other names of what is measured elsewhere.
ALIAS_NAMESPACES = (
    *("tf.keras.losses", "tf.keras.activations", "tf.keras.metrics", "tf.keras.utils", "tf.keras.random"),
    *(
        "tf.keras.ops",
        "tf.losses",
        "tf.metrics",
        "keras.backend",
        "tf.types",
        "tf.compat.v1",
    ),
    *(
        "tf.compat.v1.math",
        "tf.compat.v1.nn",
        "tf.compat.v1.linalg",
        "tf.compat.v1.image",
        "tf.compat.v1.random",
    ),
)
#: What does not tell its own parameters.
SIGNATURES: dict[str, tuple[Parameter, ...]] = {}


class _NoVariable:
    """Stands for a class of which there are no objects."""


#: Keras 2 has no variables of its own.
KerasVariable: Any = getattr(keras, "Variable", _NoVariable)
ROOTS: dict[str, Any] = {"tf": tf, "keras": keras, "numpy": np, "math": math}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a callable. ``default`` is the source text of a literal default, or ``...``."""

    name: str
    kind: str = "positional"
    default: str | None = None
    value: Any = None

    @property
    def required(self) -> bool:
        return self.default is None and not self.kind.startswith("var")


@dataclass
class Target:
    """A callable to be measured."""

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    documentation: str = ""
    aliases: set[str] = field(default_factory=set)
    #: Expressions to try for a parameter, and values that may decide, where its definition tells them.
    candidates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def library(self) -> str:
        """The data file it goes to."""
        if self.name.startswith("tf.raw_ops."):
            return "raw_ops"
        root = self.name.partition(".")[0]
        return {"tf": "tensorflow", "math": "python", "builtins": "python"}.get(root, root)


def module(name: str) -> Any:
    """The module of a namespace, or ``None`` where this version has none."""
    root, *rest = name.split(".")
    found = ROOTS[root]
    for part in rest:
        found = getattr(found, part, None)
    return found if isinstance(found, types.ModuleType) else None


def members(namespace: str) -> Iterator[tuple[str, Any]]:
    """The public functions of a namespace, sorted by name."""
    holder = module(namespace)
    for name in sorted(dir(holder)) if holder else ():
        if name.startswith("_"):
            continue
        member = getattr(holder, name)
        full = f"{namespace}.{name}"
        if callable(member) and (not inspect.isclass(member) or full in exclusions.MEASURED_CLASSES):
            yield full, member


def canonical(names: list[str], function: Any) -> str:
    """One name of several: TensorFlow's own choice, else Keras's, else the first as sorted by length."""
    try:
        exported = tf_export.get_canonical_name_for_symbol(function)
    except AttributeError:  # of what takes no attributes, such as functions of C
        exported = None
    if exported and f"tf.{exported}" in names:
        return f"tf.{exported}"
    for path in getattr(function, "_api_export_path", None) or ():
        if path in names and "_legacy" not in path:
            return str(path)
    own = getattr(function, "__name__", "")  # Keras 2 exports no names, and has abbreviations of its own

    def order(name: str) -> tuple[bool, bool, int, str]:
        abbreviated = name.startswith("keras.") and name.rpartition(".")[2] != own
        return name.startswith("tf.keras"), abbreviated, len(name), name

    return min(names, key=order)


def literal(value: Any) -> str:
    """The source text of a default, ``...`` where it has no literal one."""
    if isinstance(value, tf.DType):
        return repr(value.name)
    if isinstance(value, type) and issubclass(value, bool | int | float | np.generic):
        return repr(np.dtype(value).name)
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, tuple | list) and all(isinstance(item, bool | int | float | str) for item in value):
        return repr(value)
    return "..."


def parameters(function: Callable[..., Any]) -> tuple[Parameter, ...] | None:
    """The parameters of a callable, ``None`` where it does not tell."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    found = []
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            found.append(Parameter(parameter.name, "var_positional"))
        elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
            found.append(Parameter(parameter.name, "var_keyword"))
        else:
            kind = "keyword" if parameter.kind is inspect.Parameter.KEYWORD_ONLY else "positional"
            given = parameter.default is not inspect.Parameter.empty
            found.append(
                Parameter(parameter.name, kind, literal(parameter.default) if given else None, parameter.default)
            )
    return tuple(found)


def as_stored(name: str) -> tuple[Parameter, ...] | None:
    """The parameters as another version told them: the functions of older NumPys do not."""
    known = load(versions.name(versions.newest())).get(name) if name.startswith("numpy.") else None
    if known is None:
        return None
    found = []
    for parameter in known.params:
        literal_default = parameter.default not in ("", "...")
        value = ast.literal_eval(parameter.default) if literal_default else None
        found.append(Parameter(parameter.name, parameter.kind, parameter.default or None, value))
    return tuple(found)


def discover() -> tuple[list[Target], dict[str, str]]:
    """Every callable to be measured, sorted by name, and the reasons for those left out."""
    by_identity: dict[int, tuple[Any, list[str]]] = {}
    for namespace in (*NAMESPACES, *ALIAS_NAMESPACES):
        for name, function in members(namespace):
            by_identity.setdefault(id(function), (function, []))[1].append(name)
    left_out: dict[str, str] = {}
    targets: list[Target] = []
    for function, names in by_identity.values():
        own = [name for name in names if name.rpartition(".")[0] in NAMESPACES]
        if not own:
            continue
        name = canonical(own, function)
        reason = exclusions.reason(name)
        signature = parameters(function.__init__ if inspect.isclass(function) else function)
        if inspect.isclass(function):
            signature = signature and signature[1:]
        signature = SIGNATURES.get(name, signature) or as_stored(name)
        if reason or signature is None:
            left_out[name] = reason or "its signature cannot be read"
            continue
        targets.append(Target(name, function, signature, inspect.getdoc(function) or "", set(names) - {name}))
    return sorted(targets, key=lambda target: target.name), left_out
