"""Sorting and top-k are not differentiable.

The order is not; the values that come out are the values that went in, and so are their gradients.
"""

import tensorflow as tf

x = tf.Variable([3.0, 1.0, 2.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.sort(x) * [1.0, 10.0, 100.0]) + tf.reduce_sum(tf.math.top_k(x, 1).values)
gradient = tape.gradient(loss, x)  # outcome: flows
assert gradient.numpy().tolist() == [101.0, 1.0, 10.0]
