"""TFG503: exponentials that overflow before a logarithm or a quotient undoes them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.rules.base import REQUESTS, Break, Quotes, Rule

if TYPE_CHECKING:
    import libcst as cst

    from tfgradlint.flow.verdict.judgements import Reason

_SEEN = {
    Way.LOG_SUM_EXP: "is the logarithm of a sum of exponentials",
    Way.SOFTPLUS: "is a softplus",
    Way.EXP_BY_SUM: "is a softmax",
}
#: What to write, with the exponent; and where that is not written out.
_INSTEAD = {
    Way.LOG_SUM_EXP: ("tf.reduce_logsumexp({})", "tf.reduce_logsumexp()"),
    Way.SOFTPLUS: ("tf.nn.softplus({})", "tf.nn.softplus()"),
    Way.EXP_BY_SUM: ("tf.nn.softmax({})", "tf.nn.softmax()"),
}


class Overflow(Rule):
    """A softplus, the logarithm of a sum of exponentials, or in half precision a softmax, is computed by hand.

    ## What it does
    Reports `tf.math.log(1 + tf.exp(x))`, `tf.math.log1p(tf.exp(x))` and `tf.math.log(tf.reduce_sum(tf.exp(x)))` on the
    way of a gradient where nothing bounds `x` from above, and in `float16` `tf.exp(x) / tf.reduce_sum(tf.exp(x))`.

    No finding: exponents that are known to stay below the limit: `-tf.abs(x)`, `-tf.square(x)`, `x - tf.reduce_max(x)`,
    what was clipped, a `tanh`, a cosine over a temperature that is not too small; `tf.exp` under a gradient of the
    program's own (`tf.custom_gradient`).

    ## Why it matters
    The exponential of 89 is infinite in single precision, that of 12 in half precision. The logarithm of infinity is
    infinite, although the result would have been 89, and the gradient, infinity divided by infinity, is NaN.

    ## Example
    ```python
    import tensorflow as tf

    weight = tf.Variable([[2.0, 0.5], [-1.0, 1.5]])


    def log_partition(x):
        energies = x @ weight
        return tf.math.log(tf.reduce_sum(tf.exp(energies), axis=-1))  # expect: TFG503


    def train_step(x):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(log_partition(x))
        return tape.gradient(loss, weight)  # outcome: nonfinite


    print(train_step(tf.constant([[1.0, 2.0], [50.0, 0.5]])))
    ```

    ## Use instead
    ```python
    import tensorflow as tf

    weight = tf.Variable([[2.0, 0.5], [-1.0, 1.5]])


    def log_partition(x):
        energies = x @ weight
        return tf.reduce_logsumexp(energies, axis=-1)


    def train_step(x):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(log_partition(x))
        return tape.gradient(loss, weight)  # outcome: flows


    print(train_step(tf.constant([[1.0, 2.0], [50.0, 0.5]])))
    ```

    ## References
    - [tf.reduce_logsumexp](https://www.tensorflow.org/api_docs/python/tf/math/reduce_logsumexp): "avoids overflows
      caused by taking the exp of large inputs".
    - [tf.math.softplus](https://www.tensorflow.org/api_docs/python/tf/math/softplus).
    """

    code = "TFG503"
    name = "overflow"
    outcome = "nonfinite"
    cause = Cause.OVERFLOW
    with_arguments = True

    def step(self, reason: Reason, quotes: Quotes) -> str:
        written = super().step(reason, quotes)
        detail = reason.detail
        return f"{written} {_SEEN[detail.way]} by hand" if isinstance(detail, Unstable) else written

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        detail = reason.detail
        if not isinstance(detail, Unstable):
            return ""
        written, hidden = _INSTEAD[detail.way]
        given = _exponent(detail.inner.expression)
        return written.format(quotes.text(given)) if given is not None else hidden

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        limit = math.ceil(detail.limit) if isinstance(detail, Unstable) else 0
        return f"{'returns' if call in REQUESTS else 'trains with'} NaN for exponents above {limit}"

    def message(self, broken: Break) -> str:
        """``step`` is the computation and what it is."""
        return f"{broken.step}: {broken.consequence}; use {broken.remedy}"


def _exponent(expression: cst.CSTNode | None) -> cst.BaseExpression | None:
    """The argument of a call of ``exp``."""
    import libcst as cst

    if not isinstance(expression, cst.Call) or len(expression.args) != 1 or expression.args[0].star:
        return None
    function = expression.func.attr if isinstance(expression.func, cst.Attribute) else expression.func
    return expression.args[0].value if isinstance(function, cst.Name) and function.value == "exp" else None
