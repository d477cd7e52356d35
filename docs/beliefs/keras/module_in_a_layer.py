"""Keras and `tf.Module` list each other's variables.

Neither does: a module in a Keras layer, and a Keras layer in a module, are not found from outside.
"""

import keras
import tensorflow as tf


class Inner(tf.Module):
    def __init__(self):
        super().__init__()
        self.factor = tf.Variable(2.0)


class Outer(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def call(self, inputs):
        return inputs * self.inner.factor


layer = Outer()
with tf.GradientTape(persistent=True) as tape:
    loss = tf.reduce_sum(layer(tf.constant([1.0, 2.0])))
of_layer = tape.gradient(loss, layer.trainable_variables)  # outcome: empty
of_module = tape.gradient(loss, layer.inner.trainable_variables)  # outcome: flows
