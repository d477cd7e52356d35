"""A model's list of variables fills up as the model is built.

The list that was taken before stays as it was: empty. So are the gradients, and nothing raises until the optimizer is
called.
"""

import keras
import tensorflow as tf

model = keras.Sequential([keras.layers.Dense(2), keras.layers.Dense(1)])
variables = model.trainable_variables  # expect: TFG404
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(model(tf.constant([[1.0, 2.0]])))
gradients = tape.gradient(loss, variables)  # outcome: empty
assert len(model.trainable_variables) == 4
