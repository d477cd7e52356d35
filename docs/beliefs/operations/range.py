"""A grid depends on its ends, whatever function makes it.

`tf.linspace` passes the gradient to its ends; `tf.range` with the same floats does not.
"""

import tensorflow as tf

end = tf.Variable(2.0)
with tf.GradientTape(persistent=True) as tape:
    spaced = tf.reduce_sum(tf.linspace(0.0, end, 5))
    ranged = tf.reduce_sum(tf.range(0.0, end, end / 5.0))  # expect: TFG301
kept = tape.gradient(spaced, end)  # outcome: flows
lost = tape.gradient(ranged, end)  # outcome: none
