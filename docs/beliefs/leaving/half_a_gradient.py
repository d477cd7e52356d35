"""Lost gradients can be found by looking for `None`.

Where one of two paths leaves TensorFlow, the other one still carries: the number is finite, and half of the truth,
12.
"""

import tensorflow as tf

x = tf.Variable(3.0)
with tf.GradientTape() as tape:
    loss = x * float(x) * 2.0
gradient = tape.gradient(loss, x)  # outcome: flows
assert gradient.numpy() == 6.0
