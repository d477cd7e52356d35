"""`tape.gradient` must be called after the `with` block.

It may be called inside, once. Only a persistent tape pays for it: it records the backward pass as well, and
TensorFlow logs that this is slow.
"""

import tensorflow as tf

x = tf.Variable(3.0)
with tf.GradientTape() as tape:
    loss = x * x
    gradient = tape.gradient(loss, x)  # outcome: flows
assert gradient.numpy() == 6.0
