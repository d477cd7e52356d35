"""TFG903 (opt-in): a loss function without a gradient, and nothing in the file that asks for one."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import LossFault
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule


class LossFunction(Rule):
    """A function that is a loss by its name or its parameters cannot give a gradient.

    ## What it does
    Reports, in functions and methods that are losses by their name (`...loss...`) or by their parameters
    (`y_true`, `y_pred`) and for which the file itself makes no request, the step through which everything goes
    that the result knows of the prediction: rounding, `tf.argmax`, a comparison, NumPy, `.numpy()`. A loss that
    never uses its prediction is reported at its `def`.

    Off unless it is selected (`--select TFG903` or `--extend-select TFG903`): what the function is used for is not
    known. No finding where another part of the result carries the gradient; for metrics (subclasses of
    `keras.metrics.Metric`, and functions that name a score, an accuracy and the like); and for functions that speak
    of losses and compute none. Where the file asks for the gradient, or gives the function to Keras, the rule for
    that speaks instead.

    ## Why it matters
    Libraries keep their losses in a module of their own, far from the tape. A loss that rounds has the right value
    in every test of values; whoever trains with it gets `None`, or from Keras
    `ValueError: No gradients provided for any variable`.

    ## Example
    A request on the prediction returns `None` for the loss of this module:

    ```python
    import tensorflow as tf


    def dice_loss(y_true, y_pred):
        masks = tf.round(y_pred)  # expect: TFG903
        overlap = tf.reduce_sum(y_true * masks)
        return 1.0 - 2.0 * overlap / (tf.reduce_sum(y_true + masks) + 1e-6)
    ```

    ## Use instead
    Keep the rounding for the score that is reported.

    ```python
    import tensorflow as tf


    def dice_loss(y_true, y_pred):
        overlap = tf.reduce_sum(y_true * y_pred)
        return 1.0 - 2.0 * overlap / (tf.reduce_sum(y_true + y_pred) + 1e-6)


    def dice_score(y_true, y_pred):
        return 1.0 - dice_loss(y_true, tf.round(y_pred))
    ```

    ## References
    - [Losses](https://keras.io/api/losses/), "Creating custom losses".
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff), "Getting
      a gradient of None".
    """

    code = "TFG903"
    name = "loss-function"
    outcome = "none"
    cause = Cause.LOSS_FUNCTION

    def message(self, broken: Break) -> str:
        """``detail``: a :class:`LossFault`; ``source`` is the prediction's name."""
        prediction = broken.source or "the prediction"
        if broken.detail is LossFault.UNUSED_PREDICTION:
            return f"{broken.step} never uses {prediction}, whose gradient is None for that; compute the loss from it"
        remedy = (
            f"use {broken.remedy}" if broken.remedy else "keep this step for the score, and give the loss a smooth one"
        )
        return f"{broken.step} leaves this loss without a gradient: {prediction} gets None; {remedy}"
