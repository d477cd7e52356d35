"""The maximum passes its gradient to one element.

`tf.reduce_max` divides it among equals. `tf.maximum` gives all of it to its first argument.
"""

import tensorflow as tf

x = tf.Variable([2.0, 2.0, 1.0])
with tf.GradientTape(persistent=True) as tape:
    reduced = tf.reduce_max(x)
    pairwise = tf.maximum(x[0], x[1])
shared = tape.gradient(reduced, x)  # outcome: flows
first = tape.gradient(pairwise, x)  # outcome: flows
assert shared.numpy().tolist() == [0.5, 0.5, 0.0]
assert tf.convert_to_tensor(first).numpy().tolist() == [1.0, 0.0, 0.0]
