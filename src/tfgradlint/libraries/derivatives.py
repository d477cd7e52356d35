"""What is known of second derivatives: of operations with several inputs, and of the layers of Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tfgradlint.flow.derivatives import CURVED, STRAIGHT
from tfgradlint.flow.graph import PRODUCT, SUM, Edge, Effect
from tfgradlint.flow.values import Const, Tensor, Value, Variable

if TYPE_CHECKING:
    from tfgradlint.flow.interpreter import Interpreter
    from tfgradlint.libraries.world import World

#: By the last part of the name: the operator of a tensor or variable, and the function.
_MIXED = {
    **dict.fromkeys(("__add__", "__radd__", "__sub__", "__rsub__"), SUM),
    **dict.fromkeys(("tf.math.add", "tf.math.subtract", "tf.math.add_n", "tf.concat", "tf.stack"), SUM),
    **dict.fromkeys(("__mul__", "__rmul__", "__truediv__", "__rtruediv__", "__matmul__", "__rmatmul__"), PRODUCT),
    **dict.fromkeys(("tf.math.multiply", "tf.math.divide", "tf.math.squared_difference"), PRODUCT),
    **dict.fromkeys(("tf.linalg.matmul", "tf.linalg.matvec", "tf.tensordot", "tf.einsum"), PRODUCT),
}
#: Layers that multiply their input by a kernel, and then add a bias.
_LINEAR = frozenset({"Dense", "Conv1D", "Conv2D"})
#: Layers that add what they are given, or put it in another order or shape.
_MOVING = frozenset({"Activation", "Add", "Concatenate", "Flatten", "Permute", "Reshape", "Subtract"})


def mixed(name: str) -> str:
    """What the inputs of a measured callable do to each other's gradients."""
    owner, _, last = name.rpartition(".")
    return _MIXED.get(last if owner in ("tf.Tensor", "tf.Variable") else name, "")


def linear(interp: Interpreter, path: str, edges: list[Edge], weights: dict[str, Value] | None) -> Tensor | None:
    """The result of a layer, step by step, where it multiplies, adds, or moves what it is given."""
    last = path.rpartition(".")[2]
    if any(edge.effect is not Effect.FLOWS for edge in edges):
        return None
    if last in _MOVING:
        return _step(interp, edges, SUM)
    kernel, bias = (weights or {}).get("kernel"), (weights or {}).get("bias")
    if last not in _LINEAR or not isinstance(kernel, Variable) or len(edges) != 2 + (bias is not None):
        return None
    product = _step(interp, [edge for edge in edges if bias is None or edge.node is not bias.node], PRODUCT)  # type: ignore[attr-defined]
    return product if not isinstance(bias, Variable) else _step(interp, [Edge(product.node), Edge(bias.node)], SUM)


def _step(interp: Interpreter, edges: list[Edge], kind: str) -> Tensor:
    node = interp.recorder.op([Edge(edge.node, detail=STRAIGHT) for edge in edges])
    node.mixed = kind
    return Tensor(node)


def activated(interp: Interpreter, activation: Value, result: Tensor) -> Tensor:
    """The result behind one of Keras' activations, by its name, that lets a gradient through."""
    name = activation.value if isinstance(activation, Const) else None
    if name is None or name == "linear":
        return result
    known = cast("World", interp.libraries).known(f"keras.activations.{name}")
    words = {output.second.get("x", "") for case in known.cases for output in case.outputs} if known else set()
    node = interp.recorder.op([Edge(result.node, detail=CURVED if words == {CURVED} else "")])
    return Tensor(node)
