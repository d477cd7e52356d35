"""TFG112: a request on a tape that never recorded."""

from __future__ import annotations

import re

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule


class IdleTape(Rule):
    """A tape that was never entered is asked for gradients.

    ## What it does
    Reports the first `gradient`, `jacobian` or `batch_jacobian` on a tape that was created, but never started
    with a `with` statement: the `with` was forgotten, it opens another tape, or it was not reached.

    A tape may be created long before it is entered, and it may be entered by a helper, a context manager
    of one's own, an `ExitStack` or `__enter__()`.

    ## Why it matters
    The request raises `RuntimeError: A non-persistent GradientTape can only be used to compute one set of
    gradients (or jacobians)`, which leads astray: it is raised for the first request as well, and with
    `persistent=True`.

    ## Example
    The `with` opens a second tape instead of the one that is asked:

    ```python
    import tensorflow as tf

    rate = tf.Variable(0.3)
    times = tf.constant([0.0, 1.0, 2.0])
    counts = tf.constant([5.0, 3.0, 2.0])


    def fit_step(step_size):  # modes: function, jit
        tape = tf.GradientTape()
        with tf.GradientTape():
            loss = tf.reduce_mean((5.0 * tf.exp(-rate * times) - counts) ** 2)
        gradient = tape.gradient(loss, rate)  # outcome: raises:RuntimeError  # expect: TFG112
        rate.assign_sub(step_size * gradient)
        return loss


    print(fit_step(0.01))
    ```

    ## Use instead
    ```python
    import tensorflow as tf

    rate = tf.Variable(0.3)
    times = tf.constant([0.0, 1.0, 2.0])
    counts = tf.constant([5.0, 3.0, 2.0])


    def fit_step(step_size):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((5.0 * tf.exp(-rate * times) - counts) ** 2)
        gradient = tape.gradient(loss, rate)  # outcome: flows
        rate.assign_sub(step_size * gradient)
        return loss


    print(fit_step(0.01))
    ```

    ## References
    - [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape): operations are recorded
      if they are executed within this context manager.
    """

    code = "TFG112"
    name = "idle-tape"
    outcome = "raises:RuntimeError"
    cause = Cause.TAPE_NEVER_ENTERED

    def message(self, broken: Break) -> str:
        """``request`` names the tape."""
        tape = re.split(r"\.(?:batch_)?(?:gradient|jacobian)\(", broken.request)[0]
        return (
            f"{tape or 'the tape'} was never entered and recorded nothing: {broken.consequence}; "
            f"put the computation into 'with {tape or 'tape'}:'"
        )
