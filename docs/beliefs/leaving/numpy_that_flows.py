"""Every function of NumPy returns an array.

A few hand the work to the methods and operators of what they are given. `np.flip` takes a tensor by its index, and a
tensor comes back.
"""

import numpy as np
import tensorflow as tf

w = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    t = w * w
    loss = tf.reduce_sum(np.flip(t) * [1.0, 10.0])
gradient = tape.gradient(loss, w)  # outcome: flows
assert gradient.numpy().tolist() == [20.0, 4.0]
