"""A layer with `trainable = False` has no gradients.

It has no trainable variables. Its kernel, asked for by name, gets a gradient as before: freezing changes a list and
nothing else.
"""

import keras
import tensorflow as tf

layer = keras.layers.Dense(1)
layer.build([None, 2])
layer.trainable = False  # expect: TFG411
with tf.GradientTape(persistent=True) as tape:
    loss = tf.reduce_sum(layer(tf.constant([[1.0, 2.0]])))
by_list = tape.gradient(loss, layer.trainable_variables)  # outcome: empty
by_name = tape.gradient(loss, layer.kernel)  # outcome: flows
