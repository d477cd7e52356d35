"""A variable that was never read inside the tape has no gradient.

Asked for a variable with respect to itself, the tape answers with ones, even if it recorded nothing at all.
"""

import tensorflow as tf

v = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    pass
gradient = tape.gradient(v, v)  # outcome: flows
assert gradient.numpy().tolist() == [1.0, 1.0]
