"""What the messages of TFG206 recommend: it exists, gives the same and has a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import scipy.linalg
import scipy.spatial.distance
import scipy.special
import sklearn.metrics
import sklearn.preprocessing
import tensorflow as tf

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Operation
from tfgradlint.rules.base import Break
from tfgradlint.rules.tfg206_other_library import COUNTERPARTS, OtherLibrary

Function = Callable[[Any], Any]
MATRIX = [[0.7, 0.3], [0.1, 0.9]]
OTHER = np.array([[0.4, 0.2], [0.3, 0.6]], np.float32)
LABELS = np.array([0, 1])

#: The library's call beside the one that is recommended, both of one argument.
BOTH: dict[str, tuple[Function, Function]] = {
    "keras.backend.eval": (tf.keras.backend.eval, lambda x: x),
    "keras.backend.get_value": (tf.keras.backend.get_value, lambda x: x),
    "keras.ops.convert_to_numpy": (keras.ops.convert_to_numpy, lambda x: x),
    "scipy.linalg.expm": (scipy.linalg.expm, tf.linalg.expm),
    "scipy.linalg.inv": (scipy.linalg.inv, tf.linalg.inv),
    "scipy.linalg.sqrtm": (scipy.linalg.sqrtm, tf.linalg.sqrtm),
    "scipy.spatial.distance.cosine": (
        lambda x: scipy.spatial.distance.cosine(x[0], OTHER[0]),
        lambda x: 1 + keras.losses.cosine_similarity(x[0], OTHER[0]),
    ),
    "scipy.special.erf": (scipy.special.erf, tf.math.erf),
    "scipy.special.expit": (scipy.special.expit, tf.sigmoid),
    "scipy.special.gammaln": (scipy.special.gammaln, tf.math.lgamma),
    "scipy.special.log_softmax": (lambda x: scipy.special.log_softmax(x, axis=-1), tf.nn.log_softmax),
    "scipy.special.logsumexp": (scipy.special.logsumexp, tf.reduce_logsumexp),
    "scipy.special.softmax": (lambda x: scipy.special.softmax(x, axis=-1), tf.nn.softmax),
    "sklearn.metrics.log_loss": (
        lambda x: sklearn.metrics.log_loss(LABELS, x),
        lambda x: tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(LABELS, x)),
    ),
    "sklearn.metrics.mean_absolute_error": (
        lambda x: sklearn.metrics.mean_absolute_error(OTHER, x),
        lambda x: tf.reduce_mean(tf.abs(OTHER - x)),
    ),
    "sklearn.metrics.mean_squared_error": (
        lambda x: sklearn.metrics.mean_squared_error(OTHER, x),
        lambda x: tf.reduce_mean(tf.square(OTHER - x)),
    ),
    "sklearn.preprocessing.normalize": (
        sklearn.preprocessing.normalize,
        lambda x: tf.math.l2_normalize(x, axis=-1),
    ),
    "tf.keras.backend.eval": (tf.keras.backend.eval, lambda x: x),
    "tf.keras.backend.get_value": (tf.keras.backend.get_value, lambda x: x),
    "tf.make_ndarray": (lambda x: tf.make_ndarray(tf.make_tensor_proto(x)), lambda x: x),
}


def test_every_counterpart_is_run() -> None:
    assert BOTH.keys() == COUNTERPARTS.keys()


@pytest.mark.parametrize("name", COUNTERPARTS)
def test_the_counterpart_gives_the_same_and_has_a_gradient(name: str) -> None:
    theirs, recommended = BOTH[name]
    x = tf.constant(MATRIX)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        lost, kept = theirs(x), recommended(x)
        total, sum_of_lost = tf.reduce_sum(kept), tf.reduce_sum(lost)
    np.testing.assert_allclose(np.asarray(lost), np.asarray(kept), rtol=1e-4, atol=1e-6)
    assert tape.gradient(sum_of_lost, x) is None
    assert np.all(np.isfinite(tape.gradient(total, x)))


def test_the_message_names_the_counterpart_by_the_full_name_or_by_the_step() -> None:
    def message(step: str, operation: str = "") -> str:
        detail = Operation(operation)
        broken = Break(Cause.OTHER_LIBRARY, step, "tape.gradient(loss, w)", 9, "w", "returns None", detail)
        return OtherLibrary().message(broken)

    start = " leaves TensorFlow: tape.gradient(loss, w) on line 9 returns None; "
    assert message("expit()", "scipy.special.expit") == f"expit(){start}use tf.sigmoid()"
    assert message("tf.make_ndarray()") == f"tf.make_ndarray(){start}use the tensor itself"
    assert message("pd.Series()") == f"pd.Series(){start}compute it with TensorFlow's own functions"
