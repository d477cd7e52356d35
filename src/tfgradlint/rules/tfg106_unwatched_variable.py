"""TFG106: the tape does not watch the variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import Unwatched
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene


class UnwatchedVariable(Rule):
    """The tape does not watch the variable whose gradient is asked for.

    ## What it does
    Reports a request whose source is a `tf.Variable` that the tape never watched, although the target is
    computed from it. A tape watches a variable by itself when the variable is read while the tape records,
    with two exceptions: the variable was created with `trainable=False`, or the tape was created with
    `watch_accessed_variables=False`. In both cases only `tape.watch(variable)` before the variable is used
    makes the gradient appear.

    A frozen variable that no request names is no finding, nor is one that is watched by hand.

    ## Why it matters
    TensorFlow says nothing. The gradient is `None`; a training loop that skips `None` leaves the
    variable as it was, and one that does not fails later with a `TypeError` far from the cause.

    ## Example
    ```python
    import tensorflow as tf

    scale = tf.Variable(1.5, trainable=False)
    shift = tf.Variable(0.5)
    inputs, targets = tf.constant([1.0, 2.0]), tf.constant([2.0, 5.0])


    def loss():
        return tf.reduce_mean((scale * inputs + shift - targets) ** 2)


    def of_both():  # modes: function, jit
        with tf.GradientTape() as tape:
            error = loss()
        return tape.gradient(error, [scale, shift])  # outcome: none, flows  # expect: TFG106


    def of_shift():  # modes: function, jit
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            error = loss()
        return tape.gradient(error, shift)  # outcome: none  # expect: TFG106


    print(of_both(), of_shift())
    ```

    ## Use instead
    Watch the variable before it is used, or let the tape watch it: create the variable trainable, leave
    `watch_accessed_variables` alone.

    ```python
    import tensorflow as tf

    scale = tf.Variable(1.5, trainable=False)
    shift = tf.Variable(0.5)
    inputs, targets = tf.constant([1.0, 2.0]), tf.constant([2.0, 5.0])


    def loss():
        return tf.reduce_mean((scale * inputs + shift - targets) ** 2)


    def of_both():  # modes: function, jit
        with tf.GradientTape() as tape:
            tape.watch(scale)
            error = loss()
        return tape.gradient(error, [scale, shift])  # outcome: flows, flows


    def of_shift():  # modes: function, jit
        with tf.GradientTape() as tape:
            error = loss()
        return tape.gradient(error, shift)  # outcome: flows


    print(of_both(), of_shift())
    ```

    ## References
    - [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape): `watch`,
      `watch_accessed_variables`.
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      on controlling what the tape watches.
    """

    code = "TFG106"
    name = "unwatched-variable"
    outcome = "none"
    cause = Cause.UNWATCHED_VARIABLE

    def message(self, broken: Break) -> str:
        """``detail``: an :class:`Unwatched`."""
        if broken.detail is Unwatched.ON_REQUEST_ONLY:
            why, otherwise = "the tape has watch_accessed_variables=False", "drop that option"
        else:
            why, otherwise = "it was created with trainable=False", "create it trainable"
        return (
            f"{broken.source} is not watched, as {why}: {broken.consequence}; "
            f"call tape.watch({broken.source}) before it is used, or {otherwise}"
        )

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Watch the variable from the start: safe for a tape that watches nothing by itself.

        A variable that was frozen may be trained by it, where that was not meant.
        """
        from tfgradlint.fixing import tapes

        return tapes.watch(scene, "safe" if broken.detail is Unwatched.ON_REQUEST_ONLY else "unsafe")
