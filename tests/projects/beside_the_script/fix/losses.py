import tensorflow as tf


def distance(y_true, y_pred):
    error = (y_true - y_pred) ** 2
    return tf.reduce_mean(error)
