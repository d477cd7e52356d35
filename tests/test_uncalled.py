"""Everything that holds a request is judged: what the module calls in its calls, callers first, the rest alone."""

from __future__ import annotations

import pytest

from tfgradlint import check, predict

_HEAD = """\
import tensorflow as tf
from elsewhere import decorator

w = tf.Variable(1.0)


"""
_BODY = """\
with tf.GradientTape() as tape:
    y = w * 2.0
return tape.gradient(y, w)
"""


def indented(text: str, columns: int) -> str:
    return "".join(" " * columns + line for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    "head",
    [
        "@decorator\ndef step(x):\n",
        "@decorator('for all', 1)\n@decorator\ndef step(*, x):\n",
        "async def step():\n",
    ],
)
def test_functions_run_alone(head: str) -> None:
    assert [site.verdict for site in predict(_HEAD + head + indented(_BODY, 4))] == ["flows"]


@pytest.mark.parametrize(
    "head",
    [
        "def step(self, x):",
        "@decorator\n    def step(self, x):",
        "@property\n    def step(self):",
        "@staticmethod\n    def step(x):",
        "@classmethod\n    def step(cls, x):",
        "async def step(self):",
    ],
)
def test_methods_run_alone(head: str) -> None:
    text = f"{_HEAD}class Trainer:\n    {head}\n{indented(_BODY, 8)}"
    assert [site.verdict for site in predict(text)] == ["flows"]


_BY_FIRST = """\
with tf.GradientTape() as tape:
    y = 2.0 if {first} is None else w * 2.0
return tape.gradient(y, w)
"""


@pytest.mark.parametrize(
    ("head", "verdict"),
    [
        ("@decorator\n    def step(x):", "unknown"),
        ("@decorator\n    @staticmethod\n    def step(x):", "unknown"),
        ("@staticmethod\n    def step(x):", "unknown"),
        ("def step(x):", "unknown"),
        ("def step(*rest, x):", "unknown"),
        ("@decorator\n    def step(self):", "flows"),
        ("@decorator\n    def step(cls):", "flows"),
        ("def step(self):", "flows"),
        ("@property\n    def step(this):", "flows"),
        ("@classmethod\n    def step(kind):", "flows"),
    ],
)
def test_what_a_method_is_called_on_is_told_by_known_decorators_and_by_names(head: str, verdict: str) -> None:
    first = head[head.rindex("(") + 1 : -2].rpartition(" ")[2]
    text = f"{_HEAD}class Trainer:\n    {head}\n{indented(_BY_FIRST.format(first=first), 8)}"
    assert [site.verdict for site in predict(text)] == [verdict]


def test_a_class_method_is_called_on_the_class() -> None:
    text = f"""{_HEAD}class Trainer:
    weight = w

    @classmethod
    def step(cls):
        with tf.GradientTape() as tape:
            y = cls.weight * 2.0
        return tape.gradient(y, w)
"""
    assert [site.verdict for site in predict(text)] == ["flows"]


@pytest.mark.parametrize(
    "caller", ["def caller():\n    return step(w)\n", "@decorator\ndef caller():\n    return step(w)\n"]
)
@pytest.mark.parametrize("callee_first", [True, False])
def test_what_its_caller_hands_it_counts_in_whatever_order_they_stand(caller: str, callee_first: bool) -> None:
    callee = "def step(x):\n" + indented(_BODY.replace("w * 2.0", "x * 2.0"), 4)
    both = f"{callee}\n\n{caller}" if callee_first else f"{caller}\n\n{callee}"
    assert [site.verdict for site in predict(_HEAD + both)] == ["flows"]


def test_so_does_what_a_method_hands_to_a_function_and_to_another_method() -> None:
    text = (
        _HEAD
        + "def step(x):\n"
        + indented(_BODY.replace("w * 2.0", "x * 2.0"), 4)
        + "\n\nclass Trainer:\n    def half(self, x):\n"
        + indented(_BODY.replace("w * 2.0", "x * 0.5"), 8)
        + "\n    def train(self):\n        return step(w), self.half(w)\n"
    )
    assert [site.verdict for site in predict(text)] == ["flows", "flows"]


