"""Where the loss is NaN, so is the gradient.

The derivative of the logarithm is one divided by `x`, and that is a number for a negative `x` too.
"""

import tensorflow as tf

x = tf.Variable(-1.0)
with tf.GradientTape() as tape:
    loss = tf.math.log(x)
gradient = tape.gradient(loss, x)  # outcome: flows
assert tf.math.is_nan(loss)
assert gradient.numpy() == -1.0
