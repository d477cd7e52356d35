"""TFG504: a softmax over an axis of one element."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule


class AxisOfOne(Rule):
    """A softmax is taken over an axis of one element, and is 1 whatever it is given.

    ## What it does
    Reports `keras.layers.Dense(1, activation="softmax")`, and `tf.nn.softmax` over the last axis of what comes out of a
    layer of one unit or of a reduction that keeps its axis, where no other path carries a gradient: for an attention
    the weights of its scores, for a classifier all of them.

    No finding where Keras' own cross-entropies take the logits behind the softmax, and where the softmax goes over
    another axis.

    ## Why it matters
    One element divided by itself is 1. Its gradient is zero, everywhere and exactly: the loss is computed, the
    optimizer runs, and the weights stay what they were. An attention with such scores is a plain sum.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    hidden = keras.layers.Dense(4, activation="tanh")
    score = keras.layers.Dense(1, activation="softmax")
    hidden.build((None, 5, 3))
    score.build((None, 5, 4))
    readout = tf.Variable([0.5, -1.0, 2.0])


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            weights = score(hidden(x))  # expect: TFG504
            context = tf.reduce_sum(weights * x, axis=1)
            loss = tf.reduce_mean(tf.square(tf.linalg.matvec(context, readout) - y))
        return tape.gradient(loss, [hidden.kernel, score.kernel, readout])  # outcome: zero, zero, flows


    print(train_step(tf.random.normal((2, 5, 3)), tf.constant([1.0, -1.0])))
    ```

    ## Use instead
    The scores of one sequence stand along its steps.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    hidden = keras.layers.Dense(4, activation="tanh")
    score = keras.layers.Dense(1)
    hidden.build((None, 5, 3))
    score.build((None, 5, 4))
    readout = tf.Variable([0.5, -1.0, 2.0])


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            weights = tf.nn.softmax(score(hidden(x)), axis=1)
            context = tf.reduce_sum(weights * x, axis=1)
            loss = tf.reduce_mean(tf.square(tf.linalg.matvec(context, readout) - y))
        return tape.gradient(loss, [hidden.kernel, score.kernel, readout])  # outcome: flows, flows, flows


    print(train_step(tf.random.normal((2, 5, 3)), tf.constant([1.0, -1.0])))
    ```

    A classifier with one output takes `activation="sigmoid"`.

    ## References
    - [tf.nn.softmax](https://www.tensorflow.org/api_docs/python/tf/nn/softmax): `axis` is the last one unless told.
    """

    code = "TFG504"
    name = "axis-of-one"
    outcome = "zero"
    cause = Cause.AXIS_OF_ONE
    with_arguments = True

    def message(self, broken: Break) -> str:
        """``step`` is the softmax, or the call of the layer that ends in it."""
        return (
            f"{broken.step} takes a softmax over an axis of one element, which is 1 whatever it is given: "
            f"{broken.consequence}; take it over the other axis, or use a sigmoid"
        )
