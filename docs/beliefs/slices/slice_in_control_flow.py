"""A slice inside `tf.cond` or `tf.while_loop` loses the gradient.

Both hand the gradient back through the branch that was taken and through every turn of the loop.
"""

import tensorflow as tf

v = tf.Variable([1.0, 2.0, 3.0, 4.0])


@tf.function
def gradients():
    with tf.GradientTape() as tape:
        chosen = tf.cond(v[0] > 0.0, lambda: v[1:3], lambda: v[0:2])
        _, total = tf.while_loop(
            lambda i, total: i < 3, lambda i, total: (i + 1, total + v[i]), (tf.constant(0), tf.constant(0.0))
        )
        loss = tf.reduce_sum(chosen) + total
    return tape.gradient(loss, v)  # outcome: flows


assert tf.convert_to_tensor(gradients()).numpy().tolist() == [1.0, 2.0, 2.0, 0.0]
