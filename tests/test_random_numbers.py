"""Random programs of numbers: zeros, ones, 88, one element, choices; what is said is held against TensorFlow."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from tfgradlint.analysis.guarded import judge
from tfgradlint.evidence.observe import tensorflow

_OF_ONE = (
    "tf.square({})",
    "tf.abs({})",
    "tf.exp({})",
    "tf.math.log({})",
    "tf.sqrt({})",
    "tf.nn.relu({})",
    "tf.sigmoid({})",
    "tf.tanh({})",
    "-{}",
    "{} ** 2",
    "{} ** 0.5",
    "1.0 / {}",
    "tf.math.rsqrt({})",
    "tf.nn.softmax({})",
    "tf.reduce_sum({}, axis=-1, keepdims=True)",
    "tf.reduce_mean({}, axis=0, keepdims=True)",
    "tf.math.reduce_std({}, axis=-1, keepdims=True)",
    "tf.maximum({}, 0.0)",
    "tf.minimum({}, 1.0)",
    "tf.clip_by_value({}, 0.0, 1.0)",
    "tf.norm({}, axis=-1, keepdims=True)",
    "tf.stop_gradient({})",
    "tf.transpose({})",
    "tf.reshape({}, (1, -1))",
    "{}[:, None]",
    "tf.expand_dims({}, 0)",
    "{} + 1e-6",
    "{} - 1.0",
    "{} * 0.0",
    "tf.cast({} > 0.0, tf.float32)",
    "{}[:1]",
)
_OF_TWO = (
    "{} + {}",
    "{} - {}",
    "{} * {}",
    "{} / {}",
    "tf.where({} > 0.0, {}, 0.0)",
    "tf.where({} > 1.0, 0.0, {})",
    "tf.maximum({}, {})",
    "tf.math.divide_no_nan({}, {})",
    "tf.matmul({}, {}, transpose_b=True)",
    "tf.concat([{}, {}], 0)",
)
_SPECIAL = ("0.0", "0.0", "1.0", "-1.0", "0.5", "88.0", "-20.0")
_SHAPES = ((1, 1), (1, 3), (3, 1), (2, 2), (3, 2))
#: What a verdict allows; of the others nothing is said here.
_ALLOWED = {
    "zero": {"zero"},
    "nonfinite": {"nonfinite"},
    "none": {"none"},
    "arrives": {"flows", "zero", "nonfinite"},
    "flows": {"flows", "zero", "nonfinite"},
}


def _program(seed: int) -> str:
    rng = random.Random(seed)
    rows, columns = rng.choice(_SHAPES)
    numbers = [[rng.choice(_SPECIAL) for _ in range(columns)] for _ in range(rows)]
    written = "[" + ", ".join(f"[{', '.join(row)}]" for row in numbers) + "]"
    normal = f"tf.random.stateless_normal(({rows}, {columns}), [2, {seed}])"
    begun = rng.choice((written, f"tf.zeros(({rows}, {columns}))", f"tf.ones(({rows}, {columns}))", normal))
    lines = [
        "import tensorflow as tf",
        f"v = tf.Variable({begun})",
        f"u = tf.Variable({normal})",
        f"c = tf.constant({written})",
        "def step(c):",
        "    with tf.GradientTape() as tape:",
    ]
    names = ["v", "u", "c"]
    for place in range(rng.randint(2, 6)):
        text = rng.choice(_OF_ONE if rng.random() < 0.6 else _OF_TWO)
        given = [rng.choice(names[-3:] if rng.random() < 0.7 else names) for _ in range(text.count("{}"))]
        lines.append(f"        t{place} = {text.format(*(given[:1] * len(given) if rng.random() < 0.25 else given))}")
        names.append(f"t{place}")
    lines += [
        f"        loss = tf.reduce_sum({names[-1]}) + tf.reduce_mean(u)",
        "    return tape.gradient(loss, [v, u])",
    ]
    return "\n".join(lines) + "\n"


def _outcome(gradient: Any) -> str:
    if gradient is None:
        return "none"
    numbers = np.asarray(tensorflow().convert_to_tensor(gradient))
    if not np.isfinite(numbers).all():
        return "nonfinite"
    return "flows" if numbers.any() else "zero"


@pytest.mark.parametrize("seed", range(40))
def test_what_is_said_of_numbers_is_what_tensorflow_gives(seed: int) -> None:
    text = _program(seed)
    for compiled in (False, True):
        names: dict[str, Any] = {}
        exec(compile(text, "program", "exec"), names)
        step = tensorflow().function(names["step"]) if compiled else names["step"]
        try:
            seen = [_outcome(each) for each in step(names["c"])]
        except (ValueError, tensorflow().errors.InvalidArgumentError):
            return  # shapes that do not fit
        judged = text.replace("def step", "@tf.function\ndef step") if compiled else text
        analysis = judge(judged + "print(step(c))\n")
        for source, outcome in zip(analysis.predictions[0].sources, seen, strict=True):
            assert outcome in _ALLOWED.get(source.verdict, {outcome}), (text, source, outcome)
        if set(seen) == {"flows"}:
            assert [each for each in analysis.findings if each.code.startswith("TFG5")] == [], text
