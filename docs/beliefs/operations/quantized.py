"""Quantization rounds, so it has no gradient.

TensorFlow's own quantizers pass the gradient straight through where nothing was clipped: it arrives although the
output is a staircase.
"""

import tensorflow as tf

x = tf.Variable([0.3, 0.6])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.quantization.fake_quant_with_min_max_args(x, num_bits=4))
gradient = tape.gradient(loss, x)  # outcome: flows
assert gradient.numpy().tolist() == [1.0, 1.0]
