import tensorflow as tf


def distance(y_true, y_pred):
    error = tf.constant((y_true - y_pred).numpy()) ** 2  # expect: TFG201
    return tf.reduce_mean(error)
