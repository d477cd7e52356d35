"""What the messages of TFG203, TFG204, TFG304, TFG305 and TFG306 recommend: it exists and has a gradient where the
reported step has none, and where a message promises the same values, they are the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.rules.base import Break, Rule
from tfgradlint.rules.tfg203_numpy_callback import NumpyCallback
from tfgradlint.rules.tfg204_new_variable import NewVariable
from tfgradlint.rules.tfg304_unregistered import ONCE, REMEDIES, Unregistered
from tfgradlint.rules.tfg305_zero_gradient import ZeroGradient
from tfgradlint.rules.tfg306_stop_gradient import StopGradient

Function = Callable[[Any], Any]

rng = np.random.default_rng(11)
VECTOR = np.array([0.3, 0.9, 0.3, 0.5], np.float32)
IMAGE = rng.uniform(0.1, 0.9, (1, 4, 4, 3)).astype(np.float32)
VOLUME = rng.normal(size=(4, 4, 4)).astype(np.float32)
MATRIX = np.array([[2.0, 0.5], [0.5, 1.0]], np.float32)
BOXES = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.1, 1.0], [2.0, 2.0, 3.0, 3.0], [4.0, 4.0, 5.0, 5.0]], np.float32)
GROUPS = [0, 2, 1, 2]


def mean_by_value(x: Any) -> Any:
    values, index = tf.unique(x)
    return tf.math.unsorted_segment_mean(x, index, tf.size(values))


def contrast_by_hand(x: Any) -> Any:
    mean = tf.reduce_mean(x, axis=[-3, -2], keepdims=True)
    return (x - mean) * 1.4 + mean


def hue_by_hand(x: Any) -> Any:
    luma, u, v = tf.unstack(tf.image.rgb_to_yuv(x), axis=-1)
    turned = [luma, u * tf.cos(0.3) - v * tf.sin(0.3), u * tf.sin(0.3) + v * tf.cos(0.3)]
    return tf.image.yuv_to_rgb(tf.stack(turned, axis=-1))


def saturation_by_hand(x: Any) -> Any:
    grey = tf.image.rgb_to_grayscale(x)
    return grey + 1.4 * (x - grey)


def logarithm_by_eigenvalues(m: Any) -> Any:
    values, vectors = tf.linalg.eigh(m)
    return tf.matmul(vectors * tf.math.log(values), vectors, transpose_b=True)


def soft_histogram(x: Any) -> Any:
    centres = tf.constant([0.25, 0.5, 0.75])
    return tf.reduce_sum(tf.exp(-tf.square((x[:, None] - centres) / 0.1)), axis=0)


def glimpse(x: Any) -> Any:
    return tf.image.extract_glimpse(x, (2, 2), [[0.0, 0.0]])


def chosen_scores(scores: Any) -> Any:
    return tf.gather(scores, tf.image.non_max_suppression(BOXES, scores, 3))


def response_by_hand(x: Any) -> Any:
    band = tf.linalg.band_part(tf.ones((3, 3)), 1, 1)
    return x / (1.0 + 0.5 * tf.matmul(x * x, band)) ** 0.75


def half_spectrum(x: Any) -> Any:
    return tf.signal.fft3d(tf.cast(x, tf.complex64))[..., :3]


def sparse(x: Any) -> Any:
    return tf.sparse.SparseTensor([[0], [1], [2], [3]], x, [4])


#: Operation -> (its call, what the message recommends instead, where, whether the values are the same).
INSTEAD: dict[str, tuple[Function, Function, Any, bool]] = {
    "unique": (lambda x: tf.unique(x)[0], mean_by_value, VECTOR, True),
    "unique_with_counts": (lambda x: tf.unique_with_counts(x).y, mean_by_value, VECTOR, True),
    "bincount": (
        lambda x: tf.math.bincount(GROUPS, weights=x),
        lambda x: tf.math.unsorted_segment_sum(x, GROUPS, 3),
        VECTOR,
        True,
    ),
    "adjust_contrast": (lambda x: tf.image.adjust_contrast(x, 1.4), contrast_by_hand, IMAGE, True),
    "adjust_hue": (lambda x: tf.image.adjust_hue(x, 0.1), hue_by_hand, IMAGE, False),
    "adjust_saturation": (lambda x: tf.image.adjust_saturation(x, 1.4), saturation_by_hand, IMAGE, False),
    "resize": (
        lambda x: tf.image.resize(x, (2, 2), method="area"),
        lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"),
        IMAGE,
        True,
    ),
    "resize_with_pad": (
        lambda x: tf.image.resize_with_pad(x, 2, 2, method="area"),
        lambda x: tf.image.resize_with_pad(x, 2, 2, method="bilinear"),
        IMAGE,
        False,
    ),
    "extract_glimpse": (
        glimpse,
        lambda x: tf.image.crop_and_resize(x, [[0.25, 0.25, 0.75, 0.75]], [0], (2, 2)),
        IMAGE,
        False,
    ),
    "combined_non_max_suppression": (
        lambda x: tf.image.combined_non_max_suppression(BOXES[None, :, None], x[None, :, None], 3, 3)[1],
        chosen_scores,
        VECTOR,
        False,
    ),
    "non_max_suppression_with_scores": (
        lambda x: tf.image.non_max_suppression_with_scores(BOXES, x, 3)[1],
        chosen_scores,
        VECTOR,
        True,
    ),
    "lu": (
        lambda m: tf.reduce_sum(tf.math.log(tf.abs(tf.linalg.diag_part(tf.linalg.lu(m)[0])))),
        lambda m: tf.linalg.slogdet(m).log_abs_determinant,
        MATRIX,
        True,
    ),
    "logm": (
        lambda m: tf.math.real(tf.linalg.logm(tf.cast(m, tf.complex64))),
        logarithm_by_eigenvalues,
        MATRIX,
        True,
    ),
    "poisson": (
        lambda x: tf.random.poisson([], x),
        lambda x: tf.random.normal([], x, tf.sqrt(x)),
        VECTOR,
        False,
    ),
    "stateless_shuffle": (
        lambda x: tf.random.experimental.stateless_shuffle(x, [1, 2]),
        lambda x: tf.gather(x, tf.random.experimental.stateless_shuffle(tf.range(4), [1, 2])),
        VECTOR,
        True,
    ),
    "rfft3d": (lambda x: tf.abs(tf.signal.rfft3d(x)), lambda x: tf.abs(half_spectrum(x)), VOLUME, True),
    "irfft3d": (
        lambda x: tf.signal.irfft3d(tf.cast(x[..., :3], tf.complex64)),
        lambda x: tf.math.real(tf.signal.ifft3d(tf.cast(x, tf.complex64))),
        VOLUME,
        False,
    ),
    "reduce_max": (
        lambda x: tf.sparse.reduce_max(sparse(x)),
        lambda x: tf.reduce_max(sparse(x).values),
        VECTOR,
        True,
    ),
    "truncatemod": (lambda x: tf.truncatemod(x, 0.4), lambda x: tf.math.floormod(x, 0.4), VECTOR, True),
    "bitcast": (lambda x: tf.bitcast(x, tf.float32), lambda x: tf.cast(x, tf.float32), VECTOR, True),
    "guarantee_const": (tf.guarantee_const, tf.identity, VECTOR, True),
    "histogram_fixed_width": (
        lambda x: tf.histogram_fixed_width(x, [0.0, 1.0], nbins=3),
        soft_histogram,
        VECTOR,
        False,
    ),
    **{
        name: (
            function,
            lambda x, mask=function: tf.where(mask(x), x, 2.0 * x) + tf.reduce_sum(tf.boolean_mask(x, mask(x))),
            VECTOR,
            False,
        )
        for name, function in (
            ("is_nan", tf.math.is_nan),
            ("is_inf", tf.math.is_inf),
            ("is_finite", tf.math.is_finite),
        )
    },
}
#: The same for operations that can be differentiated once.
INSTEAD_OF_ONCE: dict[str, tuple[Function, Function, Any, bool]] = {
    "softsign": (tf.nn.softsign, lambda x: x / (1.0 + tf.abs(x)), VECTOR, True),
    "local_response_normalization": (
        lambda x: tf.nn.local_response_normalization(x, depth_radius=1, alpha=0.5, beta=0.75),
        response_by_hand,
        IMAGE,
        True,
    ),
    "max_pool_with_argmax": (
        lambda x: tf.nn.max_pool_with_argmax(x, 2, 2, "VALID")[0],
        lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
        IMAGE,
        True,
    ),
    "fractional_max_pool": (
        lambda x: tf.nn.fractional_max_pool(x, [1, 1.44, 1.73, 1], seed=1)[0],
        lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
        IMAGE,
        False,
    ),
    "dilation2d": (
        lambda x: tf.nn.dilation2d(x, tf.zeros((2, 2, 3)), [1, 2, 2, 1], "VALID", "NHWC", [1, 1, 1, 1]),
        lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
        IMAGE,
        True,
    ),
    "resize": (
        lambda x: tf.image.resize(x, (8, 8), method="nearest"),
        lambda x: tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2),
        IMAGE,
        True,
    ),
}
ALIKE = ("contrast", "hue", "saturation")


def gradient_of(function: Function, value: Any) -> Any:
    source = tf.Variable(value)
    with tf.GradientTape() as tape:
        result = function(source)
    return tape.gradient(result, source)


def second_gradient_of(function: Function, value: Any) -> Any:
    source = tf.Variable(value)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            result = tf.reduce_sum(tf.square(function(source)))
        slope = inner.gradient(result, source)
    return outer.gradient(slope, source)


def useful(gradient: Any) -> bool:
    numbers = tf.convert_to_tensor(gradient).numpy()
    return bool(np.any(numbers) and np.all(np.isfinite(numbers)))


def broken(step: str, result: str, operation: str = "", second: bool = False) -> Break:
    detail = Operation(operation, second=second)
    return Break(Cause.UNREGISTERED, step, "tape.gradient(y, x)", 9, "x", result, detail)


def test_every_recommendation_is_tried() -> None:
    tried = {*INSTEAD, *(f"random_{name}" for name in ALIKE), *(f"stateless_random_{name}" for name in ALIKE)}
    assert tried == {*REMEDIES}
    assert {*INSTEAD_OF_ONCE} == {*ONCE}
    for name in ALIKE:
        assert REMEDIES[f"random_{name}"] == REMEDIES[f"stateless_random_{name}"] == REMEDIES[f"adjust_{name}"]


@pytest.mark.parametrize("name", sorted(INSTEAD))
def test_an_unregistered_operation_raises_and_its_replacement_has_a_gradient(name: str) -> None:
    function, replacement, value, same = INSTEAD[name]
    with pytest.raises(LookupError, match="gradient registry has no entry for"):
        gradient_of(function, value)
    assert useful(gradient_of(replacement, value))
    if same:
        np.testing.assert_allclose(replacement(tf.constant(value)), function(tf.constant(value)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", sorted(INSTEAD_OF_ONCE))
def test_an_operation_of_one_derivative_has_a_replacement_of_two(name: str) -> None:
    function, replacement, value, same = INSTEAD_OF_ONCE[name]
    assert useful(gradient_of(function, value))
    with pytest.raises(LookupError, match="gradient registry has no entry for"):
        second_gradient_of(function, value)
    assert useful(second_gradient_of(replacement, value))
    if same:
        np.testing.assert_allclose(replacement(tf.constant(value)), function(tf.constant(value)), rtol=1e-4)


@pytest.mark.parametrize("method", ["bicubic", "lanczos3", "nearest", "area"])
def test_bilinear_resizing_has_a_first_derivative_and_pooling_a_second_one(method: str) -> None:
    with pytest.raises(LookupError, match="gradient registry has no entry for"):
        second_gradient_of(lambda x: tf.image.resize(x, (7, 7), method=method), IMAGE)
    for size in ((2, 2), (7, 7)):
        assert useful(gradient_of(lambda x, size=size: tf.image.resize(x, size, method="bilinear"), IMAGE))
    assert useful(second_gradient_of(lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"), IMAGE))


@pytest.mark.parametrize(
    "solve",
    [
        lambda m: tf.linalg.solve(m, [[1.0], [2.0]]),
        tf.linalg.cholesky,
        lambda m: tf.nn.log_poisson_loss([1.0, 2.0], tf.linalg.diag_part(m)),
    ],
)
def test_the_other_recommendations_have_a_gradient(solve: Function) -> None:
    assert useful(gradient_of(solve, MATRIX))


def test_the_sign_is_flat_and_its_replacements_are_not() -> None:
    assert not np.any(gradient_of(tf.sign, VECTOR).numpy())
    assert not np.any(gradient_of(lambda m: tf.linalg.slogdet(m).sign, MATRIX).numpy())
    for function in (lambda x: tf.tanh(x / 0.5), lambda x: x + tf.stop_gradient(tf.sign(x) - x)):
        assert useful(gradient_of(function, VECTOR))
    for function in (lambda m: tf.linalg.slogdet(m).log_abs_determinant, tf.linalg.det):
        assert useful(gradient_of(function, MATRIX))


def test_a_callback_needs_a_custom_gradient() -> None:
    def callback(x: Any) -> Any:
        return tf.numpy_function(np.square, [x], tf.float32)

    @tf.custom_gradient
    def square(x: Any) -> Any:
        return callback(x), lambda upstream: 2.0 * x * upstream

    assert gradient_of(callback, VECTOR) is None
    np.testing.assert_allclose(gradient_of(lambda x: square(tf.identity(x)), VECTOR), 2.0 * VECTOR)


def test_a_new_variable_is_a_source_of_its_own() -> None:
    source = tf.Variable(VECTOR)
    with tf.GradientTape() as tape:
        copy = tf.Variable(source * 2.0)
        result = tf.reduce_sum(tf.square(copy))
    nothing, own = tape.gradient(result, [source, copy])
    assert nothing is None
    assert useful(own)


@pytest.mark.parametrize("table", [REMEDIES, ONCE], ids=["unregistered", "once"])
def test_every_name_in_a_recommendation_exists(table: dict[str, str]) -> None:
    for recommendation in table.values():
        for name in re.findall(r"tf\.[\w.]*\w", recommendation):
            assert eval(name, {"tf": tf}) is not None


RAISES = "tape.gradient(y, x) on line 9 raises LookupError"


@pytest.mark.parametrize(
    ("rule", "told", "message"),
    [
        (
            Unregistered(),
            broken("tf.math.bincount()", "raises LookupError"),
            f"tf.math.bincount() has no registered gradient: {RAISES}; "
            "use tf.math.unsorted_segment_sum(weights, indices, n)",
        ),
        (
            Unregistered(),
            broken("shrink()", "raises LookupError", "tf.image.resize"),
            f"shrink() has no registered gradient with this method: {RAISES}; "
            "use tf.nn.avg_pool2d(), or method='bilinear' for a first derivative",
        ),
        (
            Unregistered(),
            broken("activation()", "raises LookupError", "tf.nn.softsign", second=True),
            f"activation() can be differentiated only once: {RAISES}; write x / (1.0 + tf.abs(x))",
        ),
        (
            Unregistered(),
            broken("f()", "raises LookupError"),
            f"f() has no registered gradient: {RAISES}; "
            "no gradient exists for it: write it with operations that have one, or use tf.custom_gradient",
        ),
        (
            ZeroGradient(),
            broken("tf.sign()", "returns zeros"),
            "tf.sign() is flat, its gradient is zero everywhere: tape.gradient(y, x) on line 9 returns zeros; "
            "use tf.tanh(x / width), or pass the gradient through with x + tf.stop_gradient(tf.sign(x) - x)",
        ),
        (
            ZeroGradient(),
            broken("f()", "returns zeros", "tf.linalg.slogdet"),
            "f() is flat, its gradient is zero everywhere: tape.gradient(y, x) on line 9 returns zeros; "
            "its sign is constant, use log_abs_determinant or tf.linalg.det()",
        ),
        (
            NumpyCallback(),
            broken("tf.numpy_function()", "returns None"),
            "tf.numpy_function() passes no gradient on: tape.gradient(y, x) on line 9 returns None; "
            "use TensorFlow's operations, or give it a gradient with tf.custom_gradient",
        ),
        (
            NewVariable(),
            broken("tf.Variable()", "returns None"),
            "tf.Variable() does not know where its value came from: tape.gradient(y, x) on line 9 returns None; "
            "go on with the tensor itself, or ask for the gradient of the new variable",
        ),
        (
            StopGradient(),
            broken("tf.stop_gradient()", "returns None"),
            "tf.stop_gradient() stands on every path to x: tape.gradient(y, x) on line 9 returns None; "
            "stop only the values that serve as constants, or do not ask for this gradient",
        ),
    ],
)
def test_message_says_what_was_seen_what_it_costs_and_what_to_write(rule: Rule, told: Break, message: str) -> None:
    assert rule.message(told) == message
