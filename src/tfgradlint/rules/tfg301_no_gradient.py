"""TFG301: an operation without a gradient on the only path."""

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

#: Of a picture's size, where the gradient is differentiated again.
RESIZED_TWICE = "enlarge with tf.repeat() along both axes or tf.nn.conv2d_transpose(), shrink with tf.nn.avg_pool2d()"


class NoGradient(Rule):
    """An operation that has no gradient lies on the only path from source to target.

    ## What it does
    Reports a TensorFlow operation or operator without a gradient for the argument that leads to the source:
    `tf.round`, `tf.floor`, `x // 1.0`, `tf.argmax`, comparisons, `tf.argsort`, draws from
    `tf.random.categorical` and from discrete distributions, `tf.random.shuffle` of values, `tf.range` with
    float limits, `tf.image.hsv_to_rgb`, the parameters of some special functions.

    It is a finding only where nothing else carries the gradient. A mask that is multiplied with a value, an
    index for `tf.gather`, `tf.where(mask, a, b)`, `x - tf.floor(x)`, a straight-through estimator and a
    reported accuracy are all sound.

    ## Why it matters
    TensorFlow does not warn: the request returns `None`, whatever the data. Where other variables have a path
    of their own they train on, and the loss still falls.

    ## Example
    ```python
    import tensorflow as tf

    encoder = tf.Variable([[0.9, -0.4], [0.3, 1.2]])
    decoder = tf.Variable([[1.0, 0.2], [-0.3, 0.8]])


    def quantise(code, step=0.25):
        return tf.round(code / step) * step  # expect: TFG301


    def train_step(x):  # modes: function, jit
        with tf.GradientTape() as tape:
            restored = quantise(x @ encoder) @ decoder
            loss = tf.reduce_mean(tf.square(restored - x))
        return tape.gradient(loss, [encoder, decoder])  # outcome: none, flows


    print(train_step(tf.constant([[1.0, 2.0], [0.5, -1.0]])))
    ```

    ## Use instead
    Keep the rounded value and let the gradient pass beside it.

    ```python
    import tensorflow as tf

    encoder = tf.Variable([[0.9, -0.4], [0.3, 1.2]])
    decoder = tf.Variable([[1.0, 0.2], [-0.3, 0.8]])


    def quantise(code, step=0.25):
        rounded = tf.round(code / step) * step
        return code + tf.stop_gradient(rounded - code)


    def train_step(x):  # modes: function, jit
        with tf.GradientTape() as tape:
            restored = quantise(x @ encoder) @ decoder
            loss = tf.reduce_mean(tf.square(restored - x))
        return tape.gradient(loss, [encoder, decoder])  # outcome: flows, flows


    print(train_step(tf.constant([[1.0, 2.0], [0.5, -1.0]])))
    ```

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      "No gradient registered".
    - Bengio, Léonard, Courville: [Estimating or Propagating Gradients Through Stochastic
      Neurons](https://arxiv.org/abs/1308.3432), on the straight-through estimator.
    """

    code = "TFG301"
    name = "no-gradient"
    outcome = "none"
    cause = Cause.NO_GRADIENT

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        detail = reason.detail
        if isinstance(detail, Operation) and detail.second:
            return ""
        name = detail.name if isinstance(detail, Operation) else self.step(reason, quotes)
        argument = detail.argument if isinstance(detail, Operation) else ""
        return remedy_for(name, quoted(reason.site.expression, quotes), argument)

    def message(self, broken: Break) -> str:
        """``operation`` is one such as ``tf.math.greater``, if ``step`` does not tell."""
        whose = "the gradient of " if broken.second else ""
        of = f" for {broken.argument}" if broken.argument else ""
        return f"{whose}{broken.step} has no gradient{of}: {broken.consequence}; {self.advice(broken)}"

    def advice(self, broken: Break) -> str:
        name = broken.operation or broken.step
        if broken.second and name.rpartition(".")[2].startswith("resize"):
            return RESIZED_TWICE
        return broken.remedy or remedy_for(name, argument=broken.argument)

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Unsafe: the hard value goes on, and the gradient passes straight through; perhaps it was to end there."""
        from tfgradlint.fixing.straight_through import straight_through

        return straight_through(scene)
