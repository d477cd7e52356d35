"""A variable with `trainable=False` has no gradient.

The tape only does not watch it by itself. Watched by hand it has one.
"""

import tensorflow as tf

v = tf.Variable(3.0, trainable=False)
with tf.GradientTape() as tape:
    loss = v * v
unwatched = tape.gradient(loss, v)  # outcome: none  # expect: TFG106
with tf.GradientTape() as tape:
    tape.watch(v)
    loss = v * v
watched = tape.gradient(loss, v)  # outcome: flows
assert watched.numpy() == 6.0
