"""What Keras 3 makes of steps and losses of one's own: where it raises, nothing is said of what stands behind."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from tfgradlint import check, predict

PROGRAM = """import keras
import tensorflow as tf

class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = keras.layers.Dense(1)

    def call(self, x):
        {call}
        return self.inner(x)

    {method}

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x) - y) ** 2)
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return loss

def main():
    x, y = tf.ones([4, 2]), tf.ones([4, 1])
    model = Own()
    model(x)
    model.compile(optimizer="sgd", loss="mse")
    model.{train}(x, y)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(x))
    return tape.gradient(loss, model.trainable_variables)

reached = main()
"""
STEP = "def train_step(self, data):\n        {}"
LOSS = "def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):\n        {}"
METHODS = {
    "a step that returns nothing": STEP.format("self.step(*data[:2])"),
    "a step that returns None": STEP.format("self.step(*data[:2])\n        return None"),
    "a step that returns its loss": STEP.format("return self.step(*data[:2])"),
    "a step that returns a pair": STEP.format("return self.step(*data[:2]), 1.0"),
    "a step that returns a list": STEP.format("return [self.step(*data[:2])]"),
    "a step that returns an empty dictionary": STEP.format("self.step(*data[:2])\n        return {}"),
    "a step that returns a dictionary": STEP.format("return {'loss': self.step(*data[:2])}"),
    "a step that takes two things": STEP.format("x, y = data\n        return {'loss': self.step(x, y)}"),
    "a step that takes three": STEP.format("x, y, w = data\n        return {'loss': self.step(x, y)}"),
    "a loss that returns nothing": LOSS.format("tf.reduce_mean((y - y_pred) ** 2)"),
    "a loss that returns its loss": LOSS.format("return tf.reduce_mean((y - y_pred) ** 2)"),
}


def reached(program: str) -> bool:
    names: dict[str, Any] = {}
    try:
        exec(program, names)
    except (AttributeError, TypeError, ValueError, tf.errors.InvalidArgumentError):
        return False
    return all(gradient is not None for gradient in names["reached"])


@pytest.mark.parametrize("train", ["fit", "train_on_batch"])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_nothing_is_known_behind_a_call_of_keras_that_raises(method: str, train: str) -> None:
    program = PROGRAM.format(call="pass", method=method, train=train)
    *_, request = predict(program)
    assert request.line == len(program.splitlines()) - 2
    assert request.verdict == ("flows" if reached(program) else "unknown")
    assert check(program) == []


def test_a_loss_that_a_layer_adds_does_not_stand_in_for_one_that_returns_nothing() -> None:
    method = METHODS["a loss that returns nothing"]
    program = PROGRAM.format(call="self.add_loss(tf.reduce_sum(self.inner(x)))", method=method, train="fit")
    assert not reached(program)
    assert "flows" not in {request.verdict for request in predict(program) if request.call == "fit"}
