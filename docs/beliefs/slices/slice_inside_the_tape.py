"""Slicing a variable cuts its gradient.

A slice that is taken while the tape records is one more operation. The gradient has the shape of the whole variable,
with zeros where the slice did not reach.
"""

import tensorflow as tf

v = tf.Variable([1.0, 2.0, 3.0, 4.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(v[1:3])
gradient = tape.gradient(loss, v)  # outcome: flows
assert gradient.numpy().tolist() == [0.0, 1.0, 1.0, 0.0]
