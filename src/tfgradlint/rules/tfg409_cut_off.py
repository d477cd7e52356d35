"""TFG409: the forward pass stops the gradient between two trainable parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import PartGradient
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Quotes, Rule
from tfgradlint.rules.remedies import REMEDIES, quoted, remedy_for, short

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene
    from tfgradlint.flow.verdict.judgements import Reason


class CutOff(Rule):
    """The forward pass stops the gradient between two trainable parts, so that the lower one never trains.

    ## What it does
    Reports the step of a forward pass through which everything goes that the loss knows of some trainable
    weights, while weights behind the step do get a gradient: rounding, comparisons, `tf.argmax`,
    `tf.stop_gradient`, NumPy, and layers that give whole numbers, such as `keras.layers.Discretization`. Both
    parts are trained together, by `fit` or with one list of variables.

    No finding where the lower part is frozen or not asked for, where it learns on another way (a loss of its own,
    the other branch of a siamese network, a skip connection), and for straight-through estimators. Where nothing
    gets a gradient, the rule for the step itself speaks (`TFG301`, `TFG306`, `TFG401`).

    ## Why it matters
    Training runs and the loss falls, because the upper part learns to live with what the lower part gives it at
    random. Keras says `Gradients do not exist for variables ... when minimizing the loss` once, and with `tf.sign`,
    whose gradient is zero, nothing at all. The lower weights keep their first values for ever.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)


    class Autoencoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = keras.layers.Dense(2, activation="sigmoid")
            self.decoder = keras.layers.Dense(3)

        def call(self, x):
            code = tf.round(self.encoder(x))  # expect: TFG409
            return self.decoder(code)


    model, optimizer = Autoencoder(), keras.optimizers.SGD(0.1)
    x = tf.random.normal((4, 3))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x) - x))
    gradients = tape.gradient(loss, model.trainable_variables)  # outcome: none, none, flows, flows
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # training: some
    ```

    ## Use instead
    Let the gradient pass straight through a step that is hard on purpose, or replace the step by a soft one
    (`tf.sigmoid` with a low temperature, Gumbel softmax). If the lower part is meant to stay as it is, say so with
    `trainable = False`.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)


    class Autoencoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = keras.layers.Dense(2, activation="sigmoid")
            self.decoder = keras.layers.Dense(3)

        def call(self, x):
            code = self.encoder(x)
            code = code + tf.stop_gradient(tf.round(code) - code)
            return self.decoder(code)


    model, optimizer = Autoencoder(), keras.optimizers.SGD(0.1)
    x = tf.random.normal((4, 3))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x) - x))
    gradients = tape.gradient(loss, model.trainable_variables)  # outcome: flows, flows, flows, flows
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))  # training: all
    ```

    ## References
    - [Estimating or propagating gradients through stochastic neurons for conditional
      computation](https://arxiv.org/abs/1308.3432), the straight-through estimator.
    - [Transfer learning and fine-tuning](https://keras.io/guides/transfer_learning/), on `trainable`.
    """

    code = "TFG409"
    name = "cut-off"
    outcome = "none"
    cause = Cause.CUT_OFF

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        """Where the step is an operation that can be replaced: by what."""
        name = self.step(reason, quotes)
        if short(name) not in REMEDIES:
            return ""
        return f"{remedy_for(name, quoted(reason.site.expression, quotes))}; or set trainable = False on that part"

    def message(self, broken: Break) -> str:
        """``detail``: a :class:`PartGradient`; ``source`` is a lower weight."""
        part = f"what is below it, {broken.source} for one" if broken.source else "what is below it"
        how = f"gives a gradient of zero to {part}" if broken.detail is PartGradient.ZERO else f"cuts off {part}"
        remedy = broken.remedy or "let the gradient pass straight through, or set trainable = False on that part"
        return f"{broken.step} {how}: {broken.consequence}; {remedy}"

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Unsafe: the hard value goes on, and the gradient passes straight through; perhaps it was to end there."""
        from tfgradlint.fixing.straight_through import straight_through

        return straight_through(scene)
