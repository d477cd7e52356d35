"""TFG204: a new tf.Variable made from a tensor on the only path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene


class NewVariable(Rule):
    """A value is put into a new `tf.Variable` on the only path from source to target.

    ## What it does
    Reports `tf.Variable(value)` where `value` depends on the source and the target knows the source only through
    the new variable.

    No finding for variables that are initialised from tensors and are then asked for themselves, for copies that
    are kept beside the path (moving averages, the best weights so far, caches, slots of an optimizer), and where
    the tensor itself also reaches the target.

    ## Why it matters
    A variable begins its life with its first value; what that value was computed from is not recorded. Everything
    computed from the variable can be differentiated with respect to the variable, nothing with respect to what was
    put in: the request returns `None`. In a `tf.function`, a variable that is created on every call raises
    `ValueError: tf.function only supports singleton tf.Variables created on the first call`.

    ## Example
    ```python
    import tensorflow as tf

    weights = [tf.Variable([[0.5], [-0.3]]), tf.Variable([0.1])]


    def loss_of(kernel, bias, x, y):
        return tf.reduce_mean(tf.square(x @ kernel + bias - y))


    def adapted(x, y, rate=0.1):
        with tf.GradientTape() as inner:
            loss = loss_of(*weights, x, y)
        slopes = inner.gradient(loss, weights)  # outcome: flows, flows
        return [tf.Variable(w - rate * slope) for w, slope in zip(weights, slopes)]  # expect: TFG204


    x, y = tf.constant([[1.0, 2.0], [0.5, -1.0]]), tf.constant([[1.0], [0.0]])
    with tf.GradientTape() as tape:
        outer_loss = loss_of(*adapted(x, y), x, y)
    print(tape.gradient(outer_loss, weights))  # outcome: none, none
    ```

    ## Use instead
    Go on with the tensor. Where something has to be assigned to, assign to a variable outside the path, or use
    `tf.tensor_scatter_nd_update` and its like, which return a new tensor.

    ```python
    import tensorflow as tf

    weights = [tf.Variable([[0.5], [-0.3]]), tf.Variable([0.1])]


    def loss_of(kernel, bias, x, y):
        return tf.reduce_mean(tf.square(x @ kernel + bias - y))


    def adapted(x, y, rate=0.1):
        with tf.GradientTape() as inner:
            loss = loss_of(*weights, x, y)
        slopes = inner.gradient(loss, weights)  # outcome: flows, flows
        return [w - rate * slope for w, slope in zip(weights, slopes)]


    x, y = tf.constant([[1.0, 2.0], [0.5, -1.0]]), tf.constant([[1.0], [0.0]])
    with tf.GradientTape() as tape:
        outer_loss = loss_of(*adapted(x, y), x, y)
    print(tape.gradient(outer_loss, weights))  # outcome: flows, flows
    ```

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff), "Took
      gradients through a stateful object".
    - [Better performance with tf.function](https://www.tensorflow.org/guide/function#creating_tfvariables), on
      creating variables.
    """

    code = "TFG204"
    name = "new-variable"
    outcome = "none"
    cause = Cause.NEW_VARIABLE
    covers = frozenset({Cause.CREATED_IN_CALL})
    step_by_step = True

    def message(self, broken: Break) -> str:
        """It has no kinds."""
        remedy = broken.remedy or "go on with the tensor itself, or ask for the gradient of the new variable"
        return f"{broken.step} does not know where its value came from: {broken.consequence}; {remedy}"

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Unsafe: go on with the tensor, which has no ``assign``."""
        from tfgradlint.fixing.values import initial

        return initial(scene)
