import tensorflow as tf


def distance(target, output):
    return tf.reduce_mean(tf.abs(target - tf.round(output)))  # expect: TFG301
