"""TFG908 (opt-in): a term of the loss that is rounded, compared, or computed before the tape."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import Idle
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break
from tfgradlint.rules.tfg308_idle_term import IdleTerm


class TermWithoutGradient(IdleTerm):
    """A term of the loss adds nothing to the gradient: it is rounded, compared, or computed before the tape.

    ## What it does
    Reports the step through which a term of a sum loses its gradient, where the term depends on the weights that are
    asked for, no gradient comes from it to any of them, and another term carries one: rounding, a comparison, an
    operation without a gradient, a value from before the tape.

    Off unless it is selected (`--select TFG908` or `--extend-select TFG908`): such a term may be there for the value of
    the loss. Where the term was taken to Python or to NumPy, TFG308 speaks. No finding for what TFG308 leaves out.

    ## Why it matters
    A penalty on the number of active units, or on the error after rounding, has the right value and trains nothing. It
    looks as if the weight of the term were too small.

    ## Example
    ```python
    import numpy as np
    import tensorflow as tf

    w = tf.Variable([0.5, -1.0, 2.0], name="w")


    def gradient(x, weight):  # modes: function
        with tf.GradientTape() as tape:
            error = tf.reduce_mean(tf.square(w * x - 1.0))
            active = tf.reduce_sum(tf.cast(tf.abs(w) > 0.1, tf.float32))  # expect: TFG908
            total = error + weight * active
        return tape.gradient(total, w)  # outcome: flows


    x = tf.constant([1.0, 2.0, 3.0])
    assert np.array_equal(gradient(x, tf.constant(0.0)), gradient(x, tf.constant(1000.0)))
    ```

    ## Use instead
    Use a smooth measure in the loss, and count for the log line.

    ```python
    import numpy as np
    import tensorflow as tf

    w = tf.Variable([0.5, -1.0, 2.0], name="w")


    def gradient(x, weight):  # modes: function
        with tf.GradientTape() as tape:
            error = tf.reduce_mean(tf.square(w * x - 1.0))
            active = tf.reduce_sum(tf.sigmoid((tf.abs(w) - 0.1) * 5.0))
            total = error + weight * active
        return tape.gradient(total, w)  # outcome: flows


    x = tf.constant([1.0, 2.0, 3.0])
    assert not np.array_equal(gradient(x, tf.constant(0.0)), gradient(x, tf.constant(1000.0)))
    ```

    ## References
    - [Advanced automatic differentiation](https://www.tensorflow.org/guide/advanced_autodiff), "Custom gradients".
    """

    code = "TFG908"
    name = "term-without-gradient"
    outcome = "flows"
    cause = Cause.TERM_WITHOUT_GRADIENT

    def advice(self, broken: Break) -> str:
        found = super().advice(broken)
        return found or "use a smooth measure in the loss"

    def why(self, broken: Break) -> str:
        if isinstance(broken.detail, Idle) and broken.detail.cause is Cause.OFF_TAPE:
            return f"{broken.step} was computed before the tape started"
        return f"{broken.step} has no gradient"
