import tensorflow as tf

from ..units import SCALE


def penalty(x):
    return tf.constant(0.1) * SCALE
