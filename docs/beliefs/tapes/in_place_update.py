"""`v -= step` updates a variable in place.

A `tf.Variable` refuses it. `v = v - step` is no update either: it binds the name to a tensor that the next tape does
not watch. `v.assign_sub(step)` is the update.
"""

import tensorflow as tf

v = tf.Variable(3.0)
with tf.GradientTape() as tape:
    loss = v * v
gradient = tape.gradient(loss, v)  # outcome: flows
v -= 0.1 * gradient  # raises: RuntimeError  # expect: TFG107
