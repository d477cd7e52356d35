"""`tape.watch` makes any tensor differentiable.

Not an integer: there is a line in the log, and then `None`.
"""

import tensorflow as tf

x = tf.constant([1, 2, 3])  # expect: TFG303
with tf.GradientTape() as tape:
    tape.watch(x)
    loss = tf.reduce_sum(tf.cast(x, tf.float32) ** 2.0)
gradient = tape.gradient(loss, x)  # outcome: none
