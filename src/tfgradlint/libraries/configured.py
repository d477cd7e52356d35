"""The user's own functions, as the configuration describes what they do to gradients."""

from __future__ import annotations

from collections.abc import Mapping

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Edge, Effect, Node, trainable
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Array, Const, Scalar, Symbol, Tensor, Unknown, Value, Variable
from tfgradlint.flow.values.containers import Items, ListObject, Repeated, Slice, Union
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.measured.details import operation
from tfgradlint.libraries.measured.dtypes import dtype_of
from tfgradlint.settings.codes import MODELS
from tfgradlint.settings.gradients import Gradients

#: What TensorFlow raises for an operation without a registered gradient.
_UNREGISTERED = "LookupError"
#: Arguments of which all is known that the result can depend on.
_DATA = (Array, Union, Const, Items, ListObject, Scalar, Repeated, Slice, Symbol, Tensor, Unknown, Variable)


class Configured:
    """What is known of functions in modules that are not looked into, by their full names.

    Such a function returns one tensor, which depends on its arguments and on nothing else, or a model of Keras.
    """

    def __init__(self, gradients: Gradients | None, roots: Mapping[str, str]) -> None:
        self._known: Gradients = {}
        for path, effects in (gradients or {}).items():
            root, dot, rest = path.partition(".")
            self._known[roots.get(root, root) + dot + rest] = effects
        parts = [path.split(".") for path in self._known]
        self._modules = frozenset(".".join(names[:end]) for names in parts for end in range(1, len(names)))

    def symbol(self, path: str) -> Symbol | None:
        """The name of a function, or of a module or class on the way to one."""
        return Symbol(path) if path in self._modules or path in self._known else None

    def owns(self, path: str) -> bool:
        """Whether this is a module or class that is only known for the functions in it."""
        return path in self._modules

    def call(self, interp: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        """The result of calling a function; None where it is none of the user's."""
        effects = self._known.get(path)
        if effects is None:
            return None
        if isinstance(effects, str) and effects in MODELS:
            # As one that was loaded: its layers are out of sight, and each call gives another one.
            return interp.calls.call(Symbol(f"{effects.removesuffix('.Model')}.models.load_model"), [], {})
        given = _by_name(effects, args, kwargs)
        if not all(isinstance(value, _DATA) for _, value in given):
            return interp.calls.call(interp.unknown(origins.call_of(path)), args, kwargs)
        edges = [
            _edge(path, effects if isinstance(effects, str) else effects.get(name, ""), value, node)
            for name, value in given
            for node in nodes_of(value)
        ]
        return Tensor(interp.recorder.op(edges))


def _by_name(effects: str | Mapping[str, str], args: list[Value], kwargs: dict[str, Value]) -> list[tuple[str, Value]]:
    """The arguments with the parameters' names, which the configuration gives in the order of the definition."""
    names = [] if isinstance(effects, str) else list(effects)
    starred = any(isinstance(value, Repeated) and value.type == "star" for value in args)
    if starred or len(args) > len(names):
        names = [""] * len(args) if starred else names + [""] * (len(args) - len(names))
    return [*zip(names, args, strict=False), *kwargs.items()]


def _edge(path: str, word: str, value: Value, node: Node) -> Edge:
    if isinstance(value, (Array, Scalar)) or not trainable(node.dtype or dtype_of(value)):
        return Edge(node, Effect.PLAIN)
    if word == "flows":
        return Edge(node)
    if word == "zero":
        return Edge(node, Effect.ZERO, Cause.ZERO_GRADIENT)
    if word == "none":
        return Edge(node, Effect.NONE, Cause.NO_GRADIENT, operation(path))
    if word == "raises":
        return Edge(node, Effect.RAISES, Cause.UNREGISTERED, operation(path, _UNREGISTERED))
    return Edge(node, Effect.UNKNOWN)
