"""`tf.py_function` is a black box without a gradient.

TensorFlow runs it under a tape of its own, and hands on the gradient of what it does with TensorFlow.
"""

import tensorflow as tf

w = tf.Variable(3.0)
with tf.GradientTape() as tape:
    loss = tf.py_function(lambda x: x * x, [w], tf.float32)
gradient = tape.gradient(loss, w)  # outcome: flows
assert gradient.numpy() == 6.0
