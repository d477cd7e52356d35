"""``keras.backend``: the functions that are TensorFlow's own under another name, and plain settings."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Scalar, Symbol, Value
from tfgradlint.flow.values.functions import Function, Method, Partial
from tfgradlint.libraries.session import keras_name

#: Each with TensorFlow's function and the names of the parameters that matter, in the order in which it takes them.
_SAME = {
    "variable": ("tf.Variable", ("value",)),
    "gradients": ("tf.gradients", ("loss", "variables")),
    "map_fn": ("tf.map_fn", ("fn", "elems")),
}
_BRANCHES = ("condition", "then_expression", "else_expression")
_SETTINGS = {"epsilon": "float", "floatx": "str", "image_data_format": "str"}


def call(interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A function of the backend that is not measured; None for anything else."""
    family, _, name = (keras_name(path) or "").rpartition(".")
    if family not in ("backend", "config"):
        return None
    if name in _SETTINGS:
        return Scalar(interp.recorder.leaf(), _SETTINGS[name])
    if family == "config":
        return None
    if name in _SAME:
        own, names = _SAME[name]
        given = _bound(names, args, kwargs)
        return interp.calls.call(Symbol(own), given, {}) if given is not None else None
    if name == "switch":
        given = _bound(_BRANCHES, args, kwargs)
        if given is not None and all(isinstance(each, (Function, Method, Partial)) for each in given[1:]):
            return interp.calls.call(Symbol("tf.cond"), given, {})
    return None


def _bound(names: tuple[str, ...], args: list[Value], kwargs: dict[str, Value]) -> list[Value] | None:
    """The arguments by position, None where one is missing."""
    bound = {**dict(zip(names, args, strict=False)), **kwargs}
    return [bound[name] for name in names] if all(name in bound for name in names) else None
