"""TFG102: the source was made for the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import StandIn
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene


class DerivedSource(Rule):
    """The source was derived for the request from what the target was computed from.

    ## What it does
    Reports a slice, a cast, a reshape, `tf.identity`, `.value()`, `.read_value()` or the like that is handed
    to a gradient request although the target was not computed from it, only from the tensor or variable
    that it was made from. A `tf.function` that is given a variable of Keras 3 gets a tensor of its own for it: as a
    source it is derived too.

    ## Why it matters
    A tape tells tensors apart by identity, not by their numbers. `x[1:3]` is a new tensor each time it is
    written, and a path from the target ends at the tensors that were really used. The request returns
    `None` (`batch_jacobian` returns zeros). A slice taken inside the tape is a good source when the target
    is computed from that very slice, and `tf.cast` to the dtype that is there already gives back the tensor
    itself, so neither is reported.

    ## Example
    The loss reads the whole variable; the two rows are cut out afterwards:

    ```python
    import tensorflow as tf

    embeddings = tf.Variable(tf.random.stateless_normal((4, 3), seed=(1, 2)))


    def loss_of(words):
        return tf.reduce_sum(tf.square(tf.gather(embeddings, words)))


    with tf.GradientTape() as tape:
        loss = loss_of([0, 1, 1])
    rows = tape.gradient(loss, embeddings[:2])  # outcome: none  # expect: TFG102
    print(rows)
    ```

    ## Use instead
    Ask for the gradient of what was used and cut that, or compute the loss from the slice:

    ```python
    import tensorflow as tf

    embeddings = tf.Variable(tf.random.stateless_normal((4, 3), seed=(1, 2)))


    def loss_of(table, words):
        return tf.reduce_sum(tf.square(tf.gather(table, words)))


    with tf.GradientTape(persistent=True) as tape:
        loss = loss_of(embeddings, [0, 1, 1])
        head = embeddings[:2]
        loss_of_head = loss_of(head, [0, 1, 1])
    rows = tf.convert_to_tensor(tape.gradient(loss, embeddings))[:2]  # outcome: flows
    same_rows = tf.convert_to_tensor(tape.gradient(loss_of_head, head))  # outcome: flows
    print(rows, same_rows)
    ```

    ## References
    - [Introduction to gradients](https://www.tensorflow.org/guide/autodiff): how a tape finds its way from a
      target to a source.
    - [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape)
    """

    code = "TFG102"
    name = "derived-source"
    outcome = "none"
    cause = Cause.DERIVED_SOURCE
    with_arguments = True

    def message(self, broken: Break) -> str:
        """``step`` names the derivation, or, with a :class:`StandIn`, the call of the compiled function."""
        if broken.detail is StandIn.KERAS_VARIABLE:
            return (
                f"{broken.step} gives the compiled function a tensor made of the Keras variable, which the target was "
                f"not computed from: {broken.consequence}; let the function read the variable itself"
            )
        return (
            f"{broken.step} is a new tensor that the target was not computed from: {broken.consequence}; "
            "ask for the gradient of the original and slice, cast or reshape the result"
        )

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe where the derived tensor is the original in another guise: ask for the original."""
        from tfgradlint.fixing.derived import original

        return original(scene)
