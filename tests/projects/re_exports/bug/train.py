import shapes
import tensorflow as tf
from shapes import *

w = tf.Variable([0.5, -1.5])
with tf.GradientTape() as tape:
    loss = area(w) + shapes.penalty(w)  # alone: TFG202
gradient = tape.gradient(loss, w)  # outcome: none
