"""The worse the prediction, the larger the gradient of the loss.

Keras clips probabilities before it takes the logarithm. The most wrong prediction there is gets the largest loss, and
a gradient of zero. From logits it is right.
"""

import keras
import tensorflow as tf

truth = tf.constant([1.0])
with tf.GradientTape() as tape:
    probability = tf.constant([0.0])
    tape.watch(probability)
    loss = keras.losses.binary_crossentropy(truth, probability)
clipped = tape.gradient(loss, probability)  # outcome: zero
assert loss.numpy() > 16.0
with tf.GradientTape() as tape:
    logit = tf.constant([-100.0])
    tape.watch(logit)
    loss = keras.losses.binary_crossentropy(truth, logit, from_logits=True)
right = tape.gradient(loss, logit)  # outcome: flows
