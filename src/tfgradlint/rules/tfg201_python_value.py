"""TFG201: a tensor becomes a Python or NumPy value on the only path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.fixing.counterparts import MATH_COUNTERPARTS
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene

_DETOURS = {
    "numpy": "go on with the tensor, .numpy() is for log lines",
    "item": "go on with the tensor, a TensorFlow tensor has no .item()",
    "tolist": "go on with the tensor, tf.unstack() makes a list of tensors",
    "float": "go on with the tensor, float() is for log lines",
    "int": "go on with the tensor: a whole number has no gradient",
    "bool": "weigh both cases with a smooth gate such as tf.sigmoid()",
}


class PythonValue(Rule):
    """A tensor becomes a Python number or an array on the only path from source to target.

    ## What it does
    Reports `.numpy()`, `.item()`, `.tolist()`, `float()`, `int()`, `bool()` and functions of the `math`
    module when they are given a tensor and everything between source and target goes through their result.

    Values for log lines, for early stopping, for a learning rate are no finding, and neither are sizes
    (`int(x.shape[0])`, `len(x)`, `math.sqrt(depth)`) or a number that multiplies a tensor which itself
    carries the gradient. The builtins `sum()`, `max()`, `min()`, `abs()`, `pow()`, `sorted()` and even `math.prod()`
    give tensors for tensors.

    ## Why it matters
    A number knows nothing of the operations that made it: whatever is computed from it is a constant for the
    tape, and the request returns `None`. Where the number is itself the target the request raises, with an
    `AttributeError` or a `TypeError` that does not say why.

    In a `tf.function` it depends on the step. `float()` is turned into a cast and the gradient flows, `int()`
    becomes an integer cast without one; `.numpy()`, `bool()` and `math` functions raise while the function is
    traced.

    ## Example
    ```python
    import tensorflow as tf

    log_precision = tf.Variable(0.3)
    mean = tf.Variable([0.5, -1.0])


    def weighted_error(x, centre, log_scale):
        precision = tf.exp(log_scale).numpy()  # expect: TFG201
        return precision * tf.reduce_sum(tf.square(x - centre))


    def fit_step(x):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = weighted_error(x, mean, log_precision)
        sources = [mean, log_precision]
        return tape.gradient(  # outcome: flows, none; function: raises:AttributeError; jit: raises:AttributeError
            loss, sources
        )


    print(fit_step(tf.constant([1.0, 2.0])))
    ```

    ## Use instead
    Go on with the tensor, and take the number out only where a number is wanted.

    ```python
    import tensorflow as tf

    log_precision = tf.Variable(0.3)
    mean = tf.Variable([0.5, -1.0])


    def weighted_error(x, centre, log_scale):
        precision = tf.exp(log_scale)
        return precision * tf.reduce_sum(tf.square(x - centre))


    def fit_step(x):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = weighted_error(x, mean, log_precision)
        sources = [mean, log_precision]
        return tape.gradient(loss, sources)  # outcome: flows, flows


    print([float(tf.norm(gradient)) for gradient in fit_step(tf.constant([1.0, 2.0]))])
    ```

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      "Did calculations outside of TensorFlow".
    - [AutoGraph](https://www.tensorflow.org/guide/function), on what a `tf.function` does with Python.
    """

    code = "TFG201"
    name = "python-value"
    outcome = "none"
    cause = Cause.PYTHON_VALUE
    step_by_step = True

    def refused_where(self, raised: str) -> str:
        return " on a placeholder" if raised == "ValueError" else " in a tf.function"

    def message(self, broken: Break) -> str:
        """``operation`` is the canonical name of the step (``numpy``, ``float``, ``math.exp``), where known."""
        return f"{broken.step} takes the value out of TensorFlow: {broken.consequence}; {_remedy(broken)}"

    def advice(self, broken: Break) -> str:
        return _remedy(broken)

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Go on with the tensor: safe where the value is nowhere used as a number of Python."""
        from tfgradlint.fixing.values import undone

        return undone(scene)


def _remedy(broken: Break) -> str:
    name = (broken.operation or broken.step).removesuffix("()").rsplit(".", 1)[-1]
    if broken.remedy or name in MATH_COUNTERPARTS:
        return f"use {broken.remedy or MATH_COUNTERPARTS[name]}"
    return _DETOURS.get(name, "go on with the tensor and TensorFlow's functions")
