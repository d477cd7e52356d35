"""A `tf.Variable` in an attribute of a Keras layer is one of its weights.

It was in Keras 2. Keras 3 tracks `add_weight` and `keras.Variable` only: the layer works, and never trains.
"""

import keras
import tensorflow as tf


class Scale(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.factor = tf.Variable(2.0)  # expect: TFG405

    def call(self, inputs):
        return inputs * self.factor


layer = Scale()
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(layer(tf.constant([1.0, 2.0])))
gradients = tape.gradient(loss, layer.trainable_variables)  # outcome: empty
