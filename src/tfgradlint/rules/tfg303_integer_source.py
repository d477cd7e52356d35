"""TFG303: the source is of an integer dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene


class IntegerSource(Rule):
    """The source is of an integer dtype, for which there is no gradient.

    ## What it does
    Reports the call that creates an integer variable or tensor, such as `tf.Variable(3)`,
    `tf.constant([1, 2])` or `tf.range(4)`, when a request asks for the gradient with respect to it. The
    dtype comes from the values unless it is given: whole numbers make an `int32`.

    Integers beside the path are no finding: step counters, indices, exponents, labels, sizes. Nor are
    whole numbers with a float dtype, `tf.Variable(3, dtype=tf.float32)`, or with a float among them,
    `tf.constant([1, 2.0])`.

    ## Why it matters
    A tape follows floating-point (and complex) numbers only. Watching an integer tensor merely logs a
    warning, an integer variable not even that; casting to float inside the tape does not help, as the
    cast has no gradient for its integer input. The gradient is `None`.

    ## Example
    ```python
    import tensorflow as tf

    radius = tf.Variable(3)  # expect: TFG303


    def surface(r):
        r = tf.cast(r, tf.float32)
        return 2.0 * 3.14159 * r**2 + 2.0 * 330.0 / r


    def slope(r):  # modes: function, jit
        with tf.GradientTape() as tape:
            area = surface(r)
        return tape.gradient(area, r)  # outcome: none


    print(slope(radius))
    ```

    ## Use instead
    Make the source a float where it is created.

    ```python
    import tensorflow as tf

    radius = tf.Variable(3.0)


    def surface(r):
        r = tf.cast(r, tf.float32)
        return 2.0 * 3.14159 * r**2 + 2.0 * 330.0 / r


    def slope(r):  # modes: function, jit
        with tf.GradientTape() as tape:
            area = surface(r)
        return tape.gradient(area, r)  # outcome: flows


    print(slope(radius))
    ```

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      on getting a gradient of `None` through an integer.
    - [`tf.dtypes.DType`](https://www.tensorflow.org/api_docs/python/tf/dtypes/DType): `is_floating`,
      `is_integer`.
    """

    code = "TFG303"
    name = "integer-source"
    outcome = "none"
    cause = Cause.INTEGER_SOURCE
    with_arguments = True

    def message(self, broken: Break) -> str:
        """``step`` is the call that creates the source."""
        step = broken.step or "the source"
        return (
            f"{step} makes {broken.source} an integer, which has no gradient: {broken.consequence}; "
            "create it as a float, for instance with dtype=tf.float32"
        )

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Unsafe: floating numbers, everywhere the source is used."""
        from tfgradlint.fixing.values import floating

        return floating(scene)
