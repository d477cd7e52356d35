"""A gradient that is finite is right.

That of `tf.math.cumprod` is wrong as soon as one of the numbers is zero. The truth here is `[1, 9, 0, 0]`, and
`tf.reduce_prod` of the parts finds it.
"""

import tensorflow as tf

x = tf.Variable([1.0, 0.0, 2.0, 3.0])
with tf.GradientTape(persistent=True) as tape:
    at_once = tf.reduce_sum(tf.math.cumprod(x))
    in_parts = tf.add_n([tf.reduce_prod(x[:end]) for end in (1, 2, 3, 4)])
wrong = tape.gradient(at_once, x)  # outcome: flows
right = tape.gradient(in_parts, x)  # outcome: flows
assert wrong.numpy().tolist() == [1.0, 0.0, 0.0, 0.0]
assert right.numpy().tolist() == [1.0, 9.0, 0.0, 0.0]
