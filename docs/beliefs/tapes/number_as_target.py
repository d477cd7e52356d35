"""A loss that has become a NumPy number gives `None`.

As the target itself it is refused: `None` comes only where TensorFlow goes on computing with it.
"""

import numpy as np
import tensorflow as tf

w = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    loss = np.mean(w * w)  # expect: TFG202
gradient = tape.gradient(loss, w)  # outcome: raises:AttributeError
