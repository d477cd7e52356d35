"""`tf.sign` gives `None`, as `tf.round` does.

It gives zeros. `tf.round`, `tf.floor` and `tf.math.ceil` give `None`: of one family, two ways to lose a gradient, and
only one that a test for `None` notices.
"""

import tensorflow as tf

x = tf.Variable([-1.5, 2.5])
with tf.GradientTape(persistent=True) as tape:
    signs = tf.reduce_sum(tf.sign(x))  # expect: TFG305
    rounded = tf.reduce_sum(tf.round(x))  # expect: TFG301
zeros = tape.gradient(signs, x)  # outcome: zero
nothing = tape.gradient(rounded, x)  # outcome: none
