"""``arrives``: never None and no exception; whether the gradient is zero is a matter of the numbers.

Each step is run under TensorFlow twice, with data that makes it zero and with data that does not.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tfgradlint import predict

#: Layers with the shapes of data that make all of some gradient zero, and that do not.
STEPS = {
    "a recurrent kernel meets no state but zero in a sequence of one": (
        "keras.layers.LSTM(2)",
        ("(3, 1, 2)", "(3, 4, 2)"),
    ),
    "so do both of Bidirectional": (
        "keras.layers.Bidirectional(keras.layers.SimpleRNN(2))",
        ("(3, 1, 2)", "(3, 4, 2)"),
    ),
    "a batch of one example is nothing but its mean": (
        "keras.layers.BatchNormalization()",
        ("(1, 2)", "(3, 2)"),
    ),
}
_PROGRAM = """\
import keras
import tensorflow as tf

model = keras.Sequential([{layer}, keras.layers.Dense(1)])


def step(data):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(model(data, training=True)))
    return tape.gradient(loss, model.trainable_variables)

"""
_MEASURED = """
keras.utils.set_random_seed(1)
for shape in {shapes}:
    gradients = [tf.convert_to_tensor(each).numpy() for each in step(tf.random.normal(shape))]
    print(min(abs(each).max() for each in gradients))
"""


@pytest.mark.parametrize("step", STEPS)
def test_what_a_layer_does_depends_on_the_numbers(step: str) -> None:
    layer, shapes = STEPS[step]
    text = _PROGRAM.format(layer=layer)
    (site,) = predict(text)
    assert site.verdict == "arrives"
    assert {source.verdict for source in site.sources} == {"flows", "arrives"}
    run = subprocess.run(
        [sys.executable, "-c", text + _MEASURED.format(shapes=f"({', '.join(shapes)})")],
        capture_output=True,
        text=True,
        check=True,
    )
    nothing, something = map(float, run.stdout.split()[-2:])
    assert nothing < 1e-6 < something


@pytest.mark.parametrize(
    ("branches", "verdict"),
    [
        (("w * 2.0", "tf.sign(w)"), "arrives"),
        (("w * 2.0", "tf.round(w)"), "unknown"),
        (("tf.sign(w)", "tf.sign(w * 2.0)"), "zero"),
    ],
)
def test_one_branch_with_a_gradient_and_one_with_zeros(branches: tuple[str, str], verdict: str) -> None:
    one, other = branches
    text = f"""\
import sys
import tensorflow as tf

w = tf.Variable(1.5)
with tf.GradientTape() as tape:
    y = {one} if len(sys.argv) > 30 else {other}
tape.gradient(y, w)
"""
    assert [site.verdict for site in predict(text)] == [verdict]


def test_of_several_evaluations_each_of_which_arrives_none_can_be_told_apart() -> None:
    text = """\
import tensorflow as tf

w = tf.Variable(1.5)
for function in (lambda: w * 2.0, lambda: tf.sign(w)):
    with tf.GradientTape() as tape:
        y = function()
    tape.gradient(y, w)
"""
    assert [site.verdict for site in predict(text)] == ["varies"]


def test_a_second_derivative_across_such_a_layer_is_not_known() -> None:
    text = """\
import keras
import tensorflow as tf

layer = keras.layers.LSTM(2)
layer.build((None, None, 2))


def step(data):
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = tf.reduce_sum(layer(data))
        first = inner.gradient(loss, layer.trainable_variables)
        total = tf.add_n([tf.reduce_sum(each) for each in first])
    return outer.gradient(total, layer.trainable_variables)
"""
    inner, outer = predict(text)
    assert inner.verdict == "arrives"
    assert outer.verdict == "unknown"
