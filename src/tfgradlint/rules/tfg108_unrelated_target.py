"""TFG108: the target does not depend on the source."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule


class UnrelatedTarget(Rule):
    """The target does not depend on the source at all.

    ## What it does
    Reports a request for the gradient of a target with respect to a source that took no part in
    computing it: a parameter that the forward pass forgets, a loss that was overwritten, a layer left
    out of a loop, the loss of another model, arguments in the wrong order (`tape.gradient(w, loss)`).

    Using only the shape or the dtype of the source is not depending on it. Where a list of targets or
    another path brings the source in, or where the answer is settled by data, nothing is reported.

    ## Why it matters
    The gradient is `None` and always will be: that parameter is never trained, whatever the data. Nothing
    else in the program shows it, as the loss goes down through the other parameters.

    ## Example
    ```python
    import tensorflow as tf

    weights = tf.Variable([0.5, -0.5])
    bias = tf.Variable(0.1)
    inputs, targets = tf.constant([[1.0, 2.0], [3.0, 1.0]]), tf.constant([1.0, 2.0])


    def predict(inputs, use_bias=False):
        outputs = tf.linalg.matvec(inputs, weights)
        return outputs + bias if use_bias else outputs


    def gradients():  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((predict(inputs) - targets) ** 2)
        return tape.gradient(loss, [weights, bias])  # outcome: flows, none  # expect: TFG108


    print(gradients())
    ```

    ## Use instead
    Bring the source into the target, or leave it out of the request. Where being unconnected is intended,
    say so with `unconnected_gradients=tf.UnconnectedGradients.ZERO`.

    ```python
    import tensorflow as tf

    weights = tf.Variable([0.5, -0.5])
    bias = tf.Variable(0.1)
    inputs, targets = tf.constant([[1.0, 2.0], [3.0, 1.0]]), tf.constant([1.0, 2.0])


    def predict(inputs, use_bias=False):
        outputs = tf.linalg.matvec(inputs, weights)
        return outputs + bias if use_bias else outputs


    def gradients():  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((predict(inputs, use_bias=True) - targets) ** 2)
        return tape.gradient(loss, [weights, bias])  # outcome: flows, flows


    print(gradients())
    ```

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      on getting a gradient of `None` when the target is not connected to the source.
    - [`tf.UnconnectedGradients`](https://www.tensorflow.org/api_docs/python/tf/UnconnectedGradients).
    """

    code = "TFG108"
    name = "unrelated-target"
    outcome = "none"
    cause = Cause.UNRELATED_TARGET

    def message(self, broken: Break) -> str:
        """It has no kinds."""
        others = broken.other_sources
        if not others:
            return (
                f"the target does not depend on {broken.source}: {broken.consequence}; "
                f"compute the target from {broken.source}, or take it out of the sources"
            )
        more = others[0] if len(others) == 1 else f"{len(others)} more sources"
        return (
            f"the target does not depend on {broken.source} or {more}: {broken.consequence}; "
            "compute the target from them, or take them out of the sources"
        )
