import tensorflow as tf
from losses import distance

w = tf.Variable([0.5, -1.5])


@tf.function(autograph=False)
def step(x):
    with tf.GradientTape() as tape:
        loss = distance(x, w * x)  # alone: TFG301
    return tape.gradient(loss, w)  # outcome: none


# The module is used first while the step is traced; later calls run that trace.
for _ in range(3):
    step(tf.constant([1.0, 2.0]))
step(tf.constant([[1.0, 2.0]]))
