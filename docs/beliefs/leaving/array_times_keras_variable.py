"""What holds for `tf.Variable` holds for `keras.Variable`.

In front of a `keras.Variable` the array wins, and what comes out is an array. Behind it TensorFlow computes.
"""

import keras
import numpy as np
import tensorflow as tf

k = keras.Variable([1.0, 2.0])
weights = np.array([3.0, 4.0], np.float32)
with tf.GradientTape(persistent=True) as tape:
    before = tf.reduce_sum(weights * k)  # expect: TFG202
    behind = tf.reduce_sum(k * weights)
lost = tape.gradient(before, k)  # outcome: none
kept = tape.gradient(behind, k)  # outcome: flows
