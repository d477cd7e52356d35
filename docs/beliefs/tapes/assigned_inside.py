"""`v.assign(...)` inside the tape is part of the computation.

The tape sees the variable read, not what was written to it: the gradient stops at the variable.
"""

import tensorflow as tf

w = tf.Variable(2.0)
v = tf.Variable(0.0)
with tf.GradientTape() as tape:
    v.assign(w * 2.0)  # expect: TFG111
    loss = v * v
gradients = tape.gradient(loss, [v, w])  # outcome: flows, none
assert gradients[0].numpy() == 8.0
