"""Each operation of the data that ends a gradient, gives zeros or raises has words of its own for what to write."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from tfgradlint import predict
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.knowledge import OperationFacts, Output, load
from tfgradlint.libraries.measured.apply import cause_of
from tfgradlint.rules.remedies import known, remedy_for, short
from tfgradlint.rules.tfg304_unregistered import ONCE, REMEDIES

VERSIONS = ("2.21", "2.20", "2.18", "2.16", "2.15")
#: Kinds of results that are no tensors: other rules speak of these.
LEAVES = ("array", "python", "none", "other")


def ends(facts: OperationFacts) -> Iterator[tuple[Cause, str]]:
    """The causes of break that a callable has, each with the parameter where another one has a gradient."""
    for case in facts.cases:
        for output in case.outputs:
            for parameter, word in output.effects.items():
                cause = cause_by(facts, parameter, output, word)
                others = [each for name, each in output.effects.items() if name != parameter]
                if cause is not None:
                    yield cause, parameter if "flows" in others else ""


def cause_by(facts: OperationFacts, parameter: str, output: Output, word: str) -> Cause | None:
    if word == "none":
        return cause_of(facts, parameter, output, output.kind in LEAVES)
    if word == "zero":
        return Cause.ZERO_GRADIENT
    return Cause.UNREGISTERED if word.startswith("raises") else None


@cache
def breaking(version: str) -> list[tuple[str, Cause, str]]:
    data = load(version)
    facts = (data.get(name) for name in data.names())
    return [(each.name, *found) for each in facts if each is not None for found in dict.fromkeys(ends(each))]


@pytest.mark.parametrize("version", VERSIONS)
def test_no_operation_is_without_words(version: str) -> None:
    empty = {
        (name, cause.name)
        for name, cause, argument in breaking(version)
        if (cause in (Cause.NO_GRADIENT, Cause.ZERO_GRADIENT) and not known(name, argument))
        or (cause is Cause.UNREGISTERED and not known(name) and short(name) not in {**REMEDIES, **ONCE})
    }
    assert empty == set()
    assert sum(cause is Cause.NO_GRADIENT for _, cause, _ in breaking(version)) > 200


def test_no_placeholder_is_left() -> None:
    for name, _, argument in breaking("2.21"):
        assert "{" not in remedy_for(name, argument=argument)


@pytest.mark.parametrize(
    ("step", "remedy"),
    [
        ("tf.round(w)", "pass the gradient through with w + tf.stop_gradient(tf.round(w) - w)"),
        (
            "tf.floor(w * 4.0)",
            "pass the gradient through with (w * 4.0) + tf.stop_gradient(tf.floor(w * 4.0) - (w * 4.0))",
        ),
        (
            "tf.sign(w)",
            "use tf.tanh(w / width), or pass the gradient through with w + tf.stop_gradient(tf.sign(w) - w)",
        ),
        (
            "w // 2.0",
            "divide with /, and pass the gradient through with w / 2.0 + tf.stop_gradient(w // 2.0 - w / 2.0)",
        ),
        (
            "tf.cast(w > 1.0, tf.float32)",
            "use a smooth gate such as tf.sigmoid((w - 1.0) / width), or multiply the mask with the value",
        ),
        (
            "tf.cast(1.0 <= w, tf.float32)",
            "use a smooth gate such as tf.sigmoid((w - 1.0) / width), or multiply the mask with the value",
        ),
        (
            "tf.floor(w * 4.0 + tf.exp(w) / 14.0 + w)",
            "pass the gradient through with x + tf.stop_gradient(tf.floor(x) - x), "
            "where x is the argument of tf.floor()",
        ),
        (
            "tf.cast(tf.nn.top_k(w).indices, tf.float32)",
            "use tf.sort(w) for the values, or the order only in tf.gather()",
        ),
    ],
)
def test_a_remedy_is_in_the_programs_own_names(step: str, remedy: str) -> None:
    program = (
        "import tensorflow as tf\nw = tf.Variable([1.5, 2.5])\nwith tf.GradientTape() as tape:\n"
        f"    loss = {step}\nprint(tape.gradient(loss, w))\n"
    )
    [request] = predict(program)
    reason = request.sources[0].reason
    assert reason is not None
    assert reason.endswith(f"; {remedy}")


def test_a_break_names_the_result_and_the_parameter() -> None:
    program = (
        "import tensorflow as tf\nw = tf.Variable([1.5, 2.5])\nwith tf.GradientTape(persistent=True) as tape:\n"
        "    order = tf.cast(tf.math.top_k(w, 2)[1], tf.float32)\n"
        "    padded = tf.pad([1.0], [[1, 1]], constant_values=w[0])\n"
        "print(tape.gradient(order, w), tape.gradient(padded, w))\n"
    )
    first, second = (str(each.sources[0].reason) for each in predict(program))
    assert first.startswith("tf.math.top_k().indices has no gradient: ")
    assert second.startswith("tf.pad() has no gradient for constant_values: ")
