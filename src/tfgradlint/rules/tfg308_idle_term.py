"""TFG308: a term of the loss that adds nothing to the gradient."""

from __future__ import annotations

from dataclasses import replace

from tfgradlint.flow.graph.breaks import Idle
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.verdict.judgements import Reason
from tfgradlint.rules.base import Break, Quotes, Rule


class IdleTerm(Rule):
    """A term of the loss adds nothing to the gradient, as its value was taken out of TensorFlow.

    ## What it does
    Reports the step that takes a term of a sum to Python, to NumPy or through `predict`, where the term depends on the
    weights that are asked for, no gradient comes from it to any of them, and another term carries one.

    Sums are `+`, `-`, `+=`, `sum()`, `tf.add_n`, means and sums over a stack, each with constant factors. No finding
    for a term that is stopped with `tf.stop_gradient`, for sizes and integers, for what does not depend on a weight,
    for a factor, for what stands inside a square or another curve, or where the term is all that a weight gets: the
    rule of the step itself reports that.

    ## Why it matters
    The value of the loss is right, no gradient is `None`, nothing warns, and training goes on: by the other terms
    alone. A penalty, a divergence or a boundary condition that is computed so is only logged. Whatever its weight is,
    the gradient stays the same.

    ## Example
    ```python
    import numpy as np
    import tensorflow as tf

    mean = tf.Variable([0.5, -1.0], name="mean")


    def gradient(x, weight):
        with tf.GradientTape() as tape:
            error = tf.reduce_mean(tf.square(x - mean))
            divergence = tf.reduce_sum(tf.square(mean))
            total = error + weight * float(divergence)  # expect: TFG308
        return tape.gradient(total, mean)  # outcome: flows


    x = tf.constant([1.0, 2.0])
    assert np.array_equal(gradient(x, 0.0), gradient(x, 1000.0))
    ```

    ## Use instead
    Keep every term a tensor of TensorFlow, and take a number out for the log line alone.

    ```python
    import numpy as np
    import tensorflow as tf

    mean = tf.Variable([0.5, -1.0], name="mean")


    def gradient(x, weight):
        with tf.GradientTape() as tape:
            error = tf.reduce_mean(tf.square(x - mean))
            divergence = tf.reduce_sum(tf.square(mean))
            total = error + weight * divergence
        return tape.gradient(total, mean)  # outcome: flows


    x = tf.constant([1.0, 2.0])
    assert not np.array_equal(gradient(x, 0.0), gradient(x, 1000.0))
    ```

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      "Did calculations outside of TensorFlow".
    """

    code = "TFG308"
    name = "idle-term"
    outcome = "flows"
    cause = Cause.IDLE_TERM

    def subject(self, reason: Reason, quotes: Quotes) -> str:
        """The term."""
        term = reason.detail.term if isinstance(reason.detail, Idle) else reason.site
        node = term.expression or term.statement
        return quotes.text(node) if node is not None else ""

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        from tfgradlint.rules import rule_for

        detail = reason.detail
        rule = rule_for(detail.cause) if isinstance(detail, Idle) else None
        if rule is None or not isinstance(detail, Idle):
            return ""
        return rule.remedy(reason._replace(cause=detail.cause, detail=detail.step), quotes)

    def aftermath(self, detail: Detail | None, call: str) -> str:
        return "gets its gradient from the other terms alone"

    def message(self, broken: Break) -> str:
        """``source`` is the term, ``step`` takes it out of TensorFlow; ``detail`` is an :class:`Idle`."""
        why = self.why(broken)
        return f"{broken.source} adds nothing to the gradient, as {why}: {broken.consequence}; {self.advice(broken)}"

    def why(self, broken: Break) -> str:
        """What becomes of the term, in the middle of a sentence."""
        return f"{broken.step} takes it out of TensorFlow"

    def advice(self, broken: Break) -> str:
        from tfgradlint.rules import rule_for

        if not isinstance(broken.detail, Idle):
            return _KEEP
        rule = rule_for(broken.detail.cause)
        found = rule.advice(replace(broken, cause=broken.detail.cause, detail=broken.detail.step)) if rule else ""
        return found or _KEEP


_KEEP = "keep the term a tensor of TensorFlow"
