"""Logistic regression with gradient descent written out by hand.

The update assigns to the variables, so that they stay variables and every tape watches them.
"""

import tensorflow as tf

tf.random.set_seed(7)


def make_data(samples=64, features=4):
    inputs = tf.random.normal([samples, features])
    truth = tf.constant([1.5, -2.0, 0.5, 1.0])
    labels = tf.cast(tf.linalg.matvec(inputs, truth) > 0.0, tf.float32)
    return inputs, labels


def cross_entropy(weights, bias, inputs, labels):
    logits = tf.linalg.matvec(inputs, weights) + bias
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


def train(inputs, labels, steps=50, learning_rate=0.5):
    weights = tf.Variable(tf.zeros([inputs.shape[1]]))
    bias = tf.Variable(0.0)
    history = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = cross_entropy(weights, bias, inputs, labels)
        weights_gradient, bias_gradient = tape.gradient(loss, [weights, bias])
        weights.assign_sub(learning_rate * weights_gradient)
        bias.assign_sub(learning_rate * bias_gradient)
        history.append(float(loss))
    return history


inputs, labels = make_data()
history = train(inputs, labels)
print(f"loss {history[0]:.4f} -> {history[-1]:.4f}")
