"""`tape.gradient(loss, v[1:3])` is the gradient of a part of `v`.

The slice in the call is a new tensor, made after the loss; nothing leads from the loss to it. Ask for the whole
gradient and take the part from that.
"""

import tensorflow as tf

v = tf.Variable([1.0, 2.0, 3.0, 4.0])
with tf.GradientTape(persistent=True) as tape:
    loss = tf.reduce_sum(v * v)
nothing = tape.gradient(loss, v[1:3])  # outcome: none  # expect: TFG102
part = tape.gradient(loss, v)[1:3]  # outcome: flows
assert part.numpy().tolist() == [4.0, 6.0]
