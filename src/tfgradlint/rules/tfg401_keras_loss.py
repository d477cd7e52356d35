"""TFG401: a loss given to Keras that does not depend differentiably on the prediction."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import LossFault
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule


class KerasLoss(Rule):
    """A loss given to Keras does not depend differentiably on the prediction.

    ## What it does
    Reports the step that ends the way from the prediction to the loss, where the loss is one that Keras
    trains with: a function, a lambda or an instance of a `keras.losses.Loss` subclass given to `compile` (alone,
    or for one of several outputs), a value given to `add_loss`, the result of an overridden `compute_loss`. A
    loss that never uses the prediction is reported at `compile` or `add_loss`. `compile` takes any loss: the
    finding names the `fit` or `train_on_batch` that suffers, where the file has one. Of a model that is compiled
    again before it is trained, the last loss counts.

    No finding where another part of the loss carries the gradient: straight-through rounding, masks and weights
    made by comparisons, targets under `tf.stop_gradient`. No finding for metrics, for NumPy on constants, and for
    NumPy figures that a loss under `run_eagerly=True` only writes into a log. In a loss that Keras compiles, NumPy
    and `.numpy()` on the prediction raise by themselves: that is told by `TFG202` and `TFG201`.

    ## Why it matters
    `fit` raises `ValueError: No gradients provided for any variable`, which names neither the loss nor the line.
    Where only one of several outputs has such a loss, Keras trains the rest and warns once. With `tf.sign`, whose
    gradient is zero, training runs to its end without a word and no weight moves. Keras 2 (`tf_keras`) does the same
    in all of these cases.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)


    def error_rate(y_true, y_pred):
        guessed = tf.cast(y_pred > 0.5, tf.float32)  # expect: TFG401
        return tf.reduce_mean(tf.abs(y_true - guessed), axis=-1)


    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="sgd", loss=error_rate)
    model.fit(tf.ones((4, 2)), tf.ones((4, 1)), verbose=0)  # training: raises:ValueError
    ```

    ## Use instead
    Train with a smooth loss and watch the figure you mean as a metric. Where the forward value must be rounded,
    `y + tf.stop_gradient(tf.round(y) - y)` lets the gradient pass straight through.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)


    def error_rate(y_true, y_pred):
        guessed = tf.cast(y_pred > 0.5, tf.float32)
        return tf.reduce_mean(tf.abs(y_true - guessed), axis=-1)


    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=[error_rate])
    model.fit(tf.ones((4, 2)), tf.ones((4, 1)), verbose=0)  # training: all
    ```

    ## References
    - [Losses](https://keras.io/api/losses/), "Creating custom losses".
    - [The `add_loss()` API](https://keras.io/api/losses/#the-addloss-api).
    """

    code = "TFG401"
    name = "keras-loss"
    outcome = "raises:ValueError"
    cause = Cause.KERAS_LOSS

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        return "trains nothing with it"

    def message(self, broken: Break) -> str:
        """``detail``: a :class:`LossFault`."""
        consequence = broken.consequence if broken.request else f"fit {broken.result}"
        if broken.detail is LossFault.MISSING:
            return f'{broken.step} is given no loss: {consequence}; pass one, such as loss="mse", or use add_loss'
        if broken.detail is LossFault.UNUSED_PREDICTION:
            return f"the loss given to {broken.step} never uses the prediction: {consequence}; compute it from y_pred"
        remedy = f"use {broken.remedy}" if broken.remedy else "train with a smooth loss and keep this one as a metric"
        if broken.detail is LossFault.ZERO:
            return f"{broken.step} gives this loss a gradient of zero: {consequence}; {remedy}"
        return f"{broken.step} ends the way from the prediction to the loss: {consequence}; {remedy}"
