"""An autoencoder whose code is rounded to a few levels, for compression.

The code is rounded on the way forward only; on the way back the gradient passes straight through.
"""

import tensorflow as tf

tf.random.set_seed(11)

LEVELS = 8


def quantise(code):
    scaled = tf.nn.sigmoid(code) * (LEVELS - 1)
    rounded = scaled + tf.stop_gradient(tf.round(scaled) - scaled)
    return rounded / (LEVELS - 1)


class Autoencoder:
    def __init__(self, inputs=12, code=4):
        self.encoder = tf.Variable(tf.random.normal([inputs, code], stddev=0.4))
        self.decoder = tf.Variable(tf.random.normal([code, inputs], stddev=0.4))

    def __call__(self, batch):
        code = quantise(tf.matmul(batch, self.encoder))
        return tf.matmul(code, self.decoder)


def train_step(model, batch, learning_rate=0.1):
    variables = [model.encoder, model.decoder]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(batch) - batch))
    for variable, gradient in zip(variables, tape.gradient(loss, variables)):
        variable.assign_sub(learning_rate * gradient)
    return loss


def main():
    model = Autoencoder()
    batch = tf.random.uniform([32, 12])
    for epoch in range(10):
        loss = train_step(model, batch)
        print(f"epoch {epoch}: loss {float(loss):.4f}")


if __name__ == "__main__":
    main()
