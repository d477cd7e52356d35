"""Layers and modules that are nested deeper than anybody counts, or hold themselves: nothing is cut off at a depth."""

from __future__ import annotations

import pytest

from tfgradlint import check, predict

_HEAD = """\
import keras
import tensorflow as tf

dense = keras.layers.Dense(1)
dense(tf.ones((1, 1)))
"""
_REQUEST = """\
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(model(tf.ones((1, 1))))
grads = tape.gradient(loss, {sources}.trainable_variables)
"""
_CHAINS = _HEAD + "model = keras.Sequential([dense])\n" + "model = keras.Sequential([model])\n" * 12
_LISTS = (
    _HEAD
    + "nested = dense\n"
    + "nested = [nested]\n" * 20
    + """
class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.nested = nested

    def call(self, x):
        return dense(x)

model = Model()
model(tf.ones((1, 1)))
"""
)
_CYCLE = (
    _HEAD
    + """
class Module(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(1.0)
        self.me = self

class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.module = Module()
        self.dense = dense

    def call(self, x):
        return self.dense(x) * self.module.w

model = Model()
model(tf.ones((1, 1)))
"""
)


@pytest.mark.parametrize("program", [_CHAINS, _LISTS], ids=["chains", "lists"])
def test_freezing_reaches_every_layer_inside(program: str) -> None:
    frozen = program + "model.trainable = False\n" + _REQUEST.format(sources="dense")
    assert [finding.code for finding in check(frozen)] == ["TFG411"]
    assert [prediction.sources for prediction in predict(frozen)] == [()]


def test_a_module_that_holds_itself_is_looked_into_once() -> None:
    program = _CYCLE + _REQUEST.format(sources="model")
    assert [finding.code for finding in check(program)] == ["TFG405"]
    assert [prediction.verdict for prediction in predict(program)] == ["flows"]
