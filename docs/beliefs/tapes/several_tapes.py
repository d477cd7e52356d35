"""A loss that was added up over several tapes has its whole gradient in the last one.

Each tape knows what it recorded itself. The last one gives its own share, with no error and no `None`: here 4 of 10.
"""

import tensorflow as tf

w = tf.Variable(1.0)
loss = 0.0
for factor in (1.0, 2.0, 3.0, 4.0):
    with tf.GradientTape() as tape:
        loss = loss + factor * w  # expect: TFG908
gradient = tape.gradient(loss, w)  # outcome: flows
assert gradient.numpy() == 4.0
