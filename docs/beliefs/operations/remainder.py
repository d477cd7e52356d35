"""The remainder is as flat as the integer division.

`x // 1` gives `None`, but `x % 1` grows with `x` between its jumps, and TensorFlow knows it.
"""

import tensorflow as tf

x = tf.Variable([1.25, 2.5])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(x % 1.0)
gradient = tape.gradient(loss, x)  # outcome: flows
assert gradient.numpy().tolist() == [1.0, 1.0]
