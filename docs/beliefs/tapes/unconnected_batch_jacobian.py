"""What does not depend on the source gives `None`, whatever method is asked.

`gradient` and `jacobian` do; `batch_jacobian` gives zeros, so that a test for `None` finds nothing wrong.
"""

import tensorflow as tf

x = tf.constant([[1.0, 2.0]])
with tf.GradientTape(persistent=True) as tape:
    y = x * x
nothing = tape.gradient(y, x)  # outcome: none  # expect: TFG103
zeros = tape.batch_jacobian(y, x)  # outcome: zero  # expect: TFG103
assert not zeros.numpy().any()
