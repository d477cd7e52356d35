"""`tf.gather` gives a dense gradient, like a slice.

It gives `tf.IndexedSlices`: the rows and where they belong. Optimizers take that; arithmetic does not, until
`tf.convert_to_tensor` has made it dense.
"""

import tensorflow as tf

v = tf.Variable([1.0, 2.0, 3.0, 4.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.gather(v, [1, 2]))
gradient = tape.gradient(loss, v)  # outcome: flows
assert isinstance(gradient, tf.IndexedSlices)
assert tf.convert_to_tensor(gradient).numpy().tolist() == [0.0, 1.0, 1.0, 0.0]
