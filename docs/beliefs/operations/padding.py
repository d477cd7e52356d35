"""A padded tensor depends on the value it is padded with.

The value is data to `tf.pad`: the gradient reaches the tensor only.
"""

import tensorflow as tf

x = tf.Variable([1.0, 2.0])
edge = tf.Variable(3.0)
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.pad(x, [[1, 1]], constant_values=edge))  # expect: TFG301
gradients = tape.gradient(loss, [x, edge])  # outcome: flows, none
