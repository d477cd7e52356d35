"""A random sample has no gradient with respect to the parameters of its distribution.

`tf.random.normal` and `tf.random.uniform` compute theirs from the parameters, and for `tf.random.gamma` TensorFlow
differentiates the sampler itself. `tf.random.poisson` is the one that does not.
"""

import tensorflow as tf

p = tf.Variable([2.0, 3.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(
        tf.random.normal([2], mean=p) + tf.random.uniform([2], maxval=p) + tf.random.gamma([], alpha=p)
    )
gradient = tape.gradient(loss, p)  # outcome: flows
