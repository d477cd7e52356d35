"""TFG405: a weight in an attribute that Keras, or ``tf.Module``, does not track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfgradlint.flow.graph.breaks import Untracked
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene

#: Who does not track what, and what to write instead, by what is assigned.
_KINDS: dict[Detail | None, tuple[str, str, str]] = {
    Untracked.TF_VARIABLE: (
        "never trains",
        "Keras 3 does not track a tf.Variable",
        "use self.add_weight(...) or keras.Variable",
    ),
    Untracked.TF_MODULE: (
        "never trains",
        "Keras 3 does not look into a tf.Module",
        "make it a keras.layers.Layer",
    ),
    Untracked.OF_KERAS: (
        "never trains",
        "tf.Module finds tf.Variables and tf.Modules only",
        "derive the class from keras.layers.Layer or keras.Model",
    ),
    Untracked.IN_OBJECT: (
        "holds weights that never train",
        "Keras does not look into objects of plain classes",
        "derive the class of the object from keras.layers.Layer",
    ),
    Untracked.IN_LAMBDA: (
        "reads weights that never train",
        "Keras does not look into functions",
        "write a keras.layers.Layer that has them in place of the Lambda",
    ),
    Untracked.IN_LOSS: (
        "never trains",
        "Keras does not look into losses",
        "give it to a layer of the model, or apply its gradient in a train_step",
    ),
}


class UntrackedWeight(Rule):
    """A weight is kept in an attribute that is not tracked, so that it is missing from `trainable_variables`.

    ## What it does
    Reports the assignment of an attribute in which a weight lies hidden: a `tf.Variable`, or a list or dictionary
    of them, or a `tf.Module`, in a Keras 3 layer or model; a Keras layer, a Keras model or a `keras.Variable` in
    a `tf.Module`; an object of a plain Python class that holds weights or layers, in a layer or model; a weight in an
    object derived from `keras.losses.Loss`. Reports a `Lambda` whose function reads a variable or calls a layer. The
    weight takes part in the loss, and the program trains `trainable_variables` or calls `fit`.

    No finding: state (`trainable=False`, or no part of the loss); variables that are added to the sources by hand,
    by `tape.watched_variables()` or by a `trainable_variables` property of the class's own; `add_weight`,
    `keras.Variable` and layers in Keras objects, also in lists, tuples and dictionaries; tf.Modules in tf.Modules;
    weights that `assign`, `set_weights` or `load_weights` sets, or that another request of the program asks for.

    ## Why it matters
    Keras 2 collected every `tf.Variable` that was assigned to a layer. Keras 3 collects `keras.Variable`s and
    layers. A `tf.Variable` attribute works in the forward pass, is saved in checkpoints, and is in none of the
    lists: no error, no warning, and the weight keeps its first value for ever. A `tf.Module` in turn finds
    `tf.Variable`s, and since Keras 3 its layers and variables are neither `tf.Module`s nor `tf.Variable`s.
    Neither version looks into objects of plain classes, functions and losses.

    ## Example
    ```python
    import keras
    import tensorflow as tf


    class Scale(keras.layers.Layer):
        def build(self, shape):
            self.gain = tf.Variable(tf.ones(shape[-1:]))  # expect: TFG405; keras 2: -

        def call(self, x):
            return self.gain * x


    layer = Scale()


    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - layer(x)))
        return tape.gradient(loss, layer.trainable_variables)  # outcome: empty; keras 2: flows


    print(train_step(tf.ones((4, 3)), tf.zeros((4, 3))))
    ```

    ## Use instead
    `add_weight` makes a variable that Keras tracks.

    ```python
    import keras
    import tensorflow as tf


    class Scale(keras.layers.Layer):
        def build(self, shape):
            self.gain = self.add_weight(name="gain", shape=shape[-1:], initializer="ones")

        def call(self, x):
            return self.gain * x


    layer = Scale()


    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - layer(x)))
        return tape.gradient(loss, layer.trainable_variables)  # outcome: flows


    print(train_step(tf.ones((4, 3)), tf.zeros((4, 3))))
    ```

    ## References
    - [Migrating Keras 2 code to Keras 3](https://keras.io/guides/migrating_to_keras_3/), `tf.Variable` in layers.
    - [`tf.Module`](https://www.tensorflow.org/api_docs/python/tf/Module), `trainable_variables`.
    """

    code = "TFG405"
    name = "untracked-weight"
    outcome = "empty"
    cause = Cause.UNTRACKED

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        return "leaves it out"

    def message(self, broken: Break) -> str:
        """``step`` is the attribute; ``detail``: an :class:`Untracked`."""
        what, why, remedy = _KINDS.get(broken.detail, _KINDS[Untracked.TF_VARIABLE])
        several = broken.detail in (Untracked.IN_OBJECT, Untracked.IN_LAMBDA)
        it = "them" if several else "it"
        return f"{broken.step} {what}: {why}, and trainable_variables does not hold {it}; {remedy}"

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """Unsafe: a variable of Keras, which is tracked, and is none of TensorFlow's."""
        from tfgradlint.fixing.values import of_keras

        return of_keras(scene) if broken.detail is Untracked.TF_VARIABLE else None
