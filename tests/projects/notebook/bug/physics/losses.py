import tensorflow as tf

__all__ = ["boundary", "inside"]


def inside(net, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        u = net(x)
    slope = tape.gradient(u, x)  # outcome: flows
    return tf.reduce_mean(tf.square(slope + u))


def boundary(net):
    edge = net(tf.zeros((1, 1)))
    return float(tf.reduce_sum(edge))  # expect: TFG201
