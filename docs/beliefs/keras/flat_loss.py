"""Keras says so when a loss cannot be trained.

When all gradients are `None` it raises. When they are zeros, as those of `tf.sign` are, training runs, the loss is
printed, and no weight ever moves.
"""

import keras
import tensorflow as tf

model = keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])


def error_rate(truth, prediction):
    return tf.reduce_mean(1.0 - truth * tf.sign(prediction), axis=-1)  # expect: TFG401


model.compile(optimizer="sgd", loss=error_rate)
before = model.get_weights()[0].tolist()
model.fit(tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([[1.0], [-1.0]]), verbose=0)  # training: nothing
assert model.get_weights()[0].tolist() == before
