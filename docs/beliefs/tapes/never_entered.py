""" "A non-persistent GradientTape can only be used once" means that it was used twice.

A tape that was never entered says the same: forget the `with`, and the message sends you looking for a second call
that is not there.
"""

import tensorflow as tf

x = tf.Variable(3.0)
tape = tf.GradientTape()
loss = x * x
gradient = tape.gradient(loss, x)  # outcome: raises:RuntimeError  # expect: TFG112
