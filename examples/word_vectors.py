"""Fits word vectors so that the dot product of two words predicts how often they meet (GloVe's loss).

Only the frequent words are to be trained, so their rows are sliced out of the table first. The slice is
taken before the tape records: the tape sees a tensor it knows nothing about, and the table gets no gradient.
"""

import tensorflow as tf

tf.random.set_seed(5)

VOCABULARY, DIMENSIONS, FREQUENT = 40, 6, 12


def make_counts():
    counts = tf.random.uniform([FREQUENT, FREQUENT], 1.0, 50.0)
    return (counts + tf.transpose(counts)) / 2.0


def glove_loss(vectors, bias, counts):
    predicted = tf.matmul(vectors, vectors, transpose_b=True) + bias[:, None] + bias[None, :]
    weight = tf.minimum(1.0, (counts / 30.0) ** 0.75)
    return tf.reduce_mean(weight * tf.square(predicted - tf.math.log(counts)))


def fit(counts, steps=20, learning_rate=0.05):
    table = tf.Variable(tf.random.normal([VOCABULARY, DIMENSIONS], stddev=0.3), name="table")
    bias = tf.Variable(tf.zeros([FREQUENT]), name="bias")
    frequent = table[:FREQUENT]
    for step in range(steps):
        with tf.GradientTape() as tape:
            loss = glove_loss(frequent, bias, counts)
        table_gradient, bias_gradient = tape.gradient(loss, [table, bias])
        if table_gradient is not None:
            table.assign_sub(learning_rate * table_gradient)
        bias.assign_sub(learning_rate * bias_gradient)
        if step % 5 == 0:
            print(f"step {step}: loss {float(loss):.4f}")
    return table


if __name__ == "__main__":
    fit(make_counts())
