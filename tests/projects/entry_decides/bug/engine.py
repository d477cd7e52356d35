import tensorflow as tf


class Engine:
    def __init__(self, start, rate):
        self.start = start
        self.rate = rate

    def step(self):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(self.start**2) * self.rate
        return tape.gradient(loss, self.start)  # outcome: none # expect: TFG103
