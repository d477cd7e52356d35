"""TFG412: an optimizer is given variables that it was not built for."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import BuiltBefore
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.verdict.judgements import Reason
from tfgradlint.rules.base import Break, Quotes, Rule


class ForeignVariable(Rule):
    """An optimizer that was built for some variables is given others.

    ## What it does
    Reports `apply_gradients`, `apply` and `fit` where the optimizer has been built before, by its first step, by `fit`
    or by `build`, and one of the variables was not among those: one optimizer for two models, a model that was partly
    frozen in the first step and is thawed in the next, pairs that are applied one by one.

    No finding: a second step with the same variables or some of them; `optimizer.build(variables)` with all of them
    before the first step; an optimizer for each model; a new optimizer after thawing.

    ## Why it matters
    An optimizer keeps momenta and the like for each variable that it knows, and it makes them once. Keras 3 raises
    `ValueError: Unknown variable: ... This optimizer can only be called for the variables it was originally built
    with`, Keras 2 `KeyError: 'The optimizer cannot recognize variable ...'`, plain `SGD` included.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.Adam(0.1)
    kernel = tf.Variable([[0.5], [-0.5]])
    bias = tf.Variable([0.0])
    x, y = tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.ones((2, 1))


    def train(variables):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ kernel + bias - y))
        gradients = tape.gradient(loss, variables)  # outcome: flows
        optimizer.apply_gradients(zip(gradients, variables))  # expect: TFG412  # training: raises:ValueError; keras 2: raises:KeyError
        return loss


    train([kernel])
    train([bias])
    ```

    ## Use instead
    ```python
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.Adam(0.1)
    kernel = tf.Variable([[0.5], [-0.5]])
    bias = tf.Variable([0.0])
    optimizer.build([kernel, bias])
    x, y = tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.ones((2, 1))


    def train(variables):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ kernel + bias - y))
        gradients = tape.gradient(loss, variables)  # outcome: flows
        optimizer.apply_gradients(zip(gradients, variables))  # training: all
        return loss


    train([kernel])
    train([bias])
    ```

    ## References
    - [`keras.Optimizer`](https://keras.io/api/optimizers/), `build` and `apply`.
    - [Transfer learning and fine-tuning](https://keras.io/guides/transfer_learning/), compiling again after thawing.
    """  # noqa: E501 - a comment cannot be broken

    code = "TFG412"
    name = "foreign-variable"
    outcome = "raises:ValueError"
    cause = Cause.FOREIGN_VARIABLE

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        """Where the optimizer was built."""
        if not isinstance(reason.detail, BuiltBefore):
            return ""
        same = reason.detail.site.expression is reason.site.expression
        return "by an earlier call" if same else quotes.where(reason.detail.site)

    def message(self, broken: Break) -> str:
        """``step`` is the optimizer's call, or that of ``fit``."""
        return (
            f"{broken.step} {broken.result}: the optimizer was built {broken.remedy} for other variables and takes no "
            "more; make a new optimizer for these, or call build(variables) with all of them before the first step"
        )
