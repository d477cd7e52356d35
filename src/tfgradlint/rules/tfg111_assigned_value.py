"""TFG111: the value went through a variable's `assign`."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule


class AssignedValue(Rule):
    """The value was stored in a variable, and read back from it.

    ## What it does
    Reports an assignment to a variable on the only path from the source to the target: `assign`,
    `assign_add`, `assign_sub`, the `scatter_` methods, the assignment to a slice of a variable. What
    these calls return is the variable again.

    An assignment is no finding when the loss uses the tensor that was assigned, when another path carries
    the gradient, when it comes after what the loss uses, or when the request asks for the variable
    itself: its own gradient flows, as if the new value had always been there.

    ## Why it matters
    A variable keeps numbers, not how they were computed. For everything the stored value was computed from
    the request returns `None`, without a warning. Sums kept with `assign_add`, weights written
    into a layer by another network and buffers filled step by step all fail this way.

    ## Example
    The loss is summed in a variable:

    ```python
    import tensorflow as tf

    slope = tf.Variable(0.5)
    total = tf.Variable(0.0, trainable=False)
    batches = [([1.0, 2.0], [2.0, 4.0]), ([3.0, 4.0], [6.0, 8.0])]


    def step():  # modes: function, jit
        with tf.GradientTape() as tape:
            total.assign(0.0)
            for inputs, targets in batches:
                errors = slope * tf.constant(inputs) - tf.constant(targets)
                total.assign_add(tf.reduce_mean(errors**2))  # expect: TFG111
            loss = total / len(batches)
        gradient = tape.gradient(loss, slope)  # outcome: none
        if gradient is not None:
            slope.assign_sub(0.01 * gradient)
        return loss


    print(step())
    ```

    ## Use instead
    Sum tensors, and store the sum afterwards, if it is needed:

    ```python
    import tensorflow as tf

    slope = tf.Variable(0.5)
    total = tf.Variable(0.0, trainable=False)
    batches = [([1.0, 2.0], [2.0, 4.0]), ([3.0, 4.0], [6.0, 8.0])]


    def step():  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = 0.0
            for inputs, targets in batches:
                errors = slope * tf.constant(inputs) - tf.constant(targets)
                loss += tf.reduce_mean(errors**2) / len(batches)
        gradient = tape.gradient(loss, slope)  # outcome: flows
        total.assign(loss)
        slope.assign_sub(0.01 * gradient)
        return loss


    print(step())
    ```

    ## References
    - [Introduction to gradients](https://www.tensorflow.org/guide/autodiff), "Took gradients through a
      stateful object".
    - [`tf.Variable.assign`](https://www.tensorflow.org/api_docs/python/tf/Variable#assign)
    """

    code = "TFG111"
    name = "assigned-value"
    outcome = "none"
    cause = Cause.ASSIGNED

    def message(self, broken: Break) -> str:
        """``step`` is the assignment, as in ``total.assign_add()``."""
        return (
            f"{broken.step} stores the value without how it was computed: {broken.consequence}; "
            "compute the target from the tensor itself, and assign it afterwards"
        )
