"""TFG406: layers or variables created anew by every call."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import Creation
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule

_WHERE: dict[Detail | None, str] = {
    Creation.IN_CALL: "in call",
    Creation.IN_COMPILED_FUNCTION: "in a compiled function",
    Creation.IN_TAPE: "inside the tape",
}


class CreatedInCall(Rule):
    """A layer or a variable is created anew by every call.

    ## What it does
    Reports an expression that creates variables (`keras.layers.Dense(...)`, `add_weight`, `tf.Variable`,
    `keras.Variable`) and is evaluated each time: in `call` of a layer or model, in a function under
    `tf.function`, or inside a tape that is opened in a loop.

    No finding for what is created once: in `__init__` or `build`, behind a test such as
    `if self.dense is None` (in a Keras object that has another layer, not yet built: one without takes itself for
    built and raises), in a function that builds a model outside the tape. No finding either for layers
    without variables (`LeakyReLU`, `Flatten`, `Concatenate`, pooling), and for a variable that an eager function
    makes for itself and trains. `Dropout` and the noise layers do hold a variable, the state of their random
    generator, which is in the way wherever Keras compiles.

    ## Why it matters
    In a compiled function, and that is what `fit` makes of `call`, the second trace raises
    `ValueError: tf.function only supports singleton tf.Variables created on the first call`. In eager mode
    nothing is said: every call gets fresh random weights, `trainable_variables` does not list them, and the
    layers that are listed are trained against a part that changes in every step. `add_weight`, and a layer
    assigned to an attribute, raise `ValueError` as soon as the layer has been built. Keras 2 (`tf_keras`) is milder:
    its `Dropout` may be made in `call`, and it accepts the attribute, with fresh weights each time.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)


    class Scorer(keras.Model):
        def __init__(self):
            super().__init__()
            self.body = keras.layers.Dense(3, activation="tanh")

        def call(self, x):
            return keras.layers.Dense(1)(self.body(x))  # expect: TFG406; keras 2: -


    model = Scorer()
    model.compile(optimizer="sgd", loss="mse")
    model.fit(tf.ones((4, 2)), tf.zeros((4, 1)), verbose=0)  # training: raises:ValueError
    ```

    ## Use instead
    Make the parts in `__init__`, or in `build` where they depend on the shape of the input.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)


    class Scorer(keras.Model):
        def __init__(self):
            super().__init__()
            self.body = keras.layers.Dense(3, activation="tanh")
            self.head = keras.layers.Dense(1)

        def call(self, x):
            return self.head(self.body(x))


    model = Scorer()
    model.compile(optimizer="sgd", loss="mse")
    model.fit(tf.ones((4, 2)), tf.zeros((4, 1)), verbose=0)  # training: all
    ```

    ## References
    - [Making new layers and models via subclassing](https://keras.io/guides/making_new_layers_and_models_via_subclassing/),
      "Best practice: deferring weight creation until the shape of the inputs is known".
    - [Better performance with tf.function](https://www.tensorflow.org/guide/function#creating_tfvariables), on
      creating variables.
    """

    code = "TFG406"
    name = "created-in-call"
    outcome = "raises:ValueError"
    cause = Cause.CREATED_IN_CALL

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        return ""

    def message(self, broken: Break) -> str:
        """``detail``: a :class:`Creation`."""
        where = _WHERE.get(broken.detail, "by every call")
        costs = f"{broken.consequence}; " if broken.result else ""
        remedy = broken.remedy or "create it once, in __init__ or build"
        return f"{broken.step} makes new variables {where}: {costs}{remedy}"
