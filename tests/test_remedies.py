"""What the messages of TFG201, TFG202 and TFG301 recommend: it exists, gives the same and has a gradient."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfgradlint.fixing.counterparts import MATH_COUNTERPARTS
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.rules.base import Break
from tfgradlint.rules.remedies import REMEDIES, remedy_for, short
from tfgradlint.rules.tfg201_python_value import PythonValue
from tfgradlint.rules.tfg202_numpy_function import COUNTERPARTS, NumpyFunction
from tfgradlint.rules.tfg301_no_gradient import NoGradient
from tfgradlint.rules.tfg302_integer_cast import IntegerCast

Function = Callable[[Any], Any]
VECTOR = [0.3, 0.9, 0.5]
MATRIX = [[2.0, 0.5], [0.25, 1.0]]
OTHER = np.array([0.5, 0.25, 0.75], np.float32)

#: NumPy's call beside TensorFlow's, both of one argument.
BOTH: dict[str, tuple[Function, Function]] = {
    "abs": (np.abs, tf.abs),
    "absolute": (np.absolute, tf.abs),
    "add": (lambda x: np.add(x, OTHER), lambda x: tf.add(x, OTHER)),
    "amax": (np.amax, tf.reduce_max),
    "amin": (np.amin, tf.reduce_min),
    "arccos": (np.arccos, tf.acos),
    "arcsin": (np.arcsin, tf.asin),
    "arctan": (np.arctan, tf.atan),
    "arctan2": (lambda x: np.arctan2(x, OTHER), lambda x: tf.atan2(x, OTHER)),
    "array": (lambda x: np.array([x[0], x[1]]), lambda x: tf.convert_to_tensor([x[0], x[1]])),
    "asarray": (np.asarray, tf.convert_to_tensor),
    "average": (np.average, tf.reduce_mean),
    "broadcast_to": (lambda x: np.broadcast_to(x, (2, 3)), lambda x: tf.broadcast_to(x, (2, 3))),
    "clip": (lambda x: np.clip(x, 0.4, 1.0), lambda x: tf.clip_by_value(x, 0.4, 1.0)),
    "concatenate": (lambda x: np.concatenate([x, x]), lambda x: tf.concat([x, x], axis=0)),
    "copy": (np.copy, tf.identity),
    "cos": (np.cos, tf.cos),
    "cosh": (np.cosh, tf.cosh),
    "cross": (lambda x: np.cross(x, OTHER), lambda x: tf.linalg.cross(x, OTHER)),
    "cumsum": (np.cumsum, tf.cumsum),
    "diagonal": (np.diagonal, tf.linalg.diag_part),
    "divide": (lambda x: np.divide(x, OTHER), lambda x: tf.divide(x, OTHER)),
    "dot": (lambda x: np.dot(x, OTHER), lambda x: tf.tensordot(x, OTHER, axes=1)),
    "einsum": (lambda x: np.einsum("i,i->", x, OTHER), lambda x: tf.einsum("i,i->", x, OTHER)),
    "exp": (np.exp, tf.exp),
    "expand_dims": (lambda x: np.expand_dims(x, 0), lambda x: tf.expand_dims(x, 0)),
    "expm1": (np.expm1, tf.math.expm1),
    "flip": (lambda x: np.flip(x, 0), lambda x: tf.reverse(x, [0])),
    "float32": (np.float32, lambda x: tf.cast(x, tf.float32)),
    "float64": (np.float64, lambda x: tf.cast(x, tf.float64)),
    "linalg.det": (np.linalg.det, tf.linalg.det),
    "linalg.inv": (np.linalg.inv, tf.linalg.inv),
    "linalg.norm": (np.linalg.norm, tf.norm),
    "linalg.solve": (
        lambda x: np.linalg.solve(x, [[1.0], [2.0]]),
        lambda x: tf.linalg.solve(x, [[1.0], [2.0]]),
    ),
    "log": (np.log, tf.math.log),
    "log1p": (np.log1p, tf.math.log1p),
    "matmul": (lambda x: np.matmul(x, x), lambda x: tf.matmul(x, x)),
    "max": (np.max, tf.reduce_max),
    "maximum": (lambda x: np.maximum(x, OTHER), lambda x: tf.maximum(x, OTHER)),
    "mean": (np.mean, tf.reduce_mean),
    "min": (np.min, tf.reduce_min),
    "minimum": (lambda x: np.minimum(x, OTHER), lambda x: tf.minimum(x, OTHER)),
    "mod": (lambda x: np.mod(x, 0.4), lambda x: tf.math.floormod(x, 0.4)),
    "multiply": (lambda x: np.multiply(x, OTHER), lambda x: tf.multiply(x, OTHER)),
    "ndarray.dot": (lambda x: OTHER.dot(x), lambda x: tf.tensordot(OTHER, x, axes=1)),
    "negative": (np.negative, tf.negative),
    "outer": (lambda x: np.outer(x, OTHER), lambda x: tf.tensordot(x, OTHER, axes=0)),
    "pad": (lambda x: np.pad(x, [[1, 2]]), lambda x: tf.pad(x, [[1, 2]])),
    "power": (lambda x: np.power(x, 3), lambda x: tf.pow(x, 3)),
    "prod": (np.prod, tf.reduce_prod),
    "ravel": (np.ravel, lambda x: tf.reshape(x, [-1])),
    "repeat": (lambda x: np.repeat(x, 2), lambda x: tf.repeat(x, 2)),
    "reshape": (lambda x: np.reshape(x, (3, 1)), lambda x: tf.reshape(x, (3, 1))),
    "roll": (lambda x: np.roll(x, 1, axis=0), lambda x: tf.roll(x, 1, axis=0)),
    "sin": (np.sin, tf.sin),
    "sinh": (np.sinh, tf.sinh),
    "sort": (np.sort, tf.sort),
    "split": (lambda x: np.split(x, 3), lambda x: tf.split(x, 3)),
    "sqrt": (np.sqrt, tf.sqrt),
    "square": (np.square, tf.square),
    "squeeze": (np.squeeze, tf.squeeze),
    "stack": (lambda x: np.stack([x, x]), lambda x: tf.stack([x, x])),
    "std": (np.std, tf.math.reduce_std),
    "subtract": (lambda x: np.subtract(x, OTHER), lambda x: tf.subtract(x, OTHER)),
    "sum": (np.sum, tf.reduce_sum),
    "take": (lambda x: np.take(x, [0, 2]), lambda x: tf.gather(x, [0, 2])),
    "tan": (np.tan, tf.tan),
    "tanh": (np.tanh, tf.tanh),
    "tensordot": (lambda x: np.tensordot(x, OTHER, 1), lambda x: tf.tensordot(x, OTHER, 1)),
    "tile": (lambda x: np.tile(x, [2]), lambda x: tf.tile(x, [2])),
    "trace": (np.trace, tf.linalg.trace),
    "transpose": (np.transpose, tf.transpose),
    "true_divide": (lambda x: np.true_divide(x, OTHER), lambda x: tf.divide(x, OTHER)),
    "var": (np.var, tf.math.reduce_variance),
    "where": (lambda x: np.where(OTHER > 0.4, x, 0.0), lambda x: tf.where(OTHER > 0.4, x, 0.0)),
}
OF_MATRICES = {"diagonal", "linalg.det", "linalg.inv", "linalg.solve", "matmul", "trace"}


def gradient_of(function: Function, value: Any) -> Any:
    source = tf.Variable(value)
    with tf.GradientTape() as tape:
        result = function(source)
    return tf.convert_to_tensor(tape.gradient(result, source))


def named(call: str) -> str:
    """The first ``tf.`` name in a recommendation."""
    match = re.search(r"tf\.[\w.]*\w", call)
    assert match, call
    return match[0]


def broken(step: str, operation: str = "", remedy: str = "") -> Break:
    detail = Operation(operation)
    return Break(Cause.NO_GRADIENT, step, "tape.gradient(y, x)", 9, "x", "returns None", detail, remedy)


def test_every_numpy_counterpart_is_tried() -> None:
    assert {*BOTH, "random.normal"} == {*COUNTERPARTS}


@pytest.mark.parametrize("name", sorted(BOTH))
def test_numpy_counterpart_gives_the_same_and_has_a_gradient(name: str) -> None:
    in_numpy, in_tensorflow = BOTH[name]
    value = np.array(MATRIX if name in OF_MATRICES else VECTOR, np.float32)
    expected, actual = in_numpy(value), in_tensorflow(tf.constant(value))
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=1e-5)
    assert np.any(gradient_of(in_tensorflow, value).numpy())


@pytest.mark.parametrize("name", sorted(BOTH))
def test_numpy_function_leaves_tensorflow(name: str) -> None:
    value = np.array(MATRIX if name in OF_MATRICES else VECTOR, np.float32)
    result = BOTH[name][0](tf.Variable(value))
    assert not tf.is_tensor(result)
    assert isinstance(result, (np.ndarray, np.generic, list))


def test_a_random_draw_has_a_gradient_in_its_mean() -> None:
    draw = gradient_of(lambda mean: tf.random.normal((3,), mean=mean), VECTOR)
    assert draw.numpy().tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("name", sorted(MATH_COUNTERPARTS))
def test_math_counterpart_gives_the_same_and_has_a_gradient(name: str) -> None:
    numbers = [1.5] if name == "acosh" else [0.4]
    counterpart = eval(named(MATH_COUNTERPARTS[name]), {"tf": tf})
    if name in ("atan2", "pow"):
        numbers.append(0.7)
    if name == "fsum":
        assert math.fsum([0.4, 0.7]) == pytest.approx(float(counterpart([0.4, 0.7])))
        return
    assert getattr(math, name)(*numbers) == pytest.approx(float(counterpart(*numbers)), rel=1e-5)
    first, *others = numbers
    assert float(gradient_of(lambda x: counterpart(x, *others), first)) != 0.0


@pytest.mark.parametrize("table", [COUNTERPARTS, MATH_COUNTERPARTS, REMEDIES], ids=["numpy", "math", "operations"])
def test_every_name_in_a_recommendation_exists(table: dict[str, str]) -> None:
    for recommendation in table.values():
        for name in re.findall(r"tf\.[\w.]*\w", recommendation):
            assert eval(name, {"tf": tf}) is not None


@pytest.mark.parametrize(
    "replacement",
    [
        lambda x: x + tf.stop_gradient(tf.round(x) - x),
        lambda x: x + tf.stop_gradient(tf.math.ceil(x) - x),
        lambda x: (q := x / 0.5) + tf.stop_gradient(tf.floor(q) - q),
        lambda x: tf.reduce_sum(tf.nn.softmax(x) * OTHER),
        lambda x: tf.gather(x, tf.argmax(x)),
        lambda x: tf.gather(x, tf.argsort(x)) * OTHER,
        lambda x: tf.gather(x, tf.random.shuffle(tf.range(3))),
        lambda x: tf.linspace(0.0, x[0], 4),
        lambda x: tf.image.rgb_to_hsv(x)[2],
        lambda x: tf.sigmoid((x - 0.5) / 0.1),
        lambda x: tf.cast(x > 0.5, tf.float32) * x,
        lambda x: tf.exp(-tf.square(x - 0.4)),
    ],
)
def test_what_replaces_an_operation_has_a_gradient(replacement: Function) -> None:
    gradient = gradient_of(replacement, VECTOR).numpy()
    assert np.any(gradient)
    assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("step", ["tf.round()", "tf.argmax()", "x > 0", "x // 1.0", "0.5 <= scores[0]"])
def test_message_of_an_operation_names_a_replacement(step: str) -> None:
    message = NoGradient().message(broken(step))
    assert message.startswith(f"{step} has no gradient: tape.gradient(y, x) on line 9 returns None; ")
    assert message.endswith(remedy_for(step))
    assert short(step) in REMEDIES


def test_message_of_numpy_names_the_counterpart() -> None:
    message = "np.mean() leaves TensorFlow: tape.gradient(y, x) on line 9 returns None; use tf.reduce_mean()"
    assert NumpyFunction().message(broken("np.mean()")) == message
    assert NumpyFunction().message(broken("mean()", operation="numpy.mean")) == message.replace("np.mean", "mean")
    assert NumpyFunction().message(broken("mean()")).endswith("compute it with TensorFlow's own functions")


def test_message_of_a_python_value_names_the_way_back() -> None:
    assert PythonValue().message(broken("exp()", operation="math.exp")) == (
        "exp() takes the value out of TensorFlow: tape.gradient(y, x) on line 9 returns None; use tf.exp()"
    )
    assert "log lines" in PythonValue().message(broken("loss.numpy()"))


def test_message_of_a_cast_says_what_to_keep() -> None:
    assert IntegerCast().message(broken("tf.cast(..., tf.int32)")) == (
        "tf.cast(..., tf.int32) gives a dtype without gradients: tape.gradient(y, x) on line 9 returns None; "
        "keep a float dtype, and cast only for indices and output"
    )
