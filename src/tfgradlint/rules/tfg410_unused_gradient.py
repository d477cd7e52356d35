"""TFG410: gradients computed and thrown away, or filtered out to the last."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import Discarded
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule


class UnusedGradient(Rule):
    """The gradients are computed and thrown away, or all of them are filtered out before the optimizer gets them.

    ## What it does
    Reports a request in code that is there to train whose result nothing reads: the call stands alone, or its
    result is bound to local names that are not used again. Also reports the call of `apply_gradients` or `apply`
    that gets an empty list, because every gradient is `None` and a filter such as `if g is not None` has removed
    them all. The step that makes them `None` is reported on its own.

    No finding: gradients that are returned, stored, printed, checked or part of another loss (saliency maps,
    gradient penalties, reports, accumulation); a filter that leaves some; code that measures or tries the
    backward pass and trains nothing.

    ## Why it matters
    A gradient changes nothing by itself. Without `apply_gradients`, or `assign_sub` by hand, the program runs
    without an error or a warning, the loss is computed and logged, and the weights never move.

    An optimizer raises `ValueError: No gradients provided for any variable` where all gradients are `None`. The
    filter hides that: `optimizer.apply([], [])` does nothing, and `apply_gradients([])` raises `ValueError: not
    enough values to unpack (expected 2, got 0)`, which does not tell why. In Keras 2 it does nothing.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1)


    def train(x, y, steps):
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(y - model(x)))
            gradients = tape.gradient(loss, model.trainable_variables)  # outcome: flows, flows  # expect: TFG410
            print(float(loss))


    before = model.get_weights()
    train(tf.ones((4, 3)), tf.zeros((4, 1)), 3)
    assert all((old == new).all() for old, new in zip(before, model.get_weights()))
    ```

    ## Use instead
    Hand the gradients to the optimizer.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1)


    def train(x, y, steps):
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(y - model(x)))
            gradients = tape.gradient(loss, model.trainable_variables)  # outcome: flows, flows
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # training: all
            print(float(loss))


    before = model.get_weights()
    train(tf.ones((4, 3)), tf.zeros((4, 1)), 3)
    assert not any((old == new).all() for old, new in zip(before, model.get_weights()))
    ```

    ## References
    - [`Optimizer.apply_gradients`](https://www.tensorflow.org/api_docs/python/tf/keras/optimizers/Optimizer#apply_gradients).
    - [Writing a training loop from scratch](https://www.tensorflow.org/guide/keras/writing_a_training_loop_from_scratch).
    """

    code = "TFG410"
    name = "unused-gradient"
    outcome = "flows"
    cause = Cause.UNUSED_GRADIENT

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        return "does nothing" if detail is Discarded.FILTERED else ""

    def message(self, broken: Break) -> str:
        """``detail``: a :class:`Discarded`; where a filter has left nothing ``step`` is the optimizer's call."""
        if broken.detail is Discarded.FILTERED:
            return (
                f"{broken.step} gets no pair, every gradient is None and has been filtered out: it {broken.result}; "
                "mend the loss instead of filtering"
            )
        return (
            f"nothing reads the gradients of {broken.request}: no weight is updated; "
            "hand them to optimizer.apply_gradients(zip(gradients, variables))"
        )
