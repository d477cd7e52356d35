"""TFG305: an operation whose gradient is zero everywhere on the only path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.rules.base import Break, Quotes, Rule
from tfgradlint.rules.remedies import quoted, remedy_for

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene
    from tfgradlint.flow.verdict.judgements import Reason


class ZeroGradient(Rule):
    """An operation whose gradient is zero everywhere lies on the only path from source to target.

    ## What it does
    Reports `tf.sign` (of real numbers), the sign that `tf.linalg.slogdet` gives, and the few other operations that
    have a gradient of nothing but zeros, where no other path carries a gradient.

    No finding where the sign is one factor beside a function of the value (`tf.sign(x) * tf.sqrt(tf.abs(x))`),
    where it picks a branch or makes a mask, where it is taken of a finished gradient (the fast gradient sign
    method, signSGD), in a straight-through estimator, and for complex numbers, of which `tf.sign` gives the
    direction.

    ## Why it matters
    `tf.round` and `tf.floor` at least give `None`, which an optimizer complains about. `tf.sign` gives zeros: a
    test for `None` passes, the optimizer applies them, nothing is reported and the variables never move.

    ## Example
    ```python
    import tensorflow as tf

    encoder = tf.Variable([[0.9, -0.4], [0.3, 1.2]], name="encoder")
    readout = tf.Variable([0.7, -0.6], name="readout")


    def code(x):
        return tf.sign(x @ encoder)  # expect: TFG305


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            predicted = tf.linalg.matvec(code(x), readout)
            loss = tf.reduce_mean(tf.square(predicted - y))
        return tape.gradient(loss, [encoder, readout])  # outcome: zero, flows


    print(train_step(tf.constant([[1.0, 2.0], [0.5, -1.0]]), tf.constant([1.0, 0.0])))
    ```

    ## Use instead
    Keep the hard value and let the gradient of a smooth one pass.

    ```python
    import tensorflow as tf

    encoder = tf.Variable([[0.9, -0.4], [0.3, 1.2]], name="encoder")
    readout = tf.Variable([0.7, -0.6], name="readout")


    def code(x):
        soft = tf.tanh(x @ encoder)
        return soft + tf.stop_gradient(tf.sign(soft) - soft)


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            predicted = tf.linalg.matvec(code(x), readout)
            loss = tf.reduce_mean(tf.square(predicted - y))
        return tape.gradient(loss, [encoder, readout])  # outcome: flows, flows


    print(train_step(tf.constant([[1.0, 2.0], [0.5, -1.0]]), tf.constant([1.0, 0.0])))
    ```

    ## References
    - [tf.math.sign](https://www.tensorflow.org/api_docs/python/tf/math/sign).
    - Hubara et al.: [Binarized Neural Networks](https://arxiv.org/abs/1602.02830), which train through the sign
      with a straight-through estimator.
    """

    code = "TFG305"
    name = "zero-gradient"
    outcome = "zero"
    cause = Cause.ZERO_GRADIENT

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        name = reason.detail.name if isinstance(reason.detail, Operation) else self.step(reason, quotes)
        return remedy_for(name, quoted(reason.site.expression, quotes))

    def message(self, broken: Break) -> str:
        """``operation`` is one such as ``tf.math.sign``, if ``step`` does not tell."""
        remedy = broken.remedy or remedy_for(broken.operation or broken.step)
        return f"{broken.step} is flat, its gradient is zero everywhere: {broken.consequence}; {remedy}"

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Unsafe: the hard value goes on, and the gradient passes straight through; perhaps it was to end there."""
        from tfgradlint.fixing.straight_through import straight_through

        return straight_through(scene)
