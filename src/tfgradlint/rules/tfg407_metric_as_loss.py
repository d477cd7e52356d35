"""TFG407: a metric where a loss belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene


class MetricAsLoss(Rule):
    """A metric, an object or an accuracy function, serves as the loss.

    ## What it does
    Reports `compile(loss=...)` with an object of `keras.metrics`, a metric class of your own, a function such as
    `keras.metrics.categorical_accuracy` or a name such as `"accuracy"`. In a tape, and in a loss function, it
    reports the call of the metric (or of its `result`) through which everything goes that the target knows of the
    source. Of a model that is compiled again before it is trained, the last loss counts.

    No finding for metrics beside the loss, however they are updated and read, and for the plain error functions
    that `keras.metrics` shares with `keras.losses` (`keras.metrics.mean_squared_error`): they keep no state.

    ## Why it matters
    A metric adds the error of each batch to variables and reads its result from them. Assigning cuts the
    gradient, even for `keras.metrics.MeanSquaredError`, whose number is that of the loss. Accuracies compare, and
    comparing has no gradient either. The request returns `None`, and `fit` raises
    `ValueError: No gradients provided for any variable`.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss=keras.metrics.MeanSquaredError())  # expect: TFG407
    model.fit(tf.ones((4, 2)), tf.ones((4, 1)), verbose=0)  # training: raises:ValueError
    ```

    ## Use instead
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(
        optimizer="sgd", loss=keras.losses.MeanSquaredError(), metrics=[keras.metrics.MeanAbsoluteError()]
    )
    model.fit(tf.ones((4, 2)), tf.ones((4, 1)), verbose=0)  # training: all
    ```

    ## References
    - [Metrics](https://keras.io/api/metrics/): "the results from evaluating a metric are not used when training
      the model".
    - [Losses](https://keras.io/api/losses/).
    """

    code = "TFG407"
    name = "metric-as-loss"
    outcome = "raises:ValueError"
    cause = Cause.METRIC_AS_LOSS

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        return "returns None" if call else "trains nothing with it"

    def message(self, broken: Break) -> str:
        """``operation`` is the metric as the program names it, where the finding stands at ``compile``."""
        remedy = broken.remedy or "a loss of keras.losses"
        if broken.operation:
            consequence = broken.consequence if broken.request else f"fit {broken.result}"
            return f"{broken.step} is given the metric {broken.operation} as a loss: {consequence}; use {remedy}"
        return f"{broken.step} is a metric and has no gradient: {broken.consequence}; use {remedy}"

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe: the loss of the same name."""
        from tfgradlint.fixing.pairs import loss_of

        return loss_of(scene, broken.operation)
