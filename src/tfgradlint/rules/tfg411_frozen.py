"""TFG411: sources frozen by ``trainable = False`` before the request."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import FrozenIn
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule


class Frozen(Rule):
    """All weights that are to be trained have been frozen by `trainable = False`.

    ## What it does
    Reports the assignment `x.trainable = False`, or the constructor call with `trainable=False`, after which the
    list of sources (`model.trainable_variables`) is empty when a gradient is asked for it, or after which `fit`
    and `train_on_batch` have nothing to train.

    Also reports `x.trainable = True` where it comes too late: `fit` and `train_on_batch` go on with the step that
    was made when the weights were still frozen, as the model is not compiled again.

    No finding: a frozen backbone under a head that is trained; a part that is frozen and thawed again; freezing
    after the training; gradients for the input of a frozen model; weights that are listed by their names
    (`layer.kernel`), for which the flag does not matter.

    ## Why it matters
    A frozen layer leaves `trainable_variables`. `tape.gradient(loss, [])` returns `[]` without a warning,
    `apply_gradients(zip([], []))` raises `ValueError: not enough values to unpack`, `optimizer.apply([], [])` does
    nothing. `fit` warns `The model does not have any trainable weights` and goes on.

    Four things surprise. A frozen model has no trainable variables even where one of its layers is thawed again.
    Keras does nothing where an attribute gets the value it has: `model.trainable = True` on a model that is not
    frozen itself thaws none of its layers. Keras 2 remembered at `compile()` what was trainable; Keras 3 looks when
    the training step is compiled, at the first batch, so that a discriminator which is compiled first and then
    frozen for a combined model never trains. And a flag that changes after the first batch has no effect on `fit`
    until `compile()` is called again.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    for layer in model.layers:
        layer.trainable = False  # expect: TFG411


    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x)))
        return tape.gradient(loss, model.trainable_variables)  # outcome: empty


    print(train_step(tf.ones((4, 3)), tf.zeros((4, 1))))
    ```

    ## Use instead
    Leave what is to be trained out.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
    for layer in model.layers[:-1]:
        layer.trainable = False


    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x)))
        return tape.gradient(loss, model.trainable_variables)  # outcome: flows, flows


    print(train_step(tf.ones((4, 3)), tf.zeros((4, 1))))
    ```

    ## References
    - [Transfer learning and fine-tuning](https://keras.io/guides/transfer_learning/), freezing layers.
    """

    code = "TFG411"
    name = "frozen"
    outcome = "empty"
    cause = Cause.FROZEN

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        if detail is FrozenIn.TRACED:
            return "trains no more than before"
        return "trains nothing" if detail is FrozenIn.FIT else "returns []"

    def message(self, broken: Break) -> str:
        """``step`` is the assignment or the constructor call; ``source`` what is frozen."""
        if broken.detail is FrozenIn.TRACED:
            return f"{broken.step} comes too late: {broken.consequence}; compile the model again before"
        frozen = f"{broken.source} is frozen" if broken.source else "all sources are frozen"
        return (
            f"{broken.step} leaves nothing to train, {frozen}: {broken.consequence}; "
            "freeze only what is to stay as it is, or set trainable to True again before"
        )
