"""The gradient of a singular value decomposition is NaN where singular values are equal.

TensorFlow leaves the terms out that would be infinite.
"""

import tensorflow as tf

matrix = tf.Variable([[1.0, 0.0], [0.0, 1.0]])
with tf.GradientTape() as tape:
    s, u, v = tf.linalg.svd(matrix)
    loss = tf.reduce_sum(s) + tf.reduce_sum(u * v)
gradient = tape.gradient(loss, matrix)  # outcome: flows
assert tf.reduce_all(tf.math.is_finite(gradient))
