"""TFG302: a cast to an integer on the only path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Quotes, Rule

if TYPE_CHECKING:
    from tfgradlint.flow.verdict.judgements import Reason


class IntegerCast(Rule):
    """A cast to an integer (or to bool) lies on the only path from source to target.

    ## What it does
    Reports `tf.cast`, `tf.saturate_cast`, `tf.image.convert_image_dtype` and their like when a float is
    turned into an integer or a bool and everything between source and target goes through the result. The
    dtype may come from anywhere: a default, a name such as `"int64"`, the dtype of the labels.

    Casts among float and complex dtypes carry the gradient and are no finding; nor are casts of labels and
    sizes to float, integers that serve as indices, segment numbers or bins beside a path that carries the
    gradient, and pictures made for a preview.

    ## Why it matters
    An integer has no derivative, and casting back to float afterwards does not restore one. The request
    returns `None`, without a word.

    ## Example
    A loss casts the prediction to the dtype of the labels, which are whole numbers:

    ```python
    import tensorflow as tf

    weights = tf.Variable([0.5, 1.5])


    def absolute_error(actual, predicted):
        predicted = tf.cast(predicted, actual.dtype)  # expect: TFG302
        return tf.reduce_sum(tf.abs(actual - predicted))


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = absolute_error(y, tf.linalg.matvec(x, weights))
        return tape.gradient(loss, weights)  # outcome: none


    print(train_step(tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([3, 8])))
    ```

    ## Use instead
    Cast the integers to float, not the other way round.

    ```python
    import tensorflow as tf

    weights = tf.Variable([0.5, 1.5])


    def absolute_error(actual, predicted):
        actual = tf.cast(actual, predicted.dtype)
        return tf.reduce_sum(tf.abs(actual - predicted))


    def train_step(x, y):  # modes: function, jit
        with tf.GradientTape() as tape:
            loss = absolute_error(y, tf.linalg.matvec(x, weights))
        return tape.gradient(loss, weights)  # outcome: flows


    print(train_step(tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([3, 8])))
    ```

    A quantiser that needs the integer keeps the gradient with
    `x + tf.stop_gradient(tf.cast(tf.cast(x, tf.int32), x.dtype) - x)`.

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      "Took gradients through an integer or string".
    - [`tf.cast`](https://www.tensorflow.org/api_docs/python/tf/cast).
    """

    code = "TFG302"
    name = "integer-cast"
    outcome = "none"
    cause = Cause.INTEGER_CAST

    def step(self, reason: Reason, quotes: Quotes) -> str:
        call = reason.site.expression
        if not isinstance(call, cst.Call):
            return super().step(reason, quotes)
        dtype = next((each for each in call.args if each.keyword is not None and each.keyword.value == "dtype"), None)
        if dtype is None and len(call.args) > 1:
            dtype = call.args[1]
        given = f"..., {quotes.text(dtype.value)}" if dtype is not None else ""
        return f"{quotes.text(call.func)}({given})"

    def message(self, broken: Break) -> str:
        """``step`` is the cast with its dtype, ``tf.cast(..., tf.int32)``."""
        return f"{broken.step} gives a dtype without gradients: {broken.consequence}; {self.advice(broken)}"

    def advice(self, broken: Break) -> str:
        return f"use {broken.remedy}" if broken.remedy else "keep a float dtype, and cast only for indices and output"
