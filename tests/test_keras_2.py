"""What is wrong with Keras 3 and right with Keras 2: nothing is said where the program runs with Keras 2.

Measured on tf_keras 2.21: a model that is frozen after ``compile`` goes on training, a ``tf.Variable`` in an attribute
is tracked, optimizers have ``minimize``, and ``float`` in a compiled loss becomes a cast.
"""

from __future__ import annotations

import pytest

from tfgradlint import check

FROZEN = """import numpy as np
from tensorflow import keras

critic = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
critic.compile("sgd", "mse")
critic.trainable = False
critic.train_on_batch(np.ones((4, 3), "float32"), np.zeros((4, 1)))
"""

ATTRIBUTE = """import tensorflow as tf
from tensorflow import keras


class Scale(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.factor = tf.Variable(2.0)

    def call(self, x):
        return x * self.factor


layer = Scale()
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(layer(tf.ones((2, 3))))
gradients = tape.gradient(loss, layer.trainable_variables)
"""

MINIMIZE = """import tensorflow as tf
from tensorflow import keras

w = tf.Variable(3.0)
optimizer = keras.optimizers.SGD(0.1)
optimizer.minimize(lambda: w * w, [w])
"""

NUMBER = """import tensorflow as tf
from tensorflow import keras


def loss(truth, guess):
    return tf.reduce_mean((truth - guess) ** 2) * float(tf.reduce_mean(guess) + 2.0)


model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", loss)
model.fit(tf.ones((4, 3)), tf.zeros((4, 1)))
"""

OPS = """import tensorflow as tf
from tensorflow import keras

w = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(keras.ops.convert_to_numpy(w))
gradients = tape.gradient(loss, w)
"""

PROGRAMS = [(OPS, "TFG206"), (FROZEN, "TFG411"), (ATTRIBUTE, "TFG405"), (MINIMIZE, "TFG408"), (NUMBER, "TFG201")]


@pytest.mark.parametrize(("program", "code"), PROGRAMS, ids=[code for _, code in PROGRAMS])
def test_is_found_with_keras_3(program: str, code: str) -> None:
    assert [finding.code for finding in check(program, tensorflow_version="2.21")] == [code]


@pytest.mark.parametrize(("program", "code"), PROGRAMS, ids=[code for _, code in PROGRAMS])
def test_is_silent_with_keras_2(program: str, code: str) -> None:
    as_package = program.replace("from tensorflow import keras", "import tf_keras as keras")
    asked_for = 'import os\nos.environ["TF_USE_LEGACY_KERAS"] = "1"\n' + program
    assert check(program, tensorflow_version="2.15") == []
    assert check(as_package, tensorflow_version="2.21") == []
    assert check(asked_for, tensorflow_version="2.21") == []
