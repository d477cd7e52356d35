"""`tf.where` keeps what was not selected out of the gradient.

It multiplies it by zero, and zero times infinity is NaN. Make the argument harmless first.
"""

import tensorflow as tf

x = tf.Variable([0.0, 4.0])
with tf.GradientTape(persistent=True) as tape:
    once = tf.reduce_sum(tf.where(x > 0.0, tf.math.log(x), 0.0))  # expect: TFG506
    safe = tf.where(x > 0.0, x, 1.0)
    twice = tf.reduce_sum(tf.where(x > 0.0, tf.math.log(safe), 0.0))
bad = tape.gradient(once, x)  # outcome: nonfinite
good = tape.gradient(twice, x)  # outcome: flows
assert good.numpy().tolist() == [0.0, 0.25]
