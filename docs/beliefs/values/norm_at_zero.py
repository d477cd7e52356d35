"""The norm of zeros has the gradient zero.

It is NaN. So a matrix of distances between the points of one set, with zeros on its diagonal, always is.
"""

import tensorflow as tf

points = tf.Variable([[1.0, 2.0], [3.0, 5.0]])
with tf.GradientTape() as tape:
    distances = tf.norm(points[:, None] - points[None, :], axis=-1)  # expect: TFG506
    loss = tf.reduce_sum(distances)
gradient = tape.gradient(loss, points)  # outcome: nonfinite
