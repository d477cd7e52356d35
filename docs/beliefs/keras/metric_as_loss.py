"""`keras.metrics.MeanSquaredError()` is the mean squared error, so it can be a loss.

A metric keeps its sums in variables, and no gradient comes out of an assignment. The loss of the same name is another
object.
"""

import keras
import tensorflow as tf

w = tf.Variable([1.0, 2.0])
truth = tf.constant([0.0, 0.0])
metric = keras.metrics.MeanSquaredError()
with tf.GradientTape() as tape:
    loss = metric(truth, w * 1.0)  # expect: TFG407
lost = tape.gradient(loss, w)  # outcome: none
with tf.GradientTape() as tape:
    loss = keras.losses.MeanSquaredError()(truth, w * 1.0)
kept = tape.gradient(loss, w)  # outcome: flows
