"""Changing the contrast of an image is arithmetic, so it has a gradient.

`tf.image.adjust_contrast` is one operation without a registered gradient, and the request raises. Brightness is
arithmetic.
"""

import tensorflow as tf

image = tf.Variable(tf.reshape(tf.linspace(0.1, 0.9, 12), [1, 2, 2, 3]))
with tf.GradientTape() as tape:
    brighter = tf.image.adjust_brightness(image, 0.1)
kept = tape.gradient(brighter, image)  # outcome: flows
with tf.GradientTape() as tape:
    stronger = tf.image.adjust_contrast(image, 2.0)  # expect: TFG304
lost = tape.gradient(stronger, image)  # outcome: raises:LookupError
