"""TFG502: the logarithm of a probability that was computed by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.rules.base import REQUESTS, Break, Quotes, Rule

if TYPE_CHECKING:
    import libcst as cst

    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene
    from tfgradlint.flow.verdict.judgements import Reason

#: What the logarithm is taken of, and for which inputs that is rounded to zero.
_SEEN = {
    Way.SIGMOID: ("a sigmoid", "inputs below -{}"),
    Way.NOT_SIGMOID: ("one minus a sigmoid", "inputs above {}"),
    Way.SOFTMAX: ("a softmax", "inputs {} below the largest one"),
    Way.NOT_SOFTMAX: ("one minus a softmax", "an input {} above the others"),
    Way.NOT_TANH_SQUARED: ("one minus the square of a tanh", "inputs beyond {}"),
}
#: What to write, with the argument of the inner function; and where that is not written out.
_INSTEAD = {
    Way.SIGMOID: ("tf.math.log_sigmoid({})", "tf.math.log_sigmoid() of the logits"),
    Way.NOT_SIGMOID: ("tf.math.log_sigmoid(-{})", "tf.math.log_sigmoid() of minus the logits"),
    Way.SOFTMAX: ("tf.nn.log_softmax({})", "tf.nn.log_softmax() of the logits"),
    Way.NOT_SOFTMAX: ("tf.maximum(1 - p, 1e-7)", "tf.maximum(1 - p, 1e-7)"),
    Way.NOT_TANH_SQUARED: ("2 * (math.log(2) - {0} - tf.nn.softplus(-2 * {0}))", "2 * (log 2 - x - softplus(-2 x))"),
}
#: The functions that make the probability. What else has one in it (a layer, a model) hides the logits.
_INNER = frozenset({"sigmoid", "softmax", "tanh"})


class LogOfProbability(Rule):
    """The logarithm of a sigmoid, of a softmax, or of one minus either, is computed by hand.

    ## What it does
    Reports `tf.math.log(p)` and `tf.math.log(1 - p)` on the way of a gradient where `p` comes straight from a sigmoid
    or a softmax: written beside it, kept in a variable, returned by a helper, or made by the activation of a model's
    last layer. So too the logarithm of `1 - tanh(x) ** 2`.

    No finding: `p + epsilon`, `tf.maximum(p, epsilon)` and a clip between them; inputs with known bounds
    (`tf.sigmoid(tf.tanh(x))`); the functions of TensorFlow and Keras that take logits, and Keras' own losses, which
    clip or find the logits themselves.

    ## Why it matters
    A sigmoid of single precision is exactly 1 from 17 on, and exactly 0 below -88; a softmax is 0 where an input lies
    88 below the largest one. The logarithm is then minus infinity, its slope is infinite, that of the sigmoid is
    zero, and their product is NaN. One such element makes the gradient of every weight NaN, after thousands of steps
    that were fine. In half precision 8 is enough.

    ## Example
    ```python
    import tensorflow as tf

    weight = tf.Variable([[2.0], [-1.0]])


    def log_likelihood(x, y):
        p = tf.sigmoid(x @ weight)
        return y * tf.math.log(p) + (1.0 - y) * tf.math.log(1.0 - p)  # expect: TFG502, TFG502


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(log_likelihood(x, y))
        return tape.gradient(loss, weight)  # outcome: nonfinite


    print(train_step(tf.constant([[1.0, 2.0], [15.0, 0.5]]), tf.constant([[0.0], [1.0]])))
    ```

    ## Use instead
    The logarithm of the sigmoid has a function of its own, which never leaves the numbers.

    ```python
    import tensorflow as tf

    weight = tf.Variable([[2.0], [-1.0]])


    def log_likelihood(x, y):
        logits = x @ weight
        return y * tf.math.log_sigmoid(logits) + (1.0 - y) * tf.math.log_sigmoid(-logits)


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(log_likelihood(x, y))
        return tape.gradient(loss, weight)  # outcome: flows


    print(train_step(tf.constant([[1.0, 2.0], [15.0, 0.5]]), tf.constant([[0.0], [1.0]])))
    ```

    ## References
    - [tf.math.log_sigmoid](https://www.tensorflow.org/api_docs/python/tf/math/log_sigmoid),
      [tf.nn.log_softmax](https://www.tensorflow.org/api_docs/python/tf/nn/log_softmax).
    - [tf.nn.sigmoid_cross_entropy_with_logits](https://www.tensorflow.org/api_docs/python/tf/nn/sigmoid_cross_entropy_with_logits),
      and `from_logits=True` of the losses of Keras.
    """

    code = "TFG502"
    name = "log-of-probability"
    outcome = "nonfinite"
    cause = Cause.LOG_OF_PROBABILITY
    with_arguments = True

    def step(self, reason: Reason, quotes: Quotes) -> str:
        written = super().step(reason, quotes)
        detail = reason.detail
        if not isinstance(detail, Unstable) or detail.inner.expression is None:
            return written
        where = quotes.where(detail.inner)
        elsewhere = f" {where}" if where != quotes.where(reason.site) else ""
        if _argument(detail.inner.expression) is None:
            elsewhere = f", the activation of what is called{elsewhere}"
        return f"{written} is the logarithm of {_SEEN[detail.way][0]}{elsewhere}"

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        detail = reason.detail
        if not isinstance(detail, Unstable):
            return ""
        written, hidden = _INSTEAD[detail.way]
        given = _argument(detail.inner.expression)
        if given is None:
            return hidden
        text = quotes.text(given)
        return written.format(text if "({})" in written else _bracketed(text, given))

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        inputs = _SEEN[detail.way][1].format(math.ceil(abs(detail.limit))) if isinstance(detail, Unstable) else ""
        return f"{'returns' if call in REQUESTS else 'trains with'} NaN for {inputs}"

    def message(self, broken: Break) -> str:
        """``step`` is the logarithm and what it is taken of."""
        return f"{broken.step}: {broken.consequence}; use {broken.remedy}"

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """The function of its own, where the probability is computed inside the logarithm."""
        from tfgradlint.fixing.probabilities import stable_log

        return stable_log(scene)


def _argument(expression: cst.CSTNode | None) -> cst.BaseExpression | None:
    """The only argument of a call that computes a probability."""
    import libcst as cst

    if not isinstance(expression, cst.Call) or len(expression.args) != 1 or expression.args[0].star:
        return None
    function = expression.func.attr if isinstance(expression.func, cst.Attribute) else expression.func
    named = isinstance(function, cst.Name) and function.value in _INNER
    return expression.args[0].value if named else None


def _bracketed(text: str, expression: cst.BaseExpression) -> str:
    import libcst as cst

    return text if not isinstance(expression, (cst.BinaryOperation, cst.UnaryOperation)) else f"({text})"
