"""A tape that is not persistent can be entered only once.

Until it has been asked for a gradient it can be left and entered again, and goes on with what it has.
"""

import tensorflow as tf

x = tf.Variable(3.0)
tape = tf.GradientTape()
with tape:
    y = x * x
with tape:
    loss = y + 3.0 * x
gradient = tape.gradient(loss, x)  # outcome: flows
assert gradient.numpy() == 9.0