def test_functions_that_call_each_other_run_all_the_same() -> None:
    text = (
        _HEAD + "def one(n):\n    two(n)\n" + indented(_BODY, 4) + "\n\ndef two(n):\n    one(n)\n" + indented(_BODY, 4)
    )
    assert [site.verdict for site in predict(text)] == ["flows", "flows"]


def test_an_unknown_decorator_may_compile_a_function() -> None:
    body = _BODY.replace("w * 2.0", "w.numpy() * 2.0")
    alone = _HEAD + "def step():\n" + indented(body, 4)
    assert [finding.code for finding in check(alone)] == ["TFG201"]
    assert check(alone.replace("def step", "@decorator\ndef step")) == []


# -- functions within functions that are returned, stored or handed on


_STEP = """\
def step(x):
    with tf.GradientTape() as tape:
        y = v * x
    return tape.gradient(y, v)
"""


@pytest.mark.parametrize(
    "outer",
    [
        "def outer(n):\n    v = tf.Variable(1.0)\n{step}    return {{'step': step, 'n': n}}\n",
        "def outer(n):\n    v = tf.Variable(1.0)\n{step}    decorator(step)\n",
        "def outer(n):\n    v = tf.Variable(1.0)\n    @decorator\n{step}    return step\n",
        "def outer(v):\n{step}    return step\n\nfirst, second = outer(w), outer(tf.Variable(3.0))\n",
        "async def outer(n):\n    v = tf.Variable(1.0)\n    async {bare}    return step\n",
        "def outer(n):\n    v = tf.Variable(1.0)\n    def between():\n{deep}        return step\n    return between\n",
    ],
)
def test_functions_within_functions_run(outer: str) -> None:
    step = indented(_STEP, 4)
    text = outer.format(step=step, bare=step.lstrip(), deep=indented(_STEP, 8))
    assert [site.verdict for site in predict(_HEAD + text)] == ["flows"]


def test_so_do_those_within_methods() -> None:
    text = f"{_HEAD}class Trainer:\n    def __init__(self):\n        self.w = tf.Variable(1.0)\n"
    text += f"    def build(self):\n        v = self.w\n{indented(_STEP, 8)}        self.step = step\n"
    assert [site.verdict for site in predict(text)] == ["flows"]


_MODEL = """\
def outer(n):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.build((None, 2))
    def step(x):
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(model(tf.ones((1, 2))))
        return tape.gradient(y, model.trainable_variables)
"""


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ("decorator(step)", "flows"),
        ("return step", "flows"),
        ("decorator(step)\n    model.trainable = False", "unknown"),  # it may run before and after
        ("model.trainable = False\n    decorator(step)\n    model.trainable = True", "unknown"),
        ("model.trainable = False\n    model.trainable = True\n    return step", "flows"),
        ("handed = [step]\n    decorator(handed)\n    model.trainable = False", "unknown"),
    ],
)
def test_they_see_what_was_there_when_they_were_handed_on(after: str, verdict: str) -> None:
    (site,) = predict(f"{_HEAD}{_MODEL}    {after}\n")
    assert site.verdict == verdict


def test_what_another_function_within_binds_anew_is_not_known() -> None:
    text = (
        _HEAD
        + "def outer(n):\n    v = tf.Variable(1.0)\n    def other():\n        nonlocal v\n        v = v * 2.0\n"
        + indented(_STEP, 4)
        + "    return step, other\n"
    )
    assert [site.verdict for site in predict(text)] == ["unknown"]


def test_what_is_perhaps_compiled_is_not_proven_to_lose_anything() -> None:
    text = _HEAD + "def outer(v):\n" + indented(_STEP.replace("v * x", "tf.constant(v.numpy()) * 2.0"), 4)
    assert [finding.code for finding in check(text + "    return step\n")] == ["TFG201"]
    assert check(text + "    return tf.function(step)\n") == []


def test_what_is_called_is_judged_where_it_is_called() -> None:
    text = _HEAD + "def outer(v):\n" + indented(_STEP, 4) + "    return step\n\nprint(outer(w)(2.0))\n"
    (site,) = predict(text)
    assert site.verdict == "flows"
