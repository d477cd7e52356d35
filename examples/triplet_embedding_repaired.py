"""Learns an embedding with a triplet loss: an anchor close to its own kind, far from the others.

The distances are taken with TensorFlow, inside the tape.
"""

import tensorflow as tf

tf.random.set_seed(3)


class Encoder:
    """Two dense layers, the output on the unit sphere."""

    def __init__(self, inputs, hidden, outputs):
        self.w1 = tf.Variable(tf.random.normal([inputs, hidden], stddev=0.3), name="w1")
        self.b1 = tf.Variable(tf.zeros([hidden]), name="b1")
        self.w2 = tf.Variable(tf.random.normal([hidden, outputs], stddev=0.3), name="w2")

    @property
    def weights(self):
        return [self.w1, self.b1, self.w2]

    def encode(self, batch):
        hidden = tf.nn.tanh(tf.matmul(batch, self.w1) + self.b1)
        return tf.math.l2_normalize(tf.matmul(hidden, self.w2), axis=-1)


def distance(left, right):
    return tf.norm(left - right, axis=-1)


def triplet_loss(encoder, anchor, positive, negative, margin=0.5):
    near = distance(encoder.encode(anchor), encoder.encode(positive))
    far = distance(encoder.encode(anchor), encoder.encode(negative))
    return tf.reduce_mean(tf.nn.relu(near - far + margin))


def train(encoder, batches, learning_rate=0.1):
    for step, (anchor, positive, negative) in enumerate(batches):
        with tf.GradientTape() as tape:
            loss = triplet_loss(encoder, anchor, positive, negative)
        gradients = tape.gradient(loss, encoder.weights)
        for weight, gradient in zip(encoder.weights, gradients):
            weight.assign_sub(learning_rate * gradient)
        print(f"step {step}: loss {float(loss):.4f}")


if __name__ == "__main__":
    data = [tuple(tf.random.normal([3, 16, 8])) for _ in range(5)]
    train(Encoder(8, 16, 4), data)
