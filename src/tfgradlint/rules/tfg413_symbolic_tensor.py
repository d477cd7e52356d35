"""TFG413: what only stands for a tensor in a model of Keras is given to TensorFlow."""

from __future__ import annotations

from tfgradlint.flow.graph.breaks import Symbolic
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule

_BY_A_BATCH = (
    "call a model under the tape on a batch; the output of a layer is that of keras.Model(inputs, layer.output)"
)
#: What to write instead, by what it is given to.
_KINDS: dict[Detail | None, str] = {
    Symbolic.FUNCTION: "use the function of keras.ops, or call it in a layer",
    Symbolic.COMPILED_FUNCTION: "call the function in a layer",
    Symbolic.WATCH: _BY_A_BATCH,
    Symbolic.REQUEST: _BY_A_BATCH,
    Symbolic.ADD_LOSS: "call self.add_loss in the call method of a layer",
}


class SymbolicTensor(Rule):
    """A symbolic tensor of Keras is given to TensorFlow.

    ## What it does
    Reports what `keras.Input` returns, what layers make of it, `model.input` and `layer.output`, where TensorFlow is
    given that: a function of `tf` outside of any layer, a `tf.function`, `tape.watch`, the target or a source of a
    request, `add_loss` of a model of inputs and outputs.

    No finding: layers, models, operators, slices and `keras.ops` on symbolic tensors; functions of `tf` inside `call`,
    in the function of a `Lambda`, and in Keras 2, which makes layers of them.

    ## Why it matters
    A symbolic tensor has a shape and a dtype, and no content: it stands for what the model will be given. Keras 3
    refuses it in functions of TensorFlow with `ValueError: A KerasTensor cannot be used as input to a TensorFlow
    function`, and in `add_loss` with `NotImplementedError`. A tape of either version raises `ValueError` where it is to
    watch one, and `AttributeError: 'KerasTensor' object has no attribute '_id'` where a gradient of one is asked for.

    ## Example
    The output of a hidden layer is asked for as it stands in the plan of the model:

    ```python
    import keras
    import tensorflow as tf

    inputs = keras.Input((2,))
    hidden = keras.layers.Dense(3, activation="tanh")
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden(inputs)))


    def sensitivity(x):
        with tf.GradientTape() as tape:
            score = model(x)
        return tape.gradient(score, hidden.output)  # expect: TFG413  # outcome: raises:AttributeError


    print(sensitivity(tf.ones((4, 2))))
    ```

    ## Use instead
    ```python
    import keras
    import tensorflow as tf

    inputs = keras.Input((2,))
    hidden = keras.layers.Dense(3, activation="tanh")
    head = keras.layers.Dense(1)
    model = keras.Model(inputs, head(hidden(inputs)))


    def sensitivity(x):
        features = hidden(x)
        with tf.GradientTape() as tape:
            tape.watch(features)
            score = head(features)
        return tape.gradient(score, features)  # outcome: flows


    print(sensitivity(tf.ones((4, 2))))
    ```

    ## References
    - [Migrating Keras 2 code to Keras 3](https://keras.io/guides/migrating_to_keras_3/), TensorFlow functions on
      symbolic inputs.
    - [The Functional API](https://keras.io/guides/functional_api/).
    """

    code = "TFG413"
    name = "symbolic-tensor"
    outcome = "raises:AttributeError"
    cause = Cause.SYMBOLIC_TENSOR

    def message(self, broken: Break) -> str:
        """``detail``: a :class:`Symbolic`."""
        what = "a symbolic tensor of Keras, which has no content"
        if broken.detail is Symbolic.REQUEST:
            return f"{broken.consequence}: it is given {what}; {_BY_A_BATCH}"
        remedy = _KINDS.get(broken.detail, _BY_A_BATCH)
        return f"{broken.step} {broken.result}: it is given {what}; {remedy}"
