"""TFG203: tf.numpy_function on the only path."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

_REMEDY = "TensorFlow's operations, or give it a gradient with tf.custom_gradient"


class NumpyCallback(Rule):
    """`tf.numpy_function` lies on the only path from source to target.

    ## What it does
    Reports a call of `tf.numpy_function` whose result is all that the target knows of the source.

    No finding where the result is only printed, used as an index or as a constant target, where the call
    prepares data in a `tf.data` pipeline, and where it stands inside `tf.custom_gradient` or in the stopped half
    of a straight-through estimator. `tf.py_function` records the TensorFlow operations of its body and keeps
    their gradient.

    ## Why it matters
    `tf.numpy_function` looks like an operation and fits into every graph, but TensorFlow cannot see into the
    function and has no gradient for it: the request returns `None`, without a warning, eagerly and in a
    `tf.function` alike. Under `jit_compile=True` the program cannot be compiled at all.

    ## Example
    ```python
    import numpy as np
    import tensorflow as tf

    kernel = tf.Variable([[0.5, -0.2], [0.1, 0.3]], name="kernel")
    bias = tf.Variable([0.1, 0.2], name="bias")


    def running_total(values):
        return tf.numpy_function(np.cumsum, [values], tf.float32)  # expect: TFG203


    def train_step(x, target):  # modes: function
        with tf.GradientTape() as tape:
            consumption = tf.nn.softplus(tf.linalg.matvec(kernel, x))
            predicted = running_total(consumption) + bias
            loss = tf.reduce_mean(tf.square(predicted - target))
        return tape.gradient(loss, [kernel, bias])  # outcome: none, flows


    print(train_step(tf.constant([1.0, 2.0]), tf.constant([0.5, 2.0])))
    ```

    ## Use instead
    Nearly every NumPy function has a TensorFlow counterpart. Where there is none, `tf.custom_gradient` around the
    callback says what its derivative is.

    ```python
    import tensorflow as tf

    kernel = tf.Variable([[0.5, -0.2], [0.1, 0.3]], name="kernel")
    bias = tf.Variable([0.1, 0.2], name="bias")


    def running_total(values):
        return tf.cumsum(values)


    def train_step(x, target):  # modes: function, jit
        with tf.GradientTape() as tape:
            consumption = tf.nn.softplus(tf.linalg.matvec(kernel, x))
            predicted = running_total(consumption) + bias
            loss = tf.reduce_mean(tf.square(predicted - target))
        return tape.gradient(loss, [kernel, bias])  # outcome: flows, flows


    print(train_step(tf.constant([1.0, 2.0]), tf.constant([0.5, 2.0])))
    ```

    ## References
    - [tf.numpy_function](https://www.tensorflow.org/api_docs/python/tf/numpy_function), which names
      `tf.py_function` for what has to be differentiated.
    - [tf.custom_gradient](https://www.tensorflow.org/api_docs/python/tf/custom_gradient).
    """

    code = "TFG203"
    name = "numpy-callback"
    outcome = "none"
    cause = Cause.NUMPY_CALLBACK

    def message(self, broken: Break) -> str:
        """It has no kinds."""
        return f"{broken.step} passes no gradient on: {broken.consequence}; {self.advice(broken)}"

    def advice(self, broken: Break) -> str:
        return f"use {broken.remedy or _REMEDY}"
