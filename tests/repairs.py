"""What each rule's repair changes, as programs: a line that starts with ``-`` is taken out, one with ``+`` put in."""

from __future__ import annotations

import textwrap
from typing import NamedTuple


class Repair(NamedTuple):
    """A program with its change. ``name`` says what is repaired."""

    name: str
    code: str
    grade: str
    change: str

    @property
    def before(self) -> str:
        return self._without("+")

    @property
    def after(self) -> str:
        return self._without("-")

    def _without(self, sign: str) -> str:
        lines = textwrap.dedent(self.change).lstrip("\n").splitlines(keepends=True)
        return "".join(line[1:] for line in lines if not line.startswith(sign))


def _repair(name: str, code: str, grade: str, change: str, setup: str = "") -> Repair:
    start = "".join(f" {line}\n" for line in (_SETUP + textwrap.dedent(setup)).splitlines())
    return Repair(name, code, grade, start + textwrap.dedent(change).lstrip("\n"))


_SETUP = """\
import math
import numpy as np
import tensorflow as tf

w = tf.Variable([[0.5, -0.2], [0.1, 0.3]])
x = tf.constant([[1.0, 2.0]])
"""

REPAIRS = [
    _repair(
        "the gradient passes straight through a rounding",
        "TFG301",
        "unsafe",
        """
         with tf.GradientTape() as tape:
             scaled = x @ w
        -    code = tf.round(scaled) / 2.0
        +    code = (scaled + tf.stop_gradient(tf.round(scaled) - scaled)) / 2.0
             y = tf.reduce_sum(tf.square(code))
         tape.gradient(y, w)
        """,
    ),
    _repair(
        "the gradient of a comparison is that of a sigmoid, beside a rounding in the same product",
        "TFG301",
        "unsafe",
        """
         def steps(v):
        -    above = tf.cast(v > 0.1, tf.float32)
        -    return above * tf.round(v)
        +    above = tf.sigmoid(v - 0.1) + tf.stop_gradient(tf.cast(v > 0.1, tf.float32) - tf.sigmoid(v - 0.1))
        +    return above * (v + tf.stop_gradient(tf.round(v) - v))
         with tf.GradientTape() as tape:
             y = tf.reduce_sum(steps(4.0 * w))
         tape.gradient(y, w)
        """,
    ),
    _repair(
        "the gradient passes straight through a sign",
        "TFG305",
        "unsafe",
        """
         with tf.GradientTape() as tape:
        -    y = tf.sign(w)
        +    y = w + tf.stop_gradient(tf.sign(w) - w)
         tape.gradient(y, w)
        """,
    ),
    _repair(
        "the gradient passes straight through a rounding between two layers",
        "TFG409",
        "unsafe",
        """
         lower, upper = keras.layers.Dense(2), keras.layers.Dense(1)
         print(upper(lower(x)))
         with tf.GradientTape() as tape:
             code = lower(x)
        -    y = tf.reduce_sum(upper(tf.round(code)))
        +    y = tf.reduce_sum(upper(code + tf.stop_gradient(tf.round(code) - code)))
         tape.gradient(y, lower.trainable_variables + upper.trainable_variables)
        """,
        "import keras\n",
    ),
    _repair(
        "an array stays one where it is used as one",
        "TFG201",
        "unsafe",
        """
         def choose(scores):
        -    shares = tf.nn.softmax(scores).numpy()
        -    chosen = np.random.choice(2, p=shares)
        +    shares = tf.nn.softmax(scores)
        +    chosen = np.random.choice(2, p=shares.numpy())
             return -tf.math.log(shares[chosen])
         with tf.GradientTape() as tape:
             y = choose(w[0])
         tape.gradient(y, w)
        """,
    ),
    _repair(
        "the tape keeps what it recorded",
        "TFG101",
        "safe",
        """
        -with tf.GradientTape(watch_accessed_variables=True) as tape:
        +with tf.GradientTape(watch_accessed_variables=True, persistent=True) as tape:
             y = tf.reduce_sum(tf.square(x @ w))
         first = tape.gradient(y, w)
         second = tape.gradient(y, [w])
        """,
    ),
    _repair(
        "the variable itself is asked for",
        "TFG102",
        "safe",
        """
         with tf.GradientTape() as tape:
             y = tf.reduce_sum(tf.square(x @ w))
        -slope = tape.gradient(y, [w.read_value()])
        +slope = tape.gradient(y, [w])
        """,
    ),
    _repair(
        "the slice is taken of the gradient",
        "TFG102",
        "unsafe",
        """
         with tf.GradientTape() as tape:
             y = tf.reduce_sum(tf.square(x @ w))
        -slope = tape.gradient(y, w[:, 1])
        +slope = tape.gradient(y, w)[:, 1]
        """,
    ),
    _repair(
        "the tape watches the input from the start",
        "TFG103",
        "safe",
        """
         def saliency(pixels):
             with tf.GradientTape() as tape:
        +        tape.watch(pixels)
                 score = tf.reduce_max(pixels @ w)
             return tape.gradient(score, pixels)

         print(saliency(x))
        """,
    ),
    _repair(
        "the input is bound inside the block",
        "TFG103",
        "safe",
        """
         with tf.GradientTape() as tape:
             between = 0.5 * x
        +    tape.watch(between)
             score = tf.reduce_sum(tf.tanh(between @ w))
         slope = tape.gradient(score, between)
        """,
    ),
    _repair(
        "watching comes first",
        "TFG104",
        "safe",
        """
         with tf.GradientTape() as tape:
        +    tape.watch(x)  # the input
             score = tf.reduce_sum(tf.tanh(3.0 * x))
        -    tape.watch(x)  # the input
             score = 2.0 * score
         slope = tape.gradient(score, x)
        """,
    ),
    _repair(
        "what stands behind the block is recorded",
        "TFG105",
        "safe",
        """
         def step():
             with tf.GradientTape() as tape:
                 y = x @ w
        -    # the loss
        -    loss = tf.reduce_mean(
        -        tf.square(y)
        -    )
        +        # the loss
        +        loss = tf.reduce_mean(
        +            tf.square(y)
        +        )
             return tape.gradient(loss, w)

         print(step())
        """,
    ),
    _repair(
        "what stands before the block is recorded",
        "TFG105",
        "safe",
        """
        -y = x @ w
        -scaled = 2.0 * y
        -with tf.GradientTape() as tape:
        +with tf.GradientTape() as tape:
        +    y = x @ w
        +    scaled = 2.0 * y
             loss = tf.reduce_mean(tf.square(scaled))
         slope = tape.gradient(loss, w)
        """,
    ),
    _repair(
        "a tape that watches nothing by itself is told what to watch",
        "TFG106",
        "safe",
        """
         v = tf.Variable(1.5)
         with tf.GradientTape(watch_accessed_variables=False) as tape:
        +    tape.watch([w, v])
             loss = v * tf.reduce_mean(tf.square(x @ w))
         slopes = tape.gradient(loss, [w, v])
        """,
    ),
    _repair(
        "a frozen variable is watched",
        "TFG106",
        "unsafe",
        """
         v = tf.Variable(1.5, trainable=False)
         with tf.GradientTape() as tape:
        +    tape.watch(v)
             loss = v * tf.reduce_mean(tf.square(x @ w))
         slope = tape.gradient(loss, v)
        """,
    ),
    _repair(
        "the variable is updated in place",
        "TFG107",
        "safe",
        """
         for _ in range(3):
             with tf.GradientTape() as tape:
                 loss = tf.reduce_mean(tf.square(x @ w))
             slope = tape.gradient(loss, w)
        -    w = w - (0.1 * slope)
        +    w.assign_sub(0.1 * slope)
        """,
    ),
    _repair(
        "an augmented assignment becomes an update",
        "TFG107",
        "safe",
        """
         with tf.GradientTape() as tape:
             loss = tf.reduce_mean(tf.square(x @ w))
        -w -= 0.1 * tape.gradient(loss, w)
        +w.assign_sub(0.1 * tape.gradient(loss, w))
        """,
    ),
    _repair(
        "the method is called by its name",
        "TFG114",
        "safe",
        """
         with tf.GradientTape() as tape:
             loss = tf.reduce_mean(tf.square(x @ w))
        -slopes = tape.gradients(loss, [w])
        +slopes = tape.gradient(loss, [w])
        """,
    ),
    _repair(
        "a number on its way into TensorFlow stays a tensor",
        "TFG201",
        "safe",
        """
         def step():
             with tf.GradientTape() as tape:
                 total = tf.reduce_sum(x @ w)
        -        loss = tf.square(1.0 - float(total - 2.0))
        +        loss = tf.square(1.0 - (total - 2.0))
             return tape.gradient(loss, w)

         print(step())
        """,
    ),
    _repair(
        "a number that others get becomes a tensor",
        "TFG201",
        "unsafe",
        """
         def scale(y):
        -    return tf.reduce_max(y).numpy()
        +    return tf.reduce_max(y)

         with tf.GradientTape() as tape:
             loss = tf.square(1.0 + scale(x @ w))
         slope = tape.gradient(loss, w)
        """,
    ),
    _repair(
        "Python's function becomes TensorFlow's",
        "TFG201",
        "unsafe",
        """
         rate = tf.Variable(0.3)
         with tf.GradientTape() as tape:
        -    shrunk = math.exp(rate)
        +    shrunk = tf.exp(rate)
             loss = tf.reduce_sum(shrunk * x)
         slope = tape.gradient(loss, rate)
        """,
    ),
    _repair(
        "NumPy's function becomes TensorFlow's",
        "TFG202",
        "safe",
        """
         def loss_of(y):
        -    return tf.sqrt(np.mean(tf.square(y), axis=0))
        +    return tf.sqrt(tf.reduce_mean(tf.square(y), axis=0))

         with tf.GradientTape() as tape:
             loss = loss_of(x @ w)
         slope = tape.gradient(loss, w)
        """,
    ),
    _repair(
        "arguments and comments stay as they are written",
        "TFG202",
        "safe",
        """
         with tf.GradientTape() as tape:
             loss = tf.sqrt(
        -        np.clip(
        +        tf.clip_by_value(
                     tf.square(x @ w),  # positive
        -            a_min=0.01,
        -            a_max=9.0,
        +            clip_value_min=0.01,
        +            clip_value_max=9.0,
                 )
             )
         slope = tape.gradient(loss, w)
        """,
    ),
    _repair(
        "a function with two tensors may need one dtype",
        "TFG202",
        "unsafe",
        """
         def loss_of(y):
        -    return np.maximum(y, x)
        +    return tf.maximum(y, x)

         with tf.GradientTape() as tape:
             loss = tf.reduce_sum(loss_of(3.0 * x @ w))
         slope = tape.gradient(loss, w)
        """,
    ),
    _repair(
        "the tensor goes on instead of a copy of its value",
        "TFG204",
        "unsafe",
        """
         with tf.GradientTape() as tape:
        -    hidden = tf.Variable(x @ w)
        +    hidden = x @ w
             loss = tf.reduce_sum(tf.square(hidden))
         slope = tape.gradient(loss, w)
        """,
    ),
    _repair(
        "a fetched value stays the tensor",
        "TFG206",
        "safe",
        """
         def step():
             with tf.GradientTape() as tape:
                 y = x @ w
        -        loss = tf.reduce_sum(tf.square(keras.ops.convert_to_numpy(y)))
        +        loss = tf.reduce_sum(tf.square(y))
             return tape.gradient(loss, w)

         print(step())
        """,
        "import keras\n",
    ),
    _repair(
        "the model is called",
        "TFG205",
        "unsafe",
        """
         model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
         with tf.GradientTape() as tape:
        -    guess = model.predict(x, verbose=0)
        +    guess = model(x, training=False)
             loss = tf.reduce_mean(tf.square(guess - x))
         slopes = tape.gradient(loss, model.trainable_variables)
        """,
        "import keras\n",
    ),
    _repair(
        "whole numbers become floating ones",
        "TFG303",
        "unsafe",
        """
        -power = tf.Variable([3, -1])
        +power = tf.Variable([3.0, -1.0])
         with tf.GradientTape() as tape:
             loss = tf.reduce_sum(power * power)
         slope = tape.gradient(loss, power)
        """,
    ),
    _repair(
        "pairs are turned round",
        "TFG402",
        "safe",
        """
         optimizer = keras.optimizers.SGD(0.1)
         with tf.GradientTape() as tape:
             loss = tf.reduce_mean(tf.square(x @ w))
         slopes = tape.gradient(loss, [w])
        -optimizer.apply_gradients(zip([w], slopes))
        +optimizer.apply_gradients(zip(slopes, [w]))
        """,
        "import keras\n",
    ),
    _repair(
        "two lists are zipped",
        "TFG402",
        "safe",
        """
         optimizer = keras.optimizers.SGD(0.1)
         with tf.GradientTape() as tape:
             loss = tf.reduce_mean(tf.square(x @ w))
         slopes = tape.gradient(loss, [w])
        -optimizer.apply_gradients(slopes, [w])
        +optimizer.apply_gradients(zip(slopes, [w]))
        """,
        "import keras\n",
    ),
    _repair(
        "a weight is tracked",
        "TFG405",
        "unsafe",
        """
         class Scaled(keras.layers.Layer):
             def build(self, shape):
                 self.kernel = self.add_weight(shape=(2, 2), initializer="ones")
        -        self.scale = tf.Variable([1.0, 2.0], name="scale")
        +        self.scale = tf.keras.Variable([1.0, 2.0], name="scale")

             def call(self, inputs):
                 return self.scale * (inputs @ self.kernel)

         layer = Scaled()
         layer(x)
         with tf.GradientTape() as tape:
             loss = tf.reduce_mean(tf.square(layer(x)))
         slopes = tape.gradient(loss, layer.trainable_variables)
        """,
        "import keras\n",
    ),
    _repair(
        "the loss of the metric's name is compiled",
        "TFG407",
        "safe",
        """
         model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
        -model.compile(optimizer="sgd", loss=keras.metrics.MeanSquaredError())
        +model.compile(optimizer="sgd", loss=keras.losses.MeanSquaredError())
         model.fit(x, x, verbose=0)
        """,
        "import keras\n",
    ),
    _repair(
        "what minimize did is written out",
        "TFG408",
        "safe",
        """
         optimizer = keras.optimizers.SGD(0.1)

         def loss():
             return tf.reduce_mean(tf.square(x @ w))

        -optimizer.minimize(loss, [w])
        +with tf.GradientTape() as tape:
        +    target = loss()
        +optimizer.apply_gradients(zip(tape.gradient(target, [w]), [w]))
        """,
        "import keras\n",
    ),
    _repair(
        "an epsilon becomes a bound",
        "TFG501",
        "unsafe",
        """
         @tf.function
         def step(x):
             with tf.GradientTape() as tape:
                 p = tf.sigmoid(x @ w)
        -        loss = -tf.reduce_sum(tf.math.log(1.0 - p + 1e-8))
        +        loss = -tf.reduce_sum(tf.math.log(tf.maximum(1.0 - p, 1e-7)))
             return tape.gradient(loss, w)
         step(x)
        """,
    ),
    _repair(
        "the logarithm of a sigmoid is one function",
        "TFG502",
        "safe",
        """
         with tf.GradientTape() as tape:
        -    loss = -tf.reduce_sum(tf.math.log(tf.sigmoid(x @ w)))
        +    loss = -tf.reduce_sum(tf.math.log_sigmoid(x @ w))
         slope = tape.gradient(loss, w)
        """,
    ),
]
