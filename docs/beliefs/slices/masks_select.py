"""Selecting with a mask is not differentiable.

The comparison is not, and need not be: it only says which elements are taken, and those keep their gradients.
"""

import tensorflow as tf

x = tf.Variable([-1.0, 2.0, 3.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(x[x > 0.0]) + tf.reduce_sum(tf.boolean_mask(x, x > 2.5))
gradient = tape.gradient(loss, x)  # outcome: flows
assert tf.convert_to_tensor(gradient).numpy().tolist() == [0.0, 1.0, 2.0]
