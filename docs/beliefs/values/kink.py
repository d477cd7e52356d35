"""At a kink the gradient is not defined, so it is NaN.

TensorFlow picks a number: 0 for the absolute value and for `relu` at zero, 1 for a clip at its very edge.
"""

import tensorflow as tf

x = tf.Variable(0.0)
with tf.GradientTape(persistent=True) as tape:
    absolute = tf.abs(x)
    rectified = tf.nn.relu(x)
    clipped = tf.clip_by_value(x, 0.0, 1.0)
of_absolute = tape.gradient(absolute, x)  # outcome: zero
of_rectified = tape.gradient(rectified, x)  # outcome: zero
of_clipped = tape.gradient(clipped, x)  # outcome: flows
assert of_clipped.numpy() == 1.0
