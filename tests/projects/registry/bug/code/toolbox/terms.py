import tensorflow as tf

from toolbox.registry import register

START = [1.0, 2.0]


@register("quadratic")
def quadratic(x):
    return tf.reduce_sum(tf.round(x) ** 2)  # expect: TFG301


@register("linear")
def linear(x):
    return tf.reduce_sum(x)
