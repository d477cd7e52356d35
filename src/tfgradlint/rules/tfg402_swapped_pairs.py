"""TFG402: gradients and variables handed to an optimizer the wrong way round, or not in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import Pairing
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene

#: What was seen, and what to write instead.
_KINDS: dict[Detail | None, tuple[str, str]] = {
    Pairing.SWAPPED: (
        "takes pairs of a gradient and its variable, in this order",
        "swap them: zip(gradients, variables)",
    ),
    Pairing.UNZIPPED: (
        "takes pairs of a gradient and its variable",
        "write apply_gradients(zip(gradients, variables))",
    ),
    Pairing.SINGLE_PAIR: (
        "takes a list of pairs, and this is one pair",
        "put the pair in a list: [(gradient, variable)]",
    ),
    Pairing.SWAPPED_LISTS: ("takes the gradients first, then the variables", "write apply(gradients, variables)"),
    Pairing.TENSOR: ("updates variables, and this is a tensor or an array", "keep the value in a tf.Variable"),
}


class SwappedPairs(Rule):
    """Gradients and variables are handed to an optimizer the wrong way round, or not in pairs.

    ## What it does
    Reports a call of an optimizer's `apply_gradients` or `apply` in which the variables stand where the
    gradients belong and the other way round (`zip(variables, gradients)`), in which the gradients are not zipped
    with their variables, in which one pair stands where a list of pairs belongs, or in which a plain tensor or
    a NumPy array stands in the place of a variable (`model.get_weights()`, the picture of a style transfer).

    No finding: `optimizer.apply(gradients, variables)`, which takes two lists; pairs taken apart by `zip(*pairs)`
    and put together again; an optimizer class of your own.

    ## Why it matters
    An optimizer of Keras 3 looks every variable up by its identity before it changes anything. Gradients are
    tensors and have none: `AttributeError: 'EagerTensor' object has no attribute '_unique_id'`, which says
    nothing of the order. In a `tf.function` the same happens while the function is traced. Lists that are not
    zipped end in `ValueError` (`not enough values to unpack`), or in `TypeError` where a gradient is a scalar;
    two arguments in `TypeError`. An optimizer that was built before takes one list in `apply`, and
    `apply(variables)` then passes without a word: every variable is taken for its own gradient.

    ## Example
    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1)


    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x)))
        variables = model.trainable_variables
        gradients = tape.gradient(loss, variables)  # outcome: flows, flows
        optimizer.apply_gradients(zip(variables, gradients))  # training: raises:AttributeError  # expect: TFG402


    train_step(tf.ones((4, 3)), tf.zeros((4, 1)))
    ```

    ## Use instead
    The gradient comes first.

    ```python
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1)


    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - model(x)))
        variables = model.trainable_variables
        gradients = tape.gradient(loss, variables)  # outcome: flows, flows
        optimizer.apply_gradients(zip(gradients, variables))  # training: all


    train_step(tf.ones((4, 3)), tf.zeros((4, 1)))
    ```

    ## References
    - [`Optimizer.apply_gradients`](https://www.tensorflow.org/api_docs/python/tf/keras/optimizers/Optimizer#apply_gradients),
      `grads_and_vars`: list of (gradient, variable) pairs.
    - [Writing a training loop from scratch](https://www.tensorflow.org/guide/keras/writing_a_training_loop_from_scratch).
    """

    code = "TFG402"
    name = "swapped-pairs"
    outcome = "raises:AttributeError"
    cause = Cause.SWAPPED_PAIRS

    def message(self, broken: Break) -> str:
        """``detail``: a :class:`Pairing`."""
        wanted, remedy = _KINDS.get(broken.detail, _KINDS[Pairing.SWAPPED])
        return f"{broken.step} {wanted}: it {broken.result}; {remedy}"

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Safe: pairs, in the order that the optimizer takes them."""
        from tfgradlint.fixing.pairs import paired

        return paired(scene, broken.detail)
