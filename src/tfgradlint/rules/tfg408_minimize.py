"""TFG408: ``minimize`` of an optimizer of Keras 3, which has none, or in Keras 2 of a tensor that nothing recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import Minimizing
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene


class Minimize(Rule):
    """`minimize` is called on an optimizer of Keras 3, which has no such method, or in Keras 2 with a bare tensor.

    ## What it does
    Reports `optimizer.minimize(...)` where the optimizer is one of Keras 3, or of a class derived from one that
    does not define the method. With Keras 2 (`tf_keras`), whose optimizers have it: where the loss is a tensor, and no
    tape is given that recorded how it was computed.

    No finding: `minimize` of `tf.compat.v1.train` optimizers, of classes of your own, after `hasattr(optimizer,
    "minimize")`, and in a `try` that catches `AttributeError`.

    ## Why it matters
    Until TensorFlow 2.15 `tf.keras` was Keras 2, and `minimize(loss, var_list)` computed and applied the
    gradients in one go. From TensorFlow 2.16 `tf.keras` is Keras 3, whose optimizers know nothing of tapes. The
    call raises `AttributeError: 'SGD' object has no attribute 'minimize'`, in a `tf.function` while it is
    traced. Nothing is trained.

    `minimize` of Keras 2 takes a function without parameters and calls it under a tape of its own. A tensor that was
    computed before cannot be differentiated any more: `ValueError: tape is required when a Tensor loss is passed`.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    w = tf.Variable(3.0)
    optimizer = keras.optimizers.SGD(0.1)


    def loss():
        return tf.square(w - 1.0)


    for _ in range(3):
        optimizer.minimize(loss, [w])  # expect: TFG408; keras 2: -  # training: raises:AttributeError; keras 2: all
    ```

    ## Use instead
    A tape computes the gradients, `apply_gradients` applies them.

    ```python
    import keras
    import tensorflow as tf

    w = tf.Variable(3.0)
    optimizer = keras.optimizers.SGD(0.1)


    def loss():
        return tf.square(w - 1.0)


    for _ in range(3):
        with tf.GradientTape() as tape:
            value = loss()
        gradient = tape.gradient(value, w)  # outcome: flows
        optimizer.apply_gradients([(gradient, w)])  # training: all
    ```

    ## References
    - [Migrating Keras 2 code to Keras 3](https://keras.io/guides/migrating_to_keras_3/).
    - [`tf.keras.optimizers.Optimizer`](https://www.tensorflow.org/api_docs/python/tf/keras/optimizers/Optimizer).
    """

    code = "TFG408"
    name = "minimize"
    outcome = "raises:AttributeError"
    cause = Cause.MINIMIZE

    def message(self, broken: Break) -> str:
        """``step`` is the call; ``detail``: a :class:`Minimizing`."""
        if broken.detail is Minimizing.UNRECORDED_LOSS:
            return (
                f"{broken.step} {broken.result}: its loss is a tensor that no tape recorded; give it the function that "
                "computes the loss, or the tape as well: minimize(loss, variables, tape=tape)"
            )
        return (
            f"{broken.step} {broken.result}: optimizers of Keras 3 have no minimize; "
            "compute the gradients with a tape and call apply_gradients(zip(gradients, variables))"
        )

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe: what ``minimize`` did, with a tape."""
        from tfgradlint.fixing.updates import minimized

        return minimized(scene)
