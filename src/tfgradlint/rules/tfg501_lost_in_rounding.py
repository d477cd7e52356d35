"""TFG501: a small number that was to keep a logarithm or a quotient from zero is lost in rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.rules.base import REQUESTS, Break, Quotes, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene
    from tfgradlint.flow.verdict.judgements import Reason

#: What becomes of it.
_SEEN = {
    Way.FOLDED: "a compiled function adds the {lost} to the constant first, where {dtype} loses it",
    Way.ABSORBED: "the {lost} is lost in {dtype} beside so large a number",
    Way.BOUND: "1 - {lost} is 1 in {dtype}, which bounds nothing",
    Way.VANISHED: "{lost} is 0 in {dtype}",
}


class LostInRounding(Rule):
    """An epsilon, or a bound, that was to keep a logarithm or a quotient from zero is lost in rounding.

    ## What it does
    Reports `1 - p + epsilon` under a logarithm or below a fraction line where the function is compiled (`tf.function`,
    a `train_step` or a loss that Keras compiles), the epsilon is too small to be added to the one, and `p` comes from
    a sigmoid, a softmax, a clip or a model that ends in one; sums that lose it in every mode, as `1 - (p - epsilon)`
    does; a clip to `1 - epsilon` that is a clip to 1; and `p + epsilon` in half precision, where the epsilon is 0.

    No finding: an epsilon above 6e-8 (in double precision above 1.1e-16); the same sum where it runs step by step, or
    where `1 - p` is used a second time; `tf.maximum(1 - p, epsilon)`.

    ## Why it matters
    Single precision has no number between 1 - 6e-8 and 1. The optimiser of TensorFlow's graphs moves constants
    together: `(1 - p) + 1e-8` becomes `(1 + 1e-8) - p`, and that is `1 - p`. The loss that is finite step by step is
    infinite in the compiled function, and its gradient NaN, as soon as one sigmoid is 1, for inputs from 17 on.
    `1 - 1e-8` as the bound of a clip is 1 everywhere.

    ## Example
    ```python
    import tensorflow as tf

    EPSILON = 1e-8
    weight = tf.Variable([[2.0], [-1.0]])


    def loss_of(x, y):
        p = tf.sigmoid(x @ weight)
        right = y * tf.math.log(p + EPSILON)
        wrong = (1.0 - y) * tf.math.log(1.0 - p + EPSILON)  # expect: -; function: TFG501; jit: TFG501
        return -tf.reduce_mean(right + wrong)


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = loss_of(x, y)
        return tape.gradient(loss, weight)  # outcome: flows; function: nonfinite; jit: nonfinite


    print(train_step(tf.constant([[1.0, 2.0], [15.0, 0.5]]), tf.constant([[0.0], [0.0]])))
    ```

    ## Use instead
    A bound is not moved.

    ```python
    import tensorflow as tf

    EPSILON = 1e-7
    weight = tf.Variable([[2.0], [-1.0]])


    def loss_of(x, y):
        p = tf.sigmoid(x @ weight)
        right = y * tf.math.log(tf.maximum(p, EPSILON))
        wrong = (1.0 - y) * tf.math.log(tf.maximum(1.0 - p, EPSILON))
        return -tf.reduce_mean(right + wrong)


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = loss_of(x, y)
        return tape.gradient(loss, weight)  # outcome: flows


    print(train_step(tf.constant([[1.0, 2.0], [15.0, 0.5]]), tf.constant([[0.0], [0.0]])))
    ```

    Better still, `tf.nn.sigmoid_cross_entropy_with_logits` needs no epsilon.

    ## References
    - [TensorFlow graph optimization with Grappler](https://www.tensorflow.org/guide/graph_optimization), the
      arithmetic optimizer.
    - [tf.keras.config.epsilon](https://www.tensorflow.org/api_docs/python/tf/keras/config/epsilon) is 1e-7.
    """

    code = "TFG501"
    name = "lost-in-rounding"
    outcome = "nonfinite"
    cause = Cause.LOST_IN_ROUNDING
    with_arguments = True

    def step(self, reason: Reason, quotes: Quotes) -> str:
        written = super().step(reason, quotes)
        detail = reason.detail
        if not isinstance(detail, Unstable):
            return written
        return f"{written}: {_SEEN[detail.way].format(lost=f'{detail.limit:.3g}', dtype=detail.dtype)}"

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        detail = reason.detail
        if isinstance(detail, Unstable) and detail.way is Way.BOUND:
            return "1 - 1e-7"
        if isinstance(detail, Unstable) and detail.way is Way.VANISHED:
            return "1e-4"
        if isinstance(detail, Unstable) and detail.way is Way.FOLDED and detail.inner.expression is not None:
            return f"tf.maximum({quotes.text(detail.inner.expression)}, 1e-7)"
        return "tf.maximum(1 - p, 1e-7)"

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        vanished = isinstance(detail, Unstable) and detail.way is Way.VANISHED
        return (
            f"{'returns' if call in REQUESTS else 'trains with'} NaN once the value has come to {0 if vanished else 1}"
        )

    def message(self, broken: Break) -> str:
        """``step`` is the sum or the clip, and what becomes of the number in it."""
        return f"{broken.step}; {broken.consequence}; use {broken.remedy}"

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """A bound that works."""
        from tfgradlint.fixing.rounding import bounded

        return bounded(scene, broken.detail)
