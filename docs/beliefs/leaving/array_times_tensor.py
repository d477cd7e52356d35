"""A NumPy array in an expression pulls it out of TensorFlow.

Not in front of an operator: TensorFlow's tensors answer for `array * t` and `np.float32(2) * t`, and give tensors.
"""

import numpy as np
import tensorflow as tf

t = tf.Variable([1.0, 2.0])
weights = np.array([3.0, 4.0], np.float32)
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(weights * tf.square(t)) + tf.reduce_sum(np.float32(2.0) * tf.identity(t))
gradient = tape.gradient(loss, t)  # outcome: flows
assert gradient.numpy().tolist() == [8.0, 18.0]
