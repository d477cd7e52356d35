"""How the inputs of operations and layers act together: on that depends a gradient across such a step."""

from __future__ import annotations

import functools

from tfgradlint.flow.graph.details import Curvature
from tfgradlint.flow.graph.nodes import Interaction

_OWNERS = ("tf.Tensor.", "tf.Variable.", "keras.Variable.")
_SUM_OPERATORS = frozenset({"__add__", "__radd__", "__sub__", "__rsub__"})
_PRODUCT_OPERATORS = frozenset(
    {"__mul__", "__rmul__", "__truediv__", "__rtruediv__", "__pow__", "__rpow__", "__matmul__", "__rmatmul__"}
)
#: Operations in which no input changes what another one does to the result.
_SUMS = frozenset("tf.math.add tf.math.subtract tf.math.add_n tf.nn.bias_add keras.ops.add keras.ops.subtract".split())
#: Operations that put together, or choose, whole elements of their inputs.
_CHOICES = frozenset(
    "tf.concat tf.stack tf.where tf.math.maximum tf.math.minimum keras.ops.concatenate keras.ops.stack".split()
)
#: Operations in which every input changes what each other one does to the result.
_PRODUCTS = frozenset(
    "tf.math.multiply tf.math.divide tf.math.truediv tf.math.pow tf.linalg.matmul tf.linalg.matvec tf.tensordot "
    "tf.einsum tf.math.squared_difference tf.nn.conv2d keras.ops.multiply keras.ops.divide keras.ops.matmul".split()
)
#: Layers that multiply their input with their kernel, add their bias and hand the result to their activation.
_AFFINE = frozenset({"Dense", "EinsumDense", "Conv1D", "Conv2D"})
_BENDS: dict[str | None, Curvature] = {
    None: Curvature.STRAIGHT,
    "linear": Curvature.STRAIGHT,
    "relu": Curvature.FLAT,
    **dict.fromkeys("tanh sigmoid softplus gelu silu swish exponential mish".split(), Curvature.CURVED),
}


@functools.cache
def joint(name: str, number: int) -> Interaction | None:
    """How the inputs of an operation act together, each edge standing for one."""
    owner = next((owner for owner in _OWNERS if name.startswith(owner)), "")
    operator = name.removeprefix(owner) if owner else ""
    if name in _SUMS or operator in _SUM_OPERATORS:
        return Interaction(frozenset(), Curvature.STRAIGHT)
    if name in _CHOICES:
        return Interaction(frozenset(), Curvature.STRAIGHT, True)
    if name in _PRODUCTS or operator in _PRODUCT_OPERATORS:
        return Interaction(frozenset(range(number)), Curvature.STRAIGHT)
    return None


def joint_of_layer(name: str, activation: object, inputs: int, weights: list[str]) -> Interaction | None:
    """The same for a layer with so many inputs, and behind them its weights, and the name of its activation."""
    if name not in _AFFINE or inputs != 1 or "kernel" not in weights:
        return None
    bend = _BENDS.get(activation) if isinstance(activation, (str, type(None))) else None
    return Interaction(frozenset({0, 1 + weights.index("kernel")}), bend) if bend is not None else None
