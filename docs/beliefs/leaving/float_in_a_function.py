"""`float(t)` gives a Python number, so the gradient is gone.

In eager code. In a `tf.function` AutoGraph makes a cast of it, and the gradient arrives: a test of the compiled step
does not find the fault of the other one.
"""

import tensorflow as tf

w = tf.Variable(3.0)


def step():  # modes: function
    with tf.GradientTape() as tape:
        loss = tf.square(float(w * 2.0))  # expect: TFG201; function: -
    return tape.gradient(loss, w)  # outcome: none; function: flows


step()
