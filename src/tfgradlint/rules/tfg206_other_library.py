"""TFG206: another library, or Keras' own way to NumPy, on the only path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene

#: For functions that leave TensorFlow, what to write instead: the same values, with a gradient.
COUNTERPARTS = {
    "keras.backend.eval": "the tensor itself",
    "keras.backend.get_value": "the tensor itself",
    "keras.ops.convert_to_numpy": "the tensor itself",
    "scipy.linalg.expm": "tf.linalg.expm()",
    "scipy.linalg.inv": "tf.linalg.inv()",
    "scipy.linalg.sqrtm": "tf.linalg.sqrtm()",
    "scipy.spatial.distance.cosine": "1 + keras.losses.cosine_similarity()",
    "scipy.special.erf": "tf.math.erf()",
    "scipy.special.expit": "tf.sigmoid()",
    "scipy.special.gammaln": "tf.math.lgamma()",
    "scipy.special.log_softmax": "tf.nn.log_softmax()",
    "scipy.special.logsumexp": "tf.reduce_logsumexp()",
    "scipy.special.softmax": "tf.nn.softmax()",
    "sklearn.metrics.log_loss": "tf.reduce_mean(keras.losses.sparse_categorical_crossentropy())",
    "sklearn.metrics.mean_absolute_error": "tf.reduce_mean(tf.abs(...))",
    "sklearn.metrics.mean_squared_error": "tf.reduce_mean(tf.square(...))",
    "sklearn.preprocessing.normalize": "tf.math.l2_normalize()",
    "tf.keras.backend.eval": "the tensor itself",
    "tf.keras.backend.get_value": "the tensor itself",
    "tf.make_ndarray": "the tensor itself",
}
#: Those that give the value of their argument, and nothing else.
_FETCHING = frozenset({"keras.backend.get_value", "keras.ops.convert_to_numpy", "tf.keras.backend.get_value"})


class OtherLibrary(Rule):
    """A library other than TensorFlow and NumPy computes on the only path from source to target.

    ## What it does
    Reports a call of SciPy, scikit-learn, pandas, PIL or OpenCV that is given a tensor, and Keras' and
    TensorFlow's own ways to an array (`keras.ops.convert_to_numpy`, `tf.keras.backend.get_value`,
    `tf.make_ndarray`, `keras.utils.array_to_img`), when everything between source and target goes through what
    they return.

    No finding where these libraries prepare data, judge or record results, or drive the optimisation from
    outside; where they give an index (`scipy.optimize.linear_sum_assignment`) or a target; and where their arrays,
    or a pandas `Series`, are operands of a tensor's operator (`tensor * series`).

    ## Why it matters
    All of them take an eager tensor for an array, silently, and what they return has no past: the request
    returns `None`. In a `tf.function`, and in everything that Keras compiles, the same call raises
    `NotImplementedError: Cannot convert a symbolic tf.Tensor to a numpy array` (`tf.keras.backend.get_value`:
    `AttributeError`, `tf.make_ndarray`: `TypeError`). PIL and OpenCV refuse tensors even eagerly, so there
    `.numpy()` or `np.asarray` stands before them, and that is what is reported (`TFG201`, `TFG202`).

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    scorer = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


    def train_step(x, labels):
        with tf.GradientTape() as tape:
            scores = keras.ops.convert_to_numpy(scorer(x))  # expect: TFG206; keras 2: -  # raises: keras 2: AttributeError
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True))
        return tape.gradient(loss, scorer.trainable_variables)  # outcome: none, none; keras 2: never


    print(train_step(tf.ones((4, 3)), tf.constant([0, 1, 1, 0])))
    ```

    ## Use instead
    Stay with tensors up to the loss: `tf.math`, `tf.linalg`, `tf.signal`, `tf.image` and `keras.ops` have most of
    what the others have, TensorFlow Probability has the distributions. Where nothing fits, `tf.custom_gradient`
    around `tf.numpy_function` says what the derivative is.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    scorer = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


    def train_step(x, labels):
        with tf.GradientTape() as tape:
            scores = scorer(x)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True))
        print(scores.numpy())
        return tape.gradient(loss, scorer.trainable_variables)  # outcome: flows, flows


    print(train_step(tf.ones((4, 3)), tf.constant([0, 1, 1, 0])))
    ```

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      "Did calculations outside of TensorFlow".
    - [`keras.ops.convert_to_numpy`](https://keras.io/api/ops/core/#converttonumpy-function).
    """  # noqa: E501 - a comment cannot be broken

    code = "TFG206"
    name = "other-library"
    outcome = "none"
    cause = Cause.OTHER_LIBRARY
    step_by_step = True

    def message(self, broken: Break) -> str:
        """``operation`` is the function's full name (``scipy.special.expit``), where known."""
        return f"{broken.step} leaves TensorFlow: {broken.consequence}; {self.advice(broken)}"

    def advice(self, broken: Break) -> str:
        known = broken.remedy or COUNTERPARTS.get(broken.operation or broken.step.removesuffix("()"))
        return f"use {known}" if known else "compute it with TensorFlow's own functions"

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Go on with the tensor, where the step only fetched its value."""
        from tfgradlint.fixing.values import undone

        return undone(scene) if broken.operation in _FETCHING else None
