"""Reading a variable gives a copy, so its value is never a source.

That is so for `tf.Variable`, where `value()` makes a new tensor each time. `keras.Variable.value` is the variable
that the tape watches.
"""

import keras
import tensorflow as tf

v = tf.Variable(3.0)
k = keras.Variable(3.0)
with tf.GradientTape(persistent=True) as tape:
    loss = v * v + k * k
of_tensorflow = tape.gradient(loss, v.value())  # outcome: none  # expect: TFG102
of_keras = tape.gradient(loss, k.value)  # outcome: flows
assert of_keras.numpy() == 6.0
