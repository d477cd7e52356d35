"""`tf.where(x > 0, tf.sqrt(x), 0)` gives NaN where `x` is not positive.

The most quoted case is the exception: the gradient of `tf.sqrt` takes care of zeros that come from above. Compiled by
XLA it does not.
"""

import tensorflow as tf

x = tf.Variable([-1.0, 0.0, 4.0])


def step():  # modes: function, jit
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.where(x > 0.0, tf.sqrt(x), 0.0))
    return tape.gradient(loss, x)  # outcome: flows; jit: nonfinite


step()
