"""TFG403: gradients of one list of variables applied to another."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule


class MismatchedVariables(Rule):
    """The gradients of one list of variables are applied to another list.

    ## What it does
    Reports a call of `apply_gradients` or `apply` in which it is certain that a gradient is paired with another
    variable than the one it was computed for: `model.trainable_variables` against `model.variables` where a batch
    normalisation has moving statistics in between, the discriminator's gradients with the generator's variables, a
    list that is reversed, cut or filtered on one side only, sub-lists added in another order.

    No finding: lists that hold the same variables under other names (`trainable_weights`, `weights` of a model
    without state); pairs that are sorted or filtered as pairs; gradients that are applied on purpose to another
    network of the same structure (a worker's to the shared network, an adapted copy's to the weights it started
    from).

    ## Why it matters
    `zip` and the optimizer pair by position. They do not know what a gradient was computed for. Where the shapes
    differ, TensorFlow raises `InvalidArgumentError: Cannot update variable with shape ...` in the middle of the
    update, when the variables before have been changed already, and in a `tf.function` `ValueError` while it is
    traced. Where the shapes agree nothing raises: variables are moved by the gradients of others, a batch
    normalisation loses its statistics, and since `zip` ends with the shorter list the last variables never train.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1)


    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x)))
        gradients = tape.gradient(loss, model.trainable_variables)  # outcome: flows, flows, flows, flows
        pairs = zip(gradients, model.variables)
        optimizer.apply_gradients(pairs)  # expect: TFG403  # training: raises:InvalidArgumentError; keras 2: raises:ValueError


    train_step(tf.constant([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]]), tf.ones((2, 1)))
    ```

    ## Use instead
    Keep the list in a variable, and use it for both.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1)


    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x)))
        variables = model.trainable_variables
        gradients = tape.gradient(loss, variables)  # outcome: flows, flows, flows, flows
        optimizer.apply_gradients(zip(gradients, variables))  # training: all


    train_step(tf.constant([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]]), tf.ones((2, 1)))
    ```

    ## References
    - [Transfer learning and fine-tuning](https://keras.io/guides/transfer_learning/),
      trainable and non-trainable weights.
    - [`Optimizer.apply_gradients`](https://www.tensorflow.org/api_docs/python/tf/keras/optimizers/Optimizer#apply_gradients).
    """  # noqa: E501 - a comment cannot be broken

    code = "TFG403"
    name = "mismatched-variables"
    outcome = "raises:InvalidArgumentError"
    cause = Cause.MISMATCHED_VARIABLES

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        return ""

    def message(self, broken: Break) -> str:
        """``step`` is the optimizer's call."""
        result = f" and {broken.result}" if broken.result else ""
        return (
            f"{broken.step} pairs gradients with others' variables{result}; "
            "zip the gradients with the very list that was given to the tape"
        )
