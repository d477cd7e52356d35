"""TFG505: a step without a slope at zero, of what a relu has made zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.hazards import Unstable
from tfgradlint.rules.base import REQUESTS, Break, Quotes, Rule

if TYPE_CHECKING:
    from tfgradlint.flow.verdict.judgements import Reason


class BehindRelu(Rule):
    """A root, a logarithm or a quotient is taken of what a `relu` has made zero.

    ## What it does
    Reports `tf.sqrt`, `tf.math.rsqrt`, `tf.math.log`, a power below one and a division where what they are given comes
    straight from `tf.nn.relu` (or `relu6`, or a layer with that activation) of something that may be negative.

    No finding: `tf.nn.relu(x) + epsilon`; a `relu` of what cannot be negative; `tf.maximum(x, 0.0)` and
    `tf.clip_by_value(x, 0.0, 1.0)`, whose gradients choose instead of multiplying; functions under
    `jit_compile=True`, where XLA makes the gradient zero.

    ## Why it matters
    For every negative `x` the slope of the root is infinite, that of the `relu` is zero, and TensorFlow multiplies
    them: NaN, although the value, 0, looks right. About half of all inputs of a `relu` are negative.

    ## Example
    ```python
    import tensorflow as tf

    weight = tf.Variable([[2.0], [-1.0]])


    def amplitude(x):
        power = tf.nn.relu(x @ weight)
        return tf.sqrt(power)  # expect: TFG505


    def train_step(x):  # modes: function
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(amplitude(x))
        return tape.gradient(loss, weight)  # outcome: nonfinite


    print(train_step(tf.constant([[1.0, 3.0], [2.0, 0.5]])))
    ```

    ## Use instead
    A bound above zero: the gradient of `tf.maximum` is zero below it.

    ```python
    import tensorflow as tf

    weight = tf.Variable([[2.0], [-1.0]])


    def amplitude(x):
        power = tf.maximum(x @ weight, 1e-7)
        return tf.sqrt(power)


    def train_step(x):  # modes: function
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(amplitude(x))
        return tape.gradient(loss, weight)  # outcome: flows


    print(train_step(tf.constant([[1.0, 3.0], [2.0, 0.5]])))
    ```

    ## References
    - [tf.nn.relu](https://www.tensorflow.org/api_docs/python/tf/nn/relu),
      [tf.math.maximum](https://www.tensorflow.org/api_docs/python/tf/math/maximum).
    """

    code = "TFG505"
    name = "behind-relu"
    outcome = "nonfinite"
    cause = Cause.BEHIND_RELU
    with_arguments = True

    def step(self, reason: Reason, quotes: Quotes) -> str:
        written = super().step(reason, quotes)
        detail = reason.detail
        if not isinstance(detail, Unstable) or detail.inner.expression is None:
            return written
        made = quotes.text(detail.inner.expression)
        where = quotes.where(detail.inner)
        elsewhere = f" {where}" if where != quotes.where(reason.site) else ""
        return f"{written} has no slope where {made}{elsewhere} is 0"

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        return f"{'returns' if call in REQUESTS else 'trains with'} NaN where the relu cuts off"

    def message(self, broken: Break) -> str:
        """``step`` is the step and the ``relu`` that it follows."""
        return f"{broken.step}: {broken.consequence}; use tf.maximum() with a bound above 0, such as 1e-7"
