"""TFG306: tf.stop_gradient on every path."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule


class StopGradient(Rule):
    """`tf.stop_gradient` stands on every path from source to target.

    ## What it does
    Reports `tf.stop_gradient`, called by whatever name, where the request asks for the very gradient that it stops.

    No finding where another path carries the gradient: bootstrapped targets and advantages, straight-through
    estimators, the stopped side of a siamese net, truncated backpropagation, a subtracted maximum. No finding
    either where the stopped variables are not asked for, as in a discriminator's step.

    ## Why it matters
    `tf.stop_gradient` does what it says, so the request returns `None`. The usual slips are one bracket too far
    out, a helper for targets that is used for predictions too, a loss that is built on a stopped advantage, and a
    forgotten switch for frozen layers. Where other variables have a path of their own, the loss still falls.

    ## Example
    ```python
    import tensorflow as tf

    actor = tf.Variable([[0.2, -0.1], [0.4, 0.3]], name="actor")
    critic = tf.Variable([0.5, -0.5], name="critic")


    def train_step(states, actions, returns):  # modes: function, jit
        with tf.GradientTape() as tape:
            values = tf.linalg.matvec(states, critic)
            advantage = tf.stop_gradient(returns - values)  # expect: TFG306
            chosen = tf.reduce_sum(tf.nn.log_softmax(states @ actor) * tf.one_hot(actions, 2), axis=-1)
            loss = tf.reduce_mean(tf.square(advantage) - chosen * advantage)
        return tape.gradient(loss, [actor, critic])  # outcome: flows, none


    print(train_step(tf.constant([[1.0, 0.0], [0.5, 1.0]]), tf.constant([0, 1]), tf.constant([1.0, -0.5])))
    ```

    ## Use instead
    Stop the value where it serves as a constant, and only there.

    ```python
    import tensorflow as tf

    actor = tf.Variable([[0.2, -0.1], [0.4, 0.3]], name="actor")
    critic = tf.Variable([0.5, -0.5], name="critic")


    def train_step(states, actions, returns):  # modes: function, jit
        with tf.GradientTape() as tape:
            values = tf.linalg.matvec(states, critic)
            advantage = returns - values
            chosen = tf.reduce_sum(tf.nn.log_softmax(states @ actor) * tf.one_hot(actions, 2), axis=-1)
            loss = tf.reduce_mean(tf.square(advantage) - chosen * tf.stop_gradient(advantage))
        return tape.gradient(loss, [actor, critic])  # outcome: flows, flows


    print(train_step(tf.constant([[1.0, 0.0], [0.5, 1.0]]), tf.constant([0, 1]), tf.constant([1.0, -0.5])))
    ```

    ## References
    - [tf.stop_gradient](https://www.tensorflow.org/api_docs/python/tf/stop_gradient).
    - [Advanced automatic differentiation](https://www.tensorflow.org/guide/advanced_autodiff), "Stop gradient".
    """

    code = "TFG306"
    name = "stop-gradient"
    outcome = "none"
    cause = Cause.STOP_GRADIENT

    def message(self, broken: Break) -> str:
        """It has no kinds."""
        where = f"every path to {broken.source}" if broken.source else "every path"
        remedy = broken.remedy or "stop only the values that serve as constants, or do not ask for this gradient"
        return f"{broken.step} stands on {where}: {broken.consequence}; {remedy}"
