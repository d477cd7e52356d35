"""What the harness says of calls that update variables."""

from __future__ import annotations

import textwrap

import pytest

from tfgradlint.evidence.compare import outcome_differences
from tfgradlint.evidence.observe import observe
from tfgradlint.evidence.programs import Program

START = """
import keras
import tensorflow as tf
w = tf.Variable([1.0, 2.0])
b = tf.Variable(0.5)
optimizer = keras.optimizers.SGD(0.1)
"""


def differences(body: str, mode: str = "eager") -> list[str]:
    one = Program("test", START + textwrap.dedent(body))
    text = one.variant(mode)
    return outcome_differences(text, one.specification(mode), observe(text))


def contradicted(body: str, claimed: str, mode: str = "eager") -> list[str]:
    """What is told where the comment ``# training: X`` claims something else."""
    told = differences(body.replace("# training: X", f"# training: {claimed}"), mode)
    return [line.partition(": ")[2] for line in told]


APPLIED = """
def step():  # modes: function, jit
    with tf.GradientTape() as tape:
        loss = {}
    gradients = tape.gradient(loss, [w, b])  # outcome: {}
    optimizer.apply_gradients(  # training: X
        zip(gradients, [w, b])
    )
optimizer.build([w, b])
step()
"""


@pytest.mark.parametrize("mode", ["eager", "function", "jit"])
@pytest.mark.parametrize(
    ("loss", "outcome", "word"),
    [
        ("tf.reduce_sum(w * b)", "flows, flows", "all"),
        ("tf.reduce_sum(w * w)", "flows, none", "some"),
        ("tf.reduce_sum(w * w) + 0.0 * b", "flows, zero", "some"),
        ("0.0 * b", "none, zero", "nothing"),
        ("tf.sqrt(b - 0.5) + tf.reduce_sum(w)", "flows, nonfinite", "nonfinite"),
    ],
)
def test_the_word_tells_which_variables_got_a_gradient(loss: str, outcome: str, word: str, mode: str) -> None:
    body = APPLIED.format(loss, outcome)
    wrong = "some" if word == "all" else "all"
    assert contradicted(body, word, mode) == []
    assert contradicted(body, wrong, mode) == [f"the comment says training {wrong}, TensorFlow gave {word}"]


@pytest.mark.parametrize("mode", ["eager", "function"])
def test_an_exception_that_leaves_the_call_is_its_word(mode: str) -> None:
    body = APPLIED.format("tf.constant(1.0)", "none, none")
    assert contradicted(body, "raises:ValueError", mode) == []
    told = contradicted(body, "nothing", mode)
    assert told[0] == "the comment says training nothing, TensorFlow gave raises:ValueError"
    assert "the program ended in ValueError" in contradicted(body.replace("# training: X", ""), "", mode)[0]


@pytest.mark.parametrize(
    ("call", "word"),
    [
        ("optimizer.apply([w * 1.0, None], [w, b])", "some"),
        ("optimizer.apply([], [])", "nothing"),
        ("optimizer.apply([w * 1.0], iter([w]))", "all"),
        ("optimizer.apply(iter([w * 1.0]), [w])", "raises:TypeError"),
        ("optimizer.apply_gradients([])", "raises:ValueError"),
        ("optimizer.apply_gradients([w * 1.0, b * 1.0])", "raises:TypeError"),
        ("optimizer.apply_gradients(zip([w, b], [w * 1.0, b * 1.0]))", "raises:AttributeError"),
        ("optimizer.minimize(lambda: w * w, [w])", "raises:AttributeError"),
        ("optimizer.apply([w / 0.0 for v in missing], [w])", "raises:NameError"),
    ],
)
def test_what_keras_does_with_a_call(call: str, word: str) -> None:
    assert contradicted(f"{call}  # training: X", word) == []
    assert contradicted(f"{call}  # training: X", "nonfinite") != []


def test_words_are_gathered_over_all_evaluations() -> None:
    body = """
    for mask in ([1.0, 0.0], [0.0, 1.0]):
        pairs = zip([w * 1.0, b * 1.0], mask)
        optimizer.apply([g * m for g, m in pairs], [w, b])  # training: X
    """
    assert contradicted(body, "all") == []


FITTED = """
class Wrapped(keras.Model):
    def __init__(self):
        super().__init__()
        self.used, self.unused = keras.layers.Dense(1), keras.layers.Dense(1)
    def build(self, shape):
        self.used.build(shape)
        self.unused.build(shape)
    def call(self, x):
        return self.used(x) + {}
model = Wrapped()
model.compile("sgd", "mse", run_eagerly={}, jit_compile={})
x, y = tf.ones((8, 2)), tf.zeros((8, 1))
model.fit(x, y, batch_size=4, verbose=0)  # training: X
{}
model.train_on_batch(x, y)  # training: nothing
"""


@pytest.mark.parametrize(("eager", "jit"), [(True, False), (False, False), (False, True)])
@pytest.mark.parametrize(("more", "word"), [("0.0", "some"), ("self.unused(x)", "all")])
def test_a_fit_tells_what_its_steps_did(more: str, word: str, eager: bool, jit: bool) -> None:
    body = FITTED.format(more, eager, jit, "model.trainable = False\nmodel.compile('sgd', 'mse')")
    assert contradicted(body, word) == []
    assert len(contradicted(body, "nothing")) == 1


def test_each_fit_tells_its_own_steps() -> None:
    second = "model.used.trainable = False\nmodel.fit(x, y, verbose=0)  # training: nothing"
    body = FITTED.format("self.unused(x)", False, False, second)
    assert "the comment says training nothing, TensorFlow gave all" in contradicted(body, "all")


def test_an_update_in_the_programs_own_train_step_is_told_at_both_calls() -> None:
    body = """
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)
        def call(self, x):
            return self.dense(x)
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self(x) - y) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)  # outcome: flows, flows
            self.optimizer.apply(gradients[:1] + [None], self.trainable_variables)  # training: some
            return {"loss": loss}
    model = Own()
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)))
    model.fit(tf.ones((4, 2)), tf.zeros((4, 1)), verbose=0)  # training: X
    """
    assert contradicted(body, "some") == []


def test_a_call_that_was_not_reached_is_told() -> None:
    body = "if b is None: optimizer.apply([b], [b])  # training: X"
    assert contradicted(body, "all") == ["the comment says training all, TensorFlow gave never"]


def test_many_variables_are_all_told() -> None:
    body = """
    many = [tf.Variable(1.0) for _ in range(40)]
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(many)
    def step():  # modes: function
        optimizer.apply([v * 1.0 for v in many[:-1]] + [many[-1] * 0.0], many)  # training: X
    step()
    """
    for mode in ("eager", "function"):
        assert contradicted(body, "some", mode) == []
