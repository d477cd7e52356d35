"""TFG301: an operation without a gradient on the only path."""

from __future__ import annotations

import re

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Break, Rule

_STRAIGHT_THROUGH = "pass the gradient through it with x + tf.stop_gradient(tf.{0}(x) - x)"
_SOFT_CHOICE = "weigh all entries with tf.nn.softmax(), or use the index only in tf.gather()"
_DRAW = "add the log probability of what was drawn to the loss, or draw with a Gumbel softmax"
_SOFT_COMPARISON = "use a smooth gate such as tf.sigmoid((a - b) / width), or multiply the mask with the value"

#: What to write instead, by the operation's name.
REMEDIES = {
    "round": _STRAIGHT_THROUGH.format("round"),
    "rint": _STRAIGHT_THROUGH.format("round"),
    "floor": _STRAIGHT_THROUGH.format("floor"),
    "ceil": _STRAIGHT_THROUGH.format("math.ceil"),
    "floordiv": "divide with /, and floor the quotient q with q + tf.stop_gradient(tf.floor(q) - q)",
    "argmax": _SOFT_CHOICE,
    "argmin": _SOFT_CHOICE,
    "argsort": "use tf.sort() for the values, or the order only in tf.gather()",
    "categorical": _DRAW,
    "stateless_categorical": _DRAW,
    "sample": _DRAW,
    "mode": "add the log probability of the truth to the loss, in place of its distance from the mode",
    "shuffle": "shuffle the indices and use tf.gather() along them",
    "range": "use tf.linspace()",
    "hsv_to_rgb": "change the colours in RGB, tf.image.rgb_to_hsv() is the only way that has a gradient",
    "greater": _SOFT_COMPARISON,
    "greater_equal": _SOFT_COMPARISON,
    "less": _SOFT_COMPARISON,
    "less_equal": _SOFT_COMPARISON,
    "equal": "use a smooth measure of the distance such as tf.exp(-tf.square(a - b))",
    "not_equal": "use a smooth measure of the distance such as 1 - tf.exp(-tf.square(a - b))",
}

_OPERATORS = {
    "//": "floordiv",
    ">": "greater",
    ">=": "greater_equal",
    "<": "less",
    "<=": "less_equal",
    "==": "equal",
    "!=": "not_equal",
}


#: Of a picture's size, where the gradient is differentiated again.
RESIZED_TWICE = "enlarge with tf.repeat() along both axes or tf.nn.conv2d_transpose(), shrink with tf.nn.avg_pool2d()"


class NoGradient(Rule):
    """An operation that has no gradient lies on the only path from source to target.

    ## What it does
    Reports a TensorFlow operation or operator without a gradient for the argument that leads to the source:
    `tf.round`, `tf.floor`, `x // 1.0`, `tf.argmax`, comparisons, `tf.argsort`, draws from
    `tf.random.categorical` and from discrete distributions, `tf.random.shuffle` of values, `tf.range` with
    float limits, `tf.image.hsv_to_rgb`, the parameters of some special functions.

    It is a finding only where nothing else carries the gradient. A mask that is multiplied with a value, an
    index for `tf.gather`, `tf.where(mask, a, b)`, `x - tf.floor(x)`, a straight-through estimator and a
    reported accuracy are all sound.

    ## Why it matters
    TensorFlow does not warn: the request returns `None`, whatever the data. Where other variables have a path
    of their own they train on, and the loss still falls.

    ## Example
    ```python
    import tensorflow as tf

    encoder = tf.Variable([[0.9, -0.4], [0.3, 1.2]])
    decoder = tf.Variable([[1.0, 0.2], [-0.3, 0.8]])


    def quantise(code, step=0.25):
        return tf.round(code / step) * step  # expect: TFG301


    def train_step(x):  # modes: function, jit
        with tf.GradientTape() as tape:
            restored = quantise(x @ encoder) @ decoder
            loss = tf.reduce_mean(tf.square(restored - x))
        return tape.gradient(loss, [encoder, decoder])  # outcome: none, flows


    print(train_step(tf.constant([[1.0, 2.0], [0.5, -1.0]])))
    ```

    ## Use instead
    Keep the rounded value and let the gradient pass beside it.

    ```python
    import tensorflow as tf

    encoder = tf.Variable([[0.9, -0.4], [0.3, 1.2]])
    decoder = tf.Variable([[1.0, 0.2], [-0.3, 0.8]])


    def quantise(code, step=0.25):
        rounded = tf.round(code / step) * step
        return code + tf.stop_gradient(rounded - code)


    def train_step(x):  # modes: function, jit
        with tf.GradientTape() as tape:
            restored = quantise(x @ encoder) @ decoder
            loss = tf.reduce_mean(tf.square(restored - x))
        return tape.gradient(loss, [encoder, decoder])  # outcome: flows, flows


    print(train_step(tf.constant([[1.0, 2.0], [0.5, -1.0]])))
    ```

    ## References
    - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
      "No gradient registered".
    - Bengio, Léonard, Courville: [Estimating or Propagating Gradients Through Stochastic
      Neurons](https://arxiv.org/abs/1308.3432), on the straight-through estimator.
    """

    code = "TFG301"
    name = "no-gradient"
    outcome = "none"
    cause = Cause.NO_GRADIENT

    def message(self, broken: Break) -> str:
        """``operation`` is one such as ``tf.math.greater``, if ``step`` does not tell."""
        if broken.second:
            return f"the gradient of {broken.step} has no gradient: {broken.consequence}; {_remedy(broken)}"
        return f"{broken.step} has no gradient: {broken.consequence}; {_remedy(broken)}"

    def advice(self, broken: Break) -> str:
        return _remedy(broken)


def _remedy(broken: Break) -> str:
    if broken.remedy:
        return f"use {broken.remedy}"
    if broken.second and _operation(broken).startswith("resize"):
        return RESIZED_TWICE
    return REMEDIES.get(_operation(broken), "keep it off the path between source and target")


def _operation(broken: Break) -> str:
    name = broken.operation or broken.step
    call = re.fullmatch(r"(?:\w+\.)*(\w+)(?:\(.*\))?", name)
    if call:
        return call[1]
    operators = [word for word in name.split() if word in _OPERATORS]
    return _OPERATORS[operators[0]] if len(operators) == 1 else ""
