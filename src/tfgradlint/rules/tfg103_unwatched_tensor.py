"""TFG103: the source is a tensor that the tape never watched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import StandIn
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene


class UnwatchedTensor(Rule):
    """The source is a tensor, not a variable, and the tape never watched it.

    ## What it does
    Reports a gradient request for a tensor that this tape neither watched nor computed from something it
    watches. Each tape has its own list: what an outer tape watches, an inner one does not, and neither does
    the next tape of a loop. `reset()` empties the list. A variable of Keras 3 is a tensor inside a `tf.function`
    that it is given to.

    ## Why it matters
    A tape watches trainable variables by itself, and nothing else. For every other tensor the request
    returns `None` (`batch_jacobian` returns zeros), even where the same computation holds variables that do
    get their gradients: gradient penalties, saliency maps and adversarial examples fail this way.

    ## Example
    The picture moves in a loop; only variables would be watched without being told:

    ```python
    import tensorflow as tf

    filters = tf.Variable(tf.random.stateless_normal((4, 2), seed=(1, 2)))


    def score(picture):
        return tf.reduce_logsumexp(tf.linalg.matvec(filters, picture, transpose_a=True))


    def attack(picture, steps=2, epsilon=0.1):
        for _ in range(steps):
            with tf.GradientTape() as tape:
                value = score(picture)
            slope = tape.gradient(value, picture)  # outcome: none  # expect: TFG103
            if slope is not None:
                picture = picture + epsilon * tf.sign(slope)
        return picture


    print(attack(tf.constant([0.1, 0.4, 0.3, 0.2])))
    ```

    ## Use instead
    Watch the tensor as the first thing in the block, in each pass:

    ```python
    import tensorflow as tf

    filters = tf.Variable(tf.random.stateless_normal((4, 2), seed=(1, 2)))


    def score(picture):
        return tf.reduce_logsumexp(tf.linalg.matvec(filters, picture, transpose_a=True))


    def attack(picture, steps=2, epsilon=0.1):
        for _ in range(steps):
            with tf.GradientTape() as tape:
                tape.watch(picture)
                value = score(picture)
            slope = tape.gradient(value, picture)  # outcome: flows
            if slope is not None:
                picture = picture + epsilon * tf.sign(slope)
        return picture


    print(attack(tf.constant([0.1, 0.4, 0.3, 0.2])))
    ```

    ## References
    - [Introduction to gradients](https://www.tensorflow.org/guide/autodiff), "Controlling what the tape
      watches" and "Getting a gradient of None".
    - [`tf.GradientTape.watch`](https://www.tensorflow.org/api_docs/python/tf/GradientTape#watch)
    """

    code = "TFG103"
    name = "unwatched-tensor"
    outcome = "none"
    cause = Cause.UNWATCHED_TENSOR

    def message(self, broken: Break) -> str:
        """``source`` names the tensor; ``detail``: a :class:`StandIn` where it is something else outside."""
        if broken.detail is StandIn.KERAS_VARIABLE:
            return (
                f"{broken.source} is a tensor that the compiled function got for a Keras variable: "
                f"{broken.consequence}; let the function read the variable itself, "
                "or call the tape's watch() on the tensor"
            )
        return (
            f"{broken.source} is a tensor that this tape never watched: {broken.consequence}; "
            f"call {_watch(broken)} before it is used"
        )

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe: the tape watches the source from the start."""
        from tfgradlint.fixing import tapes

        return tapes.watch(scene)


def _watch(broken: Break) -> str:
    """The call that watches the source, in the program's own names where both are names."""
    tape, dot, _ = broken.request.partition(".")
    source = broken.source if re.fullmatch(r"[\w.\[\]'\"]+", broken.source) else "it"
    return f"{tape}.watch({source})" if dot and tape.isidentifier() else f"the tape's watch({source})"
