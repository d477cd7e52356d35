"""An operation without a gradient gives `None`.

If it is registered as having none. If nothing is registered, the request raises `LookupError`, as soon as the
operation lies on the way back.
"""

import tensorflow as tf

x = tf.Variable([1.0, 1.0, 2.0])
with tf.GradientTape() as tape:
    values, _ = tf.unique(x * 2.0)  # expect: TFG304
    loss = tf.reduce_sum(values)
gradient = tape.gradient(loss, x)  # outcome: raises:LookupError
