"""`tf.constant(t)` makes a constant, and cuts the gradient.

Of an eager tensor it makes nothing: it hands `t` through, and the gradient with it. In a `tf.function` the same line
raises.
"""

import tensorflow as tf

w = tf.Variable([1.0, 2.0])


def gradient(x):  # modes: function
    with tf.GradientTape() as tape:
        scaled = tf.constant(w * x)
        loss = tf.reduce_sum(scaled)
    return tape.gradient(loss, w)  # outcome: flows; function: raises:TypeError


gradient(tf.constant([3.0, 4.0]))
