"""What converts one way with a gradient converts back with one.

`tf.image.rgb_to_hsv` has a gradient, `tf.image.hsv_to_rgb` has none. An augmentation of the hue loses it on the way
back.
"""

import tensorflow as tf

image = tf.Variable([[[0.2, 0.5, 0.7]]])
with tf.GradientTape(persistent=True) as tape:
    hsv = tf.image.rgb_to_hsv(image)
    rgb = tf.image.hsv_to_rgb(image)  # expect: TFG301
kept = tape.gradient(hsv, image)  # outcome: flows
lost = tape.gradient(rgb, image)  # outcome: none
