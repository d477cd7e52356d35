"""Layers in a list or a dictionary have to be registered one by one.

Keras tracks the containers too.
"""

import keras
import tensorflow as tf


class Stack(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = [keras.layers.Dense(2) for _ in range(2)]
        self.heads = {"mean": keras.layers.Dense(1)}

    def call(self, inputs):
        for layer in self.hidden:
            inputs = layer(inputs)
        return self.heads["mean"](inputs)


model = Stack()
inputs = tf.constant([[1.0, 2.0]])
model(inputs)
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(model(inputs))
gradients = tape.gradient(loss, model.trainable_variables)  # outcome: flows, flows, flows, flows, flows, flows
assert len(model.trainable_variables) == 6
