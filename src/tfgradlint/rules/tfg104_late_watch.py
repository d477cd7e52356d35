"""TFG104: the watch comes after the computation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene


class LateWatch(Rule):
    """The tape began to watch the source after the target had been computed from it.

    ## What it does
    Reports a call of `watch` that comes after every step which leads from the source to the target, be it
    further down in the block or after the block.

    ## Why it matters
    A tape writes a step down when it happens, and only if one of the step's inputs is watched by then.
    `watch` does not look back: without a word the request returns `None` (`batch_jacobian` returns zeros).
    Two things are not reported because the gradient is there. A second watch of what was watched in time
    does no harm. And a step that was written down for the sake of another input, such as the product of
    the source and a trainable variable, has an edge for the source as well; a watch later in the same block
    is early enough for it.

    ## Example
    The input is watched when the scores are already there:

    ```python
    import tensorflow as tf

    mixing = tf.constant([[0.5, -1.0], [1.5, 0.3]])


    def scores_of(signal):
        return tf.nn.softmax(tf.linalg.matvec(mixing, tf.tanh(signal)))


    def saliency(signal, label):
        with tf.GradientTape() as tape:
            scores = scores_of(signal)
            tape.watch(signal)  # expect: TFG104
            score = scores[label]
        return tape.gradient(score, signal)  # outcome: none


    print(saliency(tf.constant([0.2, -0.7]), label=1))
    ```

    ## Use instead
    Make `watch` the first line of the block:

    ```python
    import tensorflow as tf

    mixing = tf.constant([[0.5, -1.0], [1.5, 0.3]])


    def scores_of(signal):
        return tf.nn.softmax(tf.linalg.matvec(mixing, tf.tanh(signal)))


    def saliency(signal, label):
        with tf.GradientTape() as tape:
            tape.watch(signal)
            scores = scores_of(signal)
            score = scores[label]
        return tape.gradient(score, signal)  # outcome: flows


    print(saliency(tf.constant([0.2, -0.7]), label=1))
    ```

    ## References
    - [`tf.GradientTape.watch`](https://www.tensorflow.org/api_docs/python/tf/GradientTape#watch)
    - [Introduction to gradients](https://www.tensorflow.org/guide/autodiff), "Controlling what the tape
      watches".
    """

    code = "TFG104"
    name = "late-watch"
    outcome = "none"
    cause = Cause.LATE_WATCH
    with_arguments = True

    def message(self, broken: Break) -> str:
        """``step`` names the late call."""
        return (
            f"{broken.step} comes after the computation, and a tape does not look back: {broken.consequence}; "
            f"watch {broken.source} at the start of the tape's with block"
        )

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe: the same call, where it still helps."""
        from tfgradlint.fixing import tapes

        return tapes.watch_earlier(scene)
