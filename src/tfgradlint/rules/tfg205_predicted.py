"""TFG205: ``predict``, ``predict_on_batch`` or ``evaluate`` of a model on the only path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import Prediction
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene

_OF_ARRAYS = (Prediction.PREDICT, Prediction.PREDICT_ON_BATCH)


class Predicted(Rule):
    """`predict`, `predict_on_batch` or `evaluate` of a Keras model is called on the only path.

    ## What it does
    Reports `model.predict(...)`, `model.predict_on_batch(...)` and `model.evaluate(...)` where everything
    between the target and the model's weights, or the model's input, goes through the call.

    No finding: predictions that are meant to be data (a target network's values, a teacher's or a frozen
    model's output, the class whose saliency is asked for), figures for a log, and methods of the same name in
    classes of your own.

    ## Why it matters
    These methods run the model batch by batch in a compiled function of their own and hand over NumPy arrays
    or Python numbers. No tape sees what happens inside. The loss has the right value, and the request returns
    `None` for every weight; `apply_gradients` then raises `ValueError: No gradients provided for any
    variable`. Where the array is itself the target, `tape.gradient` raises `AttributeError`, and for the number
    that `evaluate` returns `TypeError: Cannot convert the argument ... to a TensorFlow DType`. In a
    `tf.function` the call fails while the function is traced.

    Keras 2 (`tf_keras`) refuses `predict` and `predict_on_batch` wherever a tape watches the model, also for
    predictions that are meant to be data: `LookupError: No gradient defined for operation 'IteratorGetNext'`.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])


    def train_step(x, y):
        with tf.GradientTape() as tape:
            y_hat = model.predict(x, verbose=0)  # expect: TFG205  # raises: keras 2: LookupError
            loss = tf.reduce_mean(tf.square(y - y_hat))
        return tape.gradient(loss, model.trainable_variables)  # outcome: none, none; keras 2: never


    print(train_step(tf.ones((4, 3)), tf.zeros((4, 1))))
    ```

    ## Use instead
    Calling the model gives a tensor. `training=True` also lets dropout and batch normalisation behave as they
    should while the model is trained; `predict` never does.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])


    def train_step(x, y):
        with tf.GradientTape() as tape:
            y_hat = model(x, training=True)
            loss = tf.reduce_mean(tf.square(y - y_hat))
        return tape.gradient(loss, model.trainable_variables)  # outcome: flows, flows


    print(train_step(tf.ones((4, 3)), tf.zeros((4, 1))))
    ```

    ## References
    - [What's the difference between `Model` methods `predict()` and `__call__()`?](https://keras.io/getting_started/faq/#whats-the-difference-between-model-methods-predict-and-call),
      Keras FAQ.
    - [Writing a training loop from scratch](https://www.tensorflow.org/guide/keras/writing_a_training_loop_from_scratch).
    """

    code = "TFG205"
    name = "predicted"
    outcome = "none"
    cause = Cause.PREDICTED
    step_by_step = True

    def message(self, broken: Break) -> str:
        """``detail`` is the method. Without a request Keras 2 refuses the call."""
        model = broken.step.removesuffix("()").rpartition(".")[0] or "the model"
        if not broken.request:
            where = "where a tape watches the model, or in a tf.function"
            return f"{broken.step} of Keras 2 {broken.result} {where}; {_remedy(broken, model)}"
        return f"{broken.step} returns {_given(broken)}: {broken.consequence}; {_remedy(broken, model)}"

    def advice(self, broken: Break) -> str:
        return _remedy(broken, broken.step.removesuffix("()").rpartition(".")[0] or "the model")

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Unsafe: call the model, which keeps the whole batch in memory, and gives a tensor."""
        from tfgradlint.fixing.values import called

        return called(scene) if broken.detail in _OF_ARRAYS else None


def _given(broken: Break) -> str:
    """What the method gives."""
    if broken.detail in _OF_ARRAYS:
        return "NumPy arrays"
    return "Python numbers" if broken.detail is Prediction.EVALUATE else "no tensor"


def _remedy(broken: Break, model: str) -> str:
    """A model is called by its name; an expression that was cut short has none."""
    call = f"{model}(...)" if "..." not in model else "the model itself"
    if broken.detail is Prediction.EVALUATE:
        return f"call {call} and compute the loss from the tensor it returns"
    return f"call {call}"
