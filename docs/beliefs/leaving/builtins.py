"""Python's own `sum`, `max` and `abs` lose the gradient.

They only use the operators of what they are given, and a tensor's operators are TensorFlow's.
"""

import tensorflow as tf

t = tf.Variable([1.0, -2.0])
with tf.GradientTape() as tape:
    parts = [t[0] * 2.0, t[1] * 3.0]
    loss = sum(parts) + max(parts) + abs(t[1])
gradient = tape.gradient(loss, t)  # outcome: flows
assert gradient.numpy().tolist() == [4.0, 2.0]
