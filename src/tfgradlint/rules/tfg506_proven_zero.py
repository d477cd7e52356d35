"""TFG506: a step without a value or a slope at zero is certainly given one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.rules.base import REQUESTS, Break, Quotes, Rule

if TYPE_CHECKING:
    from tfgradlint.flow.verdict.judgements import Reason

#: Why it is zero.
_SEEN = {
    Way.ZERO_WRITTEN: "has a 0 among its numbers",
    Way.ZERO_AT_FIRST: "begins with a 0",
    Way.ITSELF: "takes a value from itself",
    Way.PAIRS: "is 0 where an element meets itself",
    Way.MASKED: "is 0 where the mask is",
}
#: What to write.
_REMEDIES = {
    Way.PAIRS: "add a small number below the root, or put ones on the diagonal with tf.linalg.set_diag() before it",
    Way.MASKED: "put ones where the mask is 0 with tf.where() before this step",
    Way.OF_ONE: "take it over the other axis",
}


class ProvenZero(Rule):
    """A logarithm, a quotient, a root, a norm or a standard deviation is certainly given a zero.

    ## What it does
    Reports `tf.math.log`, divisions, `tf.sqrt`, `tf.math.rsqrt`, powers below one and `tf.norm` of values of which an
    element is zero whatever the inputs are: numbers that are written out, variables that begin with zero, `x - x`, the
    differences of all pairs `x[:, None] - x[None]`, a product with a mask. And `tf.math.reduce_std` over one element.

    No finding: a positive number is added first; `tf.math.divide_no_nan`; roots, norms and standard deviations whose
    gradient is masked behind them; zeros that nothing in the program proves.

    ## Why it matters
    The slope there is infinite, and it is multiplied with the zero slope of what comes before: NaN. The value may look
    right: the distance of a point from itself is 0, as it should be. One such element turns the gradients of all
    weights to NaN, and after one step of the optimizer the weights themselves.

    ## Example
    ```python
    import tensorflow as tf

    weight = tf.Variable([[1.0, 0.5], [-0.5, 2.0]])


    def spread_of(points):
        difference = points[:, None, :] - points[None, :, :]
        distance = tf.norm(difference, axis=2)  # expect: TFG506
        return tf.reduce_mean(distance)


    def train_step(x):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = spread_of(x @ weight)
        return tape.gradient(loss, weight)  # outcome: nonfinite


    print(train_step(tf.constant([[1.0, 3.0], [2.0, 0.5], [0.0, 1.0]])))
    ```

    ## Use instead
    A small number below the root.

    ```python
    import tensorflow as tf

    weight = tf.Variable([[1.0, 0.5], [-0.5, 2.0]])


    def spread_of(points):
        difference = points[:, None, :] - points[None, :, :]
        distance = tf.sqrt(tf.reduce_sum(tf.square(difference), axis=2) + 1e-12)
        return tf.reduce_mean(distance)


    def train_step(x):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = spread_of(x @ weight)
        return tape.gradient(loss, weight)  # outcome: flows


    print(train_step(tf.constant([[1.0, 3.0], [2.0, 0.5], [0.0, 1.0]])))
    ```

    ## References
    - [tf.norm](https://www.tensorflow.org/api_docs/python/tf/norm),
      [tf.math.divide_no_nan](https://www.tensorflow.org/api_docs/python/tf/math/divide_no_nan).
    """

    code = "TFG506"
    name = "proven-zero"
    outcome = "nonfinite"
    cause = Cause.PROVEN_ZERO
    with_arguments = True

    def step(self, reason: Reason, quotes: Quotes) -> str:
        written = super().step(reason, quotes)
        detail = reason.detail
        if not isinstance(detail, Unstable):
            return written
        if detail.way is Way.OF_ONE:
            return f"{written} goes over one element"
        seen = _SEEN[detail.way]
        if detail.inner.expression is None or detail.inner.expression is reason.site.expression:
            return f"{written} has no slope at 0, and what it is given {seen}"
        made = quotes.text(detail.inner.expression)
        where = quotes.where(detail.inner)
        elsewhere = f" {where}" if where != quotes.where(reason.site) else ""
        return f"{written} has no slope at 0, and {made}{elsewhere} {seen}"

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        way = reason.detail.way if isinstance(reason.detail, Unstable) else None
        return _REMEDIES.get(way, "keep it from 0 with tf.maximum() before this step") if way is not None else ""

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        first = " in the first step" if isinstance(detail, Unstable) and detail.way is Way.ZERO_AT_FIRST else ""
        return f"{'returns' if call in REQUESTS else 'trains with'} NaN or infinity{first}"

    def message(self, broken: Break) -> str:
        """``step`` is the step, and what is zero."""
        return f"{broken.step}: {broken.consequence}; {broken.remedy}"
