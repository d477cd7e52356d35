"""Integers have no gradient: `None`.

An integer that comes out of an operation beside a floating output gives zeros when it is the target: `tf.argsort` is
made of `top_k`. A cast on the way makes `None` of it.
"""

import tensorflow as tf

x = tf.Variable([3.0, 1.0, 2.0])
with tf.GradientTape(persistent=True) as tape:
    order = tf.argsort(x)  # expect: TFG301
    loss = tf.reduce_sum(tf.cast(order, tf.float32))
zeros = tape.gradient(order, x)  # outcome: zero
nothing = tape.gradient(loss, x)  # outcome: none
