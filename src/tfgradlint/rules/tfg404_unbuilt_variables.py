"""TFG404: variables listed before the model was built, then used as sources."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import Unbuilt
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule


class UnbuiltVariables(Rule):
    """A model's variables are listed before it has any, and the list is what the gradients are asked for.

    ## What it does
    Reports an expression such as `model.trainable_variables` or `layer.trainable_weights` that is evaluated before
    the model has been built, where the list is used as the sources of a request later. A layer without an input
    shape (`Dense(4)`) and a `Sequential` without `Input` get their weights when they are called for the first
    time, or by `build()`. A subclassed model gets them when it is called: in Keras 3 `build(shape)` makes none of
    the weights of the layers it holds, unless it has a `build` method of its own that does.

    No finding: functional models and a `Sequential` with an `Input`, which are built from the start; a list that
    is read after a first call or after `build()`; one that is read again in every step; a list that is only
    counted or printed.

    ## Why it matters
    The property builds a new list each time it is read. Read too early the list is empty, and stays so:
    `tape.gradient(loss, [])` returns `[]` without a warning. `apply_gradients(zip([], []))` then raises
    `ValueError: not enough values to unpack (expected 2, got 0)`; `optimizer.apply([], [])` and a loop over the
    pairs do nothing at all, and the loss never moves. Where only a part of the model has weights already, that
    part alone is trained. In Keras 2 a `Sequential` that has no weights yet, and a model with a
    `build` method of its own, raise `ValueError` where their weights are listed.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
    variables = model.trainable_variables  # expect: TFG404  # raises: keras 2: ValueError
    optimizer = keras.optimizers.SGD(0.1)


    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x)))
        gradients = tape.gradient(loss, variables)  # outcome: empty; keras 2: never
        optimizer.apply(gradients, variables)  # training: nothing; keras 2: never


    train_step(tf.ones((4, 3)), tf.zeros((4, 1)))
    ```

    ## Use instead
    Tell the model its input before the list is read, or read the list where it is used.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
    variables = model.trainable_variables
    optimizer = keras.optimizers.SGD(0.1)


    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x)))
        gradients = tape.gradient(loss, variables)  # outcome: flows, flows, flows, flows
        optimizer.apply_gradients(zip(gradients, variables))  # training: all


    train_step(tf.ones((4, 3)), tf.zeros((4, 1)))
    ```

    ## References
    - [The Sequential model: specifying the input shape in advance](https://keras.io/guides/sequential_model/#specifying-the-input-shape-in-advance).
    - [Making new layers and models via subclassing: deferring weight creation until the shape of the inputs is known](https://keras.io/guides/making_new_layers_and_models_via_subclassing/).
    """

    code = "TFG404"
    name = "unbuilt-variables"
    outcome = "empty"
    cause = Cause.UNBUILT

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        return "leaves the rest out" if isinstance(detail, Unbuilt) and detail.partly else "returns []"

    def message(self, broken: Break) -> str:
        """``step`` is the expression that reads the list; ``detail``: an :class:`Unbuilt`."""
        kind = broken.detail if isinstance(broken.detail, Unbuilt) else Unbuilt()
        if kind.refused:
            return f"{broken.step} raises ValueError before the model is built; give it an Input, or call it first"
        held = "holds a part of the weights only" if kind.partly else "is empty"
        remedy = "call it once" if kind.sonnet else "give the model an Input, call it"
        return (
            f"{broken.step} {held} before the model is built: {broken.consequence}; "
            f"{remedy} first, or read the list where it is used"
        )
