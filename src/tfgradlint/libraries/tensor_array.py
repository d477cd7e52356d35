"""``tf.TensorArray``: tensors written one by one, and read with their gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph import Edge, Effect
from tfgradlint.flow.values import HOLDS, NONE, Array, Foreign, Items, Scalar, Tensor, Value, nodes_of
from tfgradlint.libraries.custom_gradient import argument
from tfgradlint.libraries.dtypes import named_dtype

if TYPE_CHECKING:
    from tfgradlint.flow.interpreter import Interpreter

PATH = "tf.TensorArray"
_DTYPE = ("tensor array", "dtype")


def call(interp: Interpreter, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A new array without elements; None for anything else."""
    if path != PATH or "**" in kwargs or "handle" in kwargs or "flow" in kwargs:
        return None
    return _array(Items(()), named_dtype(argument(args, kwargs, 0, "dtype")))


def method(
    interp: Interpreter, receiver: Foreign, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """What is written can be read. In a graph only the array that a method returns has the new elements."""
    held: Value = receiver.fields[HOLDS]
    dtype = receiver.fields[_DTYPE]
    if name == "write":
        given = argument(args, kwargs, 1, "value")
        # Eagerly an element that is read is the very tensor that was written.
        own = isinstance(given, Tensor) and not interp.graph_level
        return _written(interp, receiver, given if own else _tensor(interp, given, dtype), held)
    if name in ("unstack", "split"):
        return _written(interp, receiver, _tensor(interp, argument(args, kwargs, 0, "value"), dtype), Items(()))
    if name == "scatter":
        return _written(interp, receiver, _tensor(interp, argument(args, kwargs, 1, "value"), dtype), held)
    if name in ("stack", "concat"):
        return Tensor(interp.recorder.op([Edge(node) for node in nodes_of(held)], dtype))
    if name in ("read", "gather"):
        # Nobody follows under which index something was written: it may be any of what was.
        nodes = nodes_of(held)
        any_one = nodes if len(nodes) < 2 else [interp.recorder.phi(nodes)]
        node = interp.recorder.op([Edge(each) for each in any_one], dtype)
        node.why = f"tf.TensorArray.{name}()"
        node.maybe_alias = held.items[0] if isinstance(held, Items) and len(held.items) == 1 else None
        return Tensor(node)
    if name in ("identity", "mark_used"):
        return receiver
    if name == "size":
        return Tensor(interp.recorder.leaf("int32"))
    return NONE if name == "close" else None


def attribute(interp: Interpreter, name: str) -> Value | None:
    """What an array tells of itself carries no gradient."""
    return Scalar(interp.recorder.leaf()) if name in ("dtype", "element_shape", "dynamic_size") else None


def escaped(interp: Interpreter, value: Value) -> None:
    """Whoever gets hold of an array may write into it."""
    if isinstance(value, Foreign) and value.path == PATH:
        held = Items((value.fields[HOLDS], interp.unknown("tf.TensorArray given away", value)))
        interp.state.set(value, HOLDS, held)


def _array(held: Value, dtype: str | None) -> Foreign:
    made = Foreign(PATH)
    made.fields.update({HOLDS: held, _DTYPE: dtype})
    return made


def _written(interp: Interpreter, receiver: Foreign, value: Value, held: Value) -> Foreign:
    before = held.items if isinstance(held, Items) else (held,)
    now = Items((*before, value))
    if interp.graph_level:
        return _array(now, receiver.fields[_DTYPE])
    interp.state.set(receiver, HOLDS, now)
    return receiver


def _tensor(interp: Interpreter, value: Value, dtype: str | None) -> Tensor:
    effect = Effect.PLAIN if isinstance(value, (Array, Scalar)) else Effect.FLOWS
    return Tensor(interp.recorder.op([Edge(node, effect) for node in nodes_of(value)], dtype))
