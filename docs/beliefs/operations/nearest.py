"""Resizing by nearest neighbours has no gradient, resizing by areas has.

The other way round: the nearest pixel is a copy with a gradient, and `area` has none registered.
"""

import tensorflow as tf

image = tf.Variable(tf.ones([1, 4, 4, 1]))
with tf.GradientTape() as tape:
    small = tf.image.resize(image, [2, 2], method="nearest")
kept = tape.gradient(small, image)  # outcome: flows
with tf.GradientTape() as tape:
    small = tf.image.resize(image, [2, 2], method="area")  # expect: TFG304
lost = tape.gradient(small, image)  # outcome: raises:LookupError
