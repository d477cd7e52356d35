"""`optimizer.minimize(loss, variables)` does it all in one line.

It did in Keras 2. The optimizers of Keras 3 have no such method.
"""

import keras
import tensorflow as tf

w = tf.Variable(3.0)
optimizer = keras.optimizers.SGD(0.1)
optimizer.minimize(lambda: w * w, [w])  # raises: AttributeError  # expect: TFG408
