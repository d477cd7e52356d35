"""TFG202: a NumPy function or method on the only path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene

#: For NumPy functions, what gives the same values in TensorFlow and has a gradient.
COUNTERPARTS = {
    "abs": "tf.abs()",
    "absolute": "tf.abs()",
    "add": "tf.add()",
    "amax": "tf.reduce_max()",
    "amin": "tf.reduce_min()",
    "arccos": "tf.acos()",
    "arcsin": "tf.asin()",
    "arctan": "tf.atan()",
    "arctan2": "tf.atan2()",
    "array": "tf.convert_to_tensor()",
    "asarray": "tf.convert_to_tensor()",
    "average": "tf.reduce_mean()",
    "broadcast_to": "tf.broadcast_to()",
    "clip": "tf.clip_by_value()",
    "concatenate": "tf.concat()",
    "copy": "tf.identity()",
    "cos": "tf.cos()",
    "cosh": "tf.cosh()",
    "cross": "tf.linalg.cross()",
    "cumsum": "tf.cumsum()",
    "diagonal": "tf.linalg.diag_part()",
    "divide": "tf.divide()",
    "dot": "tf.tensordot(..., axes=1)",
    "einsum": "tf.einsum()",
    "exp": "tf.exp()",
    "expand_dims": "tf.expand_dims()",
    "expm1": "tf.math.expm1()",
    "flip": "tf.reverse()",
    "float32": "tf.cast(..., tf.float32)",
    "float64": "tf.cast(..., tf.float64)",
    "linalg.det": "tf.linalg.det()",
    "linalg.inv": "tf.linalg.inv()",
    "linalg.norm": "tf.norm()",
    "linalg.solve": "tf.linalg.solve()",
    "log": "tf.math.log()",
    "log1p": "tf.math.log1p()",
    "matmul": "tf.matmul()",
    "max": "tf.reduce_max()",
    "maximum": "tf.maximum()",
    "mean": "tf.reduce_mean()",
    "min": "tf.reduce_min()",
    "minimum": "tf.minimum()",
    "mod": "tf.math.floormod()",
    "multiply": "tf.multiply()",
    "ndarray.dot": "the operator @ or tf.tensordot(..., axes=1)",
    "negative": "tf.negative()",
    "outer": "tf.tensordot(..., axes=0)",
    "pad": "tf.pad()",
    "power": "tf.pow()",
    "prod": "tf.reduce_prod()",
    "random.normal": "tf.random.normal()",
    "ravel": "tf.reshape(..., [-1])",
    "repeat": "tf.repeat()",
    "reshape": "tf.reshape()",
    "roll": "tf.roll()",
    "sin": "tf.sin()",
    "sinh": "tf.sinh()",
    "sort": "tf.sort()",
    "split": "tf.split()",
    "sqrt": "tf.sqrt()",
    "square": "tf.square()",
    "squeeze": "tf.squeeze()",
    "stack": "tf.stack()",
    "std": "tf.math.reduce_std()",
    "subtract": "tf.subtract()",
    "sum": "tf.reduce_sum()",
    "take": "tf.gather()",
    "tan": "tf.tan()",
    "tanh": "tf.tanh()",
    "tensordot": "tf.tensordot()",
    "tile": "tf.tile()",
    "trace": "tf.linalg.trace()",
    "transpose": "tf.transpose()",
    "true_divide": "tf.divide()",
    "var": "tf.math.reduce_variance()",
    "where": "tf.where()",
}
#: Names since NumPy 2, and those that both know.
_FORMERLY = {
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "atan2": "arctan2",
    "concat": "concatenate",
    "pow": "power",
}


class NumpyFunction(Rule):
    """A NumPy function or method is applied to a tensor on the only path from source to target.

    ## What it does
    Reports a call of NumPy that is given a tensor and returns an array, and a tensor written into an array
    (`losses[i] = loss`), when everything between source and target goes through the array.

    No finding: arrays and NumPy numbers as operands (`np.float32(2) * t`, `array @ t`, `total += t` are all
    TensorFlow's operators; but a variable of Keras 3 behind an array, as in `mask * layer.kernel`, lets NumPy read
    it, and the product is an array), NumPy on data, shapes and metrics, an order from `np.argsort` used as an index,
    and the few functions that hand the work back to the tensor (`np.flip` of a tensor that is no variable,
    `numpy.polynomial.polynomial.polyval`).

    ## Why it matters
    An array knows nothing of the operations that made it. What is computed from it is a constant for the
    tape, so the request returns `None`; where the array is itself the target, `tape.gradient` raises
    `AttributeError: 'numpy.float32' object has no attribute '_id'`. In a `tf.function` the call raises
    `NotImplementedError` while the function is traced.

    ## Example
    ```python
    import numpy as np
    import tensorflow as tf

    kernel = tf.Variable([[0.5, -0.2], [0.1, 0.3]])


    def cosine_distance(a, b):
        a, b = (tf.math.l2_normalize(vectors, axis=-1) for vectors in (a, b))
        return 1.0 - np.sum(a * b, axis=-1)  # expect: TFG202


    def train_step(left, right):  # modes: function, jit
        with tf.GradientTape() as tape:
            distances = cosine_distance(left @ kernel, right)
            loss = tf.reduce_mean(distances)
        return tape.gradient(  # outcome: none; function: raises:NotImplementedError; jit: raises:NotImplementedError
            loss, kernel
        )


    print(train_step(tf.constant([[1.0, 2.0]]), tf.constant([[0.5, 0.5]])))
    ```

    ## Use instead
    TensorFlow has a function for nearly everything, under a slightly different name.

    ```python
    import tensorflow as tf

    kernel = tf.Variable([[0.5, -0.2], [0.1, 0.3]])


    def cosine_distance(a, b):
        a, b = (tf.math.l2_normalize(vectors, axis=-1) for vectors in (a, b))
        return 1.0 - tf.reduce_sum(a * b, axis=-1)


    def train_step(left, right):  # modes: function, jit
        with tf.GradientTape() as tape:
            distances = cosine_distance(left @ kernel, right)
            loss = tf.reduce_mean(distances)
        return tape.gradient(loss, kernel)  # outcome: flows


    print(train_step(tf.constant([[1.0, 2.0]]), tf.constant([[0.5, 0.5]])))
    ```

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      "Did calculations outside of TensorFlow".
    - [NumPy API on TensorFlow](https://www.tensorflow.org/guide/tf_numpy): NumPy's names, as TensorFlow
      operations.
    """

    code = "TFG202"
    name = "numpy-function"
    outcome = "none"
    cause = Cause.NUMPY_FUNCTION
    step_by_step = True

    def refused_where(self, raised: str) -> str:
        return " in a tf.function" if raised == "NotImplementedError" else " on a placeholder"

    def message(self, broken: Break) -> str:
        """``operation`` is the name within NumPy (``mean``, ``linalg.norm``, ``ndarray.dot``), where known."""
        return f"{broken.step} leaves TensorFlow: {broken.consequence}; {_remedy(broken)}"

    def advice(self, broken: Break) -> str:
        return _remedy(broken)

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """TensorFlow's own function: safe where the value is nowhere used as an array."""
        from tfgradlint.fixing.functions import in_tensorflow

        return in_tensorflow(scene, _name(broken))


def _remedy(broken: Break) -> str:
    known = broken.remedy or COUNTERPARTS.get(_name(broken))
    return f"use {known}" if known else "compute it with TensorFlow's own functions"


def _name(broken: Break) -> str:
    """The name in the table; from the step's text only where that is unmistakable."""
    if broken.operation:
        name = broken.operation.removeprefix("numpy.")
        return _FORMERLY.get(name, name)
    for module in ("np.", "numpy."):
        if broken.step.startswith(module):
            return broken.step.removeprefix(module).removesuffix("()")
    return ""
