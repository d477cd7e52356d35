"""A permutation keeps the gradient, so `tf.random.shuffle` does.

It is registered as not differentiable. Shuffle the indices and gather by them.
"""

import tensorflow as tf

x = tf.Variable([1.0, 2.0, 3.0])
with tf.GradientTape(persistent=True) as tape:
    shuffled = tf.reduce_sum(tf.random.shuffle(x) ** 2.0)  # expect: TFG301
    gathered = tf.reduce_sum(tf.gather(x, tf.random.shuffle(tf.range(3))) ** 2.0)
lost = tape.gradient(shuffled, x)  # outcome: none
kept = tape.gradient(gathered, x)  # outcome: flows
