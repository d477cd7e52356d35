"""Decorators of libraries that are not needed here: what they are put on stays what it is, as far as that is so."""

from __future__ import annotations

import pytest

from tfgradlint import predict

_HEAD = """\
import check_shapes
import gin
import pytest
import tensorflow as tf
import typing_extensions
from typeguard import typechecked

one, w = tf.constant(1.0), tf.Variable(2.0)


"""
_ASKED = """

with tf.GradientTape() as tape:
    y = {call}
tape.gradient(y, w)
"""


def verdict(decorator: str, definition: str, call: str) -> str:
    (request,) = predict(f"{_HEAD}{decorator}\n{definition}\n{_ASKED.format(call=call)}")
    return request.verdict


@pytest.mark.parametrize(
    ("decorator", "expected"),
    [
        ("@typechecked", "flows"),
        ("@check_shapes.check_shapes('x: []')", "flows"),
        ("@check_shapes.inherit_check_shapes", "flows"),
        ("@typing_extensions.override", "flows"),
        ("@typing_extensions.deprecated('use g()')", "flows"),
        ("@gin.register", "flows"),
        ("@gin.register('name', module='mine')", "flows"),
        ("@gin.configurable", "flows"),
        ("@gin.configurable('name', module='mine')", "flows"),
        ("@pytest.mark.slow", "flows"),
        ("@pytest.mark.parametrize('n', [1, 2])\n@typechecked", "flows"),
        ("@gin.external_configurable", "unknown"),
        ("@gin.configurable\n@elsewhere", "unknown"),
        ("@check_shapes.check_shapes", "unknown"),  # it makes a decorator of what it takes for a shape
        ("@pytest.fixture", "unknown"),
    ],
)
def test_what_leaves_a_function_what_it_is(decorator: str, expected: str) -> None:
    assert verdict(decorator, "def f(x):\n    return x * 2.0", "f(w)") == expected


@pytest.mark.parametrize(
    ("definition", "call", "expected"),
    [
        ("def f(x, factor=w):\n    return x * factor", "f(one)", "unknown"),  # settings may name another factor
        ("def f(x, factor=w):\n    return x * factor", "f(one, one)", "none"),
        ("def f(x, factor=1.0):\n    return x * factor", "f(one)", "unknown"),
        ("def f(x, *, factor):\n    return x * factor", "f(one, factor=w)", "flows"),
        ("def f(x, *, factor):\n    return x * factor", "f(w)", "flows"),
        ("def f(x, **more):\n    return x * 2.0", "f(w)", "unknown"),
    ],
)
def test_settings_stand_in_for_arguments_that_are_left_out(definition: str, call: str, expected: str) -> None:
    assert verdict("@gin.configurable", definition, call) == expected


@pytest.mark.parametrize("decorator", ["@keras.saving.register_keras_serializable", "@gin.configurable", "@elsewhere"])
def test_a_class_under_what_makes_something_else_of_it_is_unknown(decorator: str) -> None:
    module = "class Net(tf.Module):\n    def __call__(self, x):\n        return x * 2.0"
    assert verdict(f"import keras\n{decorator}", module, "Net()(w)") == "unknown"
    assert verdict(f"import keras\n{decorator}()", module, "Net()(w)") == (
        "flows" if "keras" in decorator else "unknown"
    )
