import tensorflow as tf

from lab.fields import grids


def residual(u, x):
    return tf.cast(u * grids.spacing(x), tf.int32)  # expect: TFG302


def count(x):
    return len(x)
