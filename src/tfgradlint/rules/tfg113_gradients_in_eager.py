"""TFG113: `tf.gradients` outside a graph."""

from __future__ import annotations

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule


class GradientsInEager(Rule):
    """`tf.gradients` is called outside a graph.

    ## What it does
    Reports a call of `tf.gradients` (also as `tf.compat.v1.gradients`, and through `tf.hessians`, which calls
    it) that is executed eagerly. Inside a `tf.function`, in what `tf.data` maps or `tf.vectorized_map`
    traces, and under `tf.Graph().as_default()` it works; under `tf.map_fn`, `tf.cond` and `tf.while_loop` only
    where these stand in a graph themselves.

    ## Why it matters
    The call raises `RuntimeError: tf.gradients is not supported when eager execution is enabled. Use
    tf.GradientTape instead`. Code of the days of TensorFlow 1 fails here, and so does a function that worked
    only as long as a `tf.function` was around it.

    ## Example
    ```python
    import tensorflow as tf

    stiffness = tf.Variable([1.0, 4.0])


    def energy(position):
        return 0.5 * tf.reduce_sum(stiffness * position**2)


    def force(position):  # modes: function, jit
        found = tf.gradients(energy(position), position)  # outcome: raises:RuntimeError; function: flows; jit: flows  # expect: TFG113; function: -; jit: -
        return -found[0]


    print(force(tf.constant([0.5, -0.25])))
    ```

    ## Use instead
    A tape works in eager mode and in graphs alike:

    ```python
    import tensorflow as tf

    stiffness = tf.Variable([1.0, 4.0])


    def energy(position):
        return 0.5 * tf.reduce_sum(stiffness * position**2)


    def force(position):  # modes: function, jit
        with tf.GradientTape() as tape:
            tape.watch(position)
            potential = energy(position)
        return -tape.gradient(potential, position)  # outcome: flows


    print(force(tf.constant([0.5, -0.25])))
    ```

    ## References
    - [`tf.gradients`](https://www.tensorflow.org/api_docs/python/tf/gradients): only valid in a graph context.
    - [Introduction to gradients](https://www.tensorflow.org/guide/autodiff)
    """  # noqa: E501 - a comment cannot be broken

    code = "TFG113"
    name = "gradients-in-eager"
    outcome = "raises:RuntimeError"
    cause = Cause.GRADIENTS_IN_EAGER

    def message(self, broken: Break) -> str:
        """The call is the step and the request in one, and only ``step`` is spoken of."""
        return (
            f"{broken.step} works only in a graph: called eagerly it {broken.result}; "
            "use tf.GradientTape, or decorate the function around it with @tf.function"
        )
