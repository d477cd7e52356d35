"""What is said of functions of which nothing is known: verdicts under assumptions, and where these are given up."""

from __future__ import annotations

import pytest

from tfgradlint import check, predict

_HEAD = """\
import numpy as np
import tensorflow as tf
from elsewhere import loss_fn


"""


def step(body: str, parameters: str = "model, x, y", target: str = "loss", sources: str = "") -> str:
    """A training step with its forward pass."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return (
        f"{_HEAD}def step({parameters}):\n    with tf.GradientTape() as tape:\n{lines}"
        f"    return tape.gradient({target}, {sources or 'model.trainable_variables'})\n"
    )


def told(text: str) -> list[tuple[str, tuple[str, ...]] | None]:
    """The verdict under assumptions of each source, and what is assumed of."""
    sources = [source for site in predict(text) for source in site.sources]
    assert {source.verdict for source in sources} == {"unknown"}
    return [None if each.assumed is None else (each.assumed.verdict, each.assumed.assumes) for each in sources]


_BROKEN = "p = np.clip(model(x), 0, 1)\nloss = loss_fn(y, p)"


def test_a_break_between_a_model_and_a_loss_of_others() -> None:
    text = step(_BROKEN)
    assert told(text) == [("none", ("loss_fn",))]
    (finding,) = check(text)
    assert (finding.code, finding.position.line, finding.certainty) == ("TFG202", 8, "assumed")
    assert "returns None unless loss_fn() reads the weights of model in another way;" in finding.message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("p = tf.stop_gradient(model(x))\nloss = loss_fn(y, p)", "TFG306"),
        ("p = tf.round(model(x))\nloss = loss_fn(y, p)", "TFG301"),
        ("p = model(x, training=True).numpy()\nloss = loss_fn(y, p)", "TFG201"),
        ("p = model(x, training=True)\nloss = tf.reduce_mean(loss_fn(y, p.numpy()))", "TFG201"),
        ("p = model.decode(x)\nloss = loss_fn(y, tf.stop_gradient(p[0]))", "TFG306"),
        ("model(x, training=True)\nloss = loss_fn(y, model.predict(x))", "TFG205"),
        ("with tape.stop_recording():\n    p = model(x)\nloss = loss_fn(y, p)", "TFG105"),
    ],
)
def test_breaks_of_every_kind(body: str, code: str) -> None:
    text = step(body)
    assert told(text) == [("none", ("loss_fn",))]
    assert [(finding.code, finding.certainty) for finding in check(text)] == [(code, "assumed")]


def test_a_gradient_flows_if_those_in_between_pass_it_on() -> None:
    text = step("loss = loss_fn(y, model(x))")
    assert told(text) == [("flows", ("model", "loss_fn"))]
    assert not check(text)


def test_what_comes_from_outside_has_no_history() -> None:
    text = f"""{_HEAD}w = tf.Variable(1.0)


def step(y):
    with tf.GradientTape() as tape:
        loss = tf.stop_gradient(w * 2.0) - y
    return tape.gradient(loss, w)
"""
    assert told(text) == [("none", ("y",))]
    (finding,) = check(text)
    assert "returns None unless y is w;" in finding.message


def test_a_forward_pass_before_the_tape() -> None:
    text = f"""{_HEAD}def step(model, x, y):
    p = model(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((p - y) ** 2)
    return tape.gradient(loss, model.trainable_variables)
"""
    assert told(text) == [("none", ("model",))]
    (finding,) = check(text)
    assert (finding.code, finding.position.line) == ("TFG105", 7)
    assert "unless model() returned a weight of model" in finding.message


_BUFFER = "p = model(x)\nb.append(p)\nloss = loss_fn(np.array(p), b.last)"


_AROUND = "i = tf.keras.Input((2,))\nw = tf.keras.Model(i, model(i))\n"


def _held(holder: str) -> str:
    return step(_BROKEN.replace("loss_fn", f"{holder}.loss"), f"{holder}, x, y").replace("model", f"{holder}.model")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a call without anything of the source", step(_BROKEN + " + model_of_more(x)", "model, x, y, model_of_more")),
        ("a method of what holds the model", _held("net")),
        ("a method of the model", step(_BROKEN.replace("loss_fn", "model.loss_fn"))),
        ("an attribute of the model", step(_BROKEN + " + model.losses")),
        ("an object that got something", step(_BUFFER, "model, x, y, b")),
        ("a function that sees the model", step("p = np.array(model(x))\nloss = loss_fn(y, p, lambda z: model(z))")),
        ("parts of one result", step("p, q = model(x)\nloss = loss_fn(y, np.array(p), q)", sources="p")),
        ("only a list of weights", step(_BROKEN, "model, weights, x, y", sources="weights")),
        ("weights by a method", step(_BROKEN, sources="model.get_variables()")),
        ("an object that the program changes", step("model.call = x.call\n" + _BROKEN)),
        ("two from one module", step(_BROKEN, "x, y").replace("import loss_fn", "import loss_fn, model")),
        ("no visible way", step("loss = loss_fn(x, y)")),
        ("a chain of the model", step("w = tf.keras.Sequential([model])\np = tf.round(model(x))\nloss = w(x) - p")),
        ("a model of its outputs", step(_AROUND + "p = tf.round(model(x))\nloss = w(x) - p")),
        ("a list of who knows what", step("p = tf.round(model(x))\nloss = sum(w * p for w in ws)", "model, ws, x")),
        ("a loss that was given the model", step("loss_fn.register(model)\n" + _BROKEN)),
        ("a loss that was made to hold the model", step("y.net = model\np = tf.round(model(x))\nloss = y.loss(p)")),
        ("a shape", step("loss = loss_fn(y, x, tf.shape(model(x)))")),
        ("a tape that was handed on", step(_BROKEN + "\nloss_fn(tape)")),
    ],
)  # fmt: skip
def test_no_break_is_reported_where_the_source_may_be_reached_otherwise(what: str, text: str) -> None:
    assert not check(text)
    assert all(each is None or each[0] == "flows" for each in told(text))


def test_a_way_that_is_open_wins() -> None:
    text = step("p = model(x)\nloss = loss_fn(y, np.array(p)) + loss_fn(y, p)")
    assert told(text) == [("flows", ("model", "loss_fn"))]
    assert not check(text)


def test_data_that_a_library_loads_is_older_than_the_tape() -> None:
    text = f"""{_HEAD}model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(3,))])
(images, labels), _ = tf.keras.datasets.mnist.load_data()
for image, label in tf.data.Dataset.from_tensor_slices((images, labels)):
    with tf.GradientTape() as tape:
        loss = tf.stop_gradient(model(image)) - label
    tape.gradient(loss, model.trainable_variables)
"""
    assert [each and each[0] for each in told(text)] == ["none", "none"]
    (finding,) = check(text)
    assert "returns None unless what comes from outside is a weight of model;" in finding.message


def test_a_tensor_that_is_perhaps_the_argument_itself() -> None:
    text = f"""{_HEAD}def step(model, x):
    x = tf.cast(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = loss_fn(model(x))
    return tape.gradient(loss, x)
"""
    assert told(text) == [("flows", ("model", "loss_fn"))]


@pytest.mark.parametrize(
    "sources",
    [
        "one.trainable_variables + two.trainable_variables",
        "[*one.trainable_variables, *two.weights]",
        "list(one.trainable_variables) + list(two.variables)",
        "one.trainable_variables if x else two.trainable_variables",
        "[v for m in (one, two) for v in m.trainable_variables]",
    ],
)
def test_parts_of_a_list_are_judged_one_by_one(sources: str) -> None:
    text = step("loss = loss_fn(x, two(one(x)))", "one, two, x", sources=sources)
    assert told(text) == [("flows", ("one", "two", "loss_fn"))]
    text = step("loss = loss_fn(x, tf.stop_gradient(two(one(x))))", "one, two, x", sources=sources)
    assert told(text) == [("none", ("loss_fn",))]


def test_a_part_that_gets_no_gradient() -> None:
    sources = "one.trainable_variables + two.trainable_variables"
    text = step("z = one(x).numpy()\nloss = loss_fn(x, two(z))", "one, two, x", sources=sources)
    assert told(text) == [("varies", ("two", "loss_fn"))]
    (finding,) = check(text)
    words = "returns None for one.trainable_variables unless two() or loss_fn() read the weights of one in another way"
    assert (finding.code, finding.position.line) == ("TFG201", 8)
    assert words in finding.message


@pytest.mark.parametrize(
    ("loss", "code"),
    [
        ("tf.reduce_mean(tf.square(np.clip(model(x), -1, 1) - y))", "TFG202"),
        ("tf.reduce_mean((tf.constant(model(x).numpy()) - y) ** 2)", "TFG201"),
        ("loss_fn(y, 2.0 * np.array(model(x)))", "TFG202"),
    ],
)
def test_arrays_carry_values_into_later_steps(loss: str, code: str) -> None:
    assert [(finding.code, finding.certainty) for finding in check(step(f"loss = {loss}"))] == [(code, "assumed")]


@pytest.mark.parametrize("loss", ["loss_fn(y, x / model(x).shape[0])", "loss_fn(y, x / len(model(x)))"])
def test_lengths_do_not(loss: str) -> None:
    assert check(step(f"loss = {loss}")) == []


def test_data_that_functions_of_the_program_prepare_has_no_history() -> None:
    text = f"""{_HEAD}def prepare(x, y):
    return x / 255, y


def train(model, data):
    for image, label in data.map(prepare):
        with tf.GradientTape() as tape:
            loss = loss_fn(label, tf.stop_gradient(model(image)))
        tape.gradient(loss, model.trainable_variables)
"""
    assert told(text) == [("none", ("loss_fn",))]


@pytest.mark.parametrize(
    ("model", "verdict"), [("model", "none"), ("self.model", None), ("self.held[0]", None), ("self.inner.model", None)]
)
def test_what_an_object_inherits_may_read_what_that_holds(model: str, verdict: str | None) -> None:
    text = f"""{_HEAD}from elsewhere import Base


class Inner:
    def __init__(self, model):
        self.model = model


class Trainer(Base):
    def __init__(self, model):
        self.model = model
        self.held = [model]
        self.inner = Inner(model)

    def step(self, model, x, y):
        with tf.GradientTape() as tape:
            loss = self.objective(y, tf.stop_gradient({model}(x)))
        return tape.gradient(loss, {model}.trainable_variables)
"""
    assert [each and each[0] for each in told(text)] == [verdict]


def test_the_caller_may_ask_for_zeros() -> None:
    text = step("loss = loss_fn(y, model(x))", "model, x, y, missing")
    text = text.replace("variables)", "variables, unconnected_gradients=missing)")
    assert told(text) == [("flows", ("model", "loss_fn"))]
    assert told(text.replace("model(x)", "tf.stop_gradient(model(x))")) == [None]


# -- models of the program that hold something nobody sees

_HOLDS = """\
import tensorflow as tf
from elsewhere import block


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.body = tf.keras.Sequential([block(), {inside}])
        self.head = tf.keras.layers.Dense(1)

    def call(self, x):
        return {result}


net = Net()
x = tf.ones([2, 3])
net(x)
with tf.GradientTape() as tape:
    loss = tf.reduce_mean({loss})
tape.gradient(loss, {sources})
"""


@pytest.mark.parametrize(
    "sources", ["net.trainable_variables", "net.body.trainable_weights + net.head.trainable_weights"]
)
def test_the_weights_of_a_model_that_holds_layers_of_others(sources: str) -> None:
    body = {"inside": "tf.keras.layers.Dense(4)", "result": "self.head(self.body(x))", "sources": sources}
    ((verdict, names),) = (each for each in told(_HOLDS.format(loss="net(x)", **body)) if each is not None)
    assert (verdict, names) == ("flows", ("self.body",))
    recurrent = {**body, "inside": "tf.keras.layers.LSTM(4)"}
    assert [each and each[0] for each in told(_HOLDS.format(loss="net(x)", **recurrent))] == ["flows"]


@pytest.mark.parametrize(
    ("result", "loss"),
    [
        ("self.head(tf.stop_gradient(self.body(x)))", "net(x)"),
        ("self.head(x)", "net(x)"),
        ("self.head(self.body(x))", "net.body(x)"),
    ],
)
def test_what_some_of_its_weights_do_not_get_is_not_promised(result: str, loss: str) -> None:
    text = _HOLDS.format(inside="tf.keras.layers.Dense(4)", result=result, loss=loss, sources="net.trainable_variables")
    assert told(text) == [None]


def test_a_step_of_unknown_effect_passes_gradients_on_as_a_call_does() -> None:
    lines = "w = tf.Variable(1.0)\nwith tf.GradientTape() as tape:\n    y = tf.{step}\ntape.gradient(y, w)\n"
    text = "import tensorflow as tf\nimport options\n" + lines
    assert told(text.format(step="image.resize(w * tf.ones([4, 4, 1]), [2, 2], method=options.method)")) == [
        ("flows", ("tf.image.resize",))
    ]


def test_what_arrives_by_the_numbers_arrives_under_an_assumption_too() -> None:
    text = step("p = bn(model(x), training=True)\nloss = loss_fn(y, p)", "model, bn, x, y")
    assert told(text.replace("bn(", "tf.keras.layers.BatchNormalization()(")) == [("arrives", ("model", "loss_fn"))]


def test_the_variables_of_a_module_that_keeps_something_of_others() -> None:
    text = """\
import tensorflow as tf
from elsewhere import loss_fn


class Net(tf.Module):
    def __init__(self, width, source):
        self.width = source.shape[1]
        self.w = tf.Variable([1.0, 2.0])
        self.b = tf.Variable(0.5)

    def __call__(self, x):
        return x * self.w{more}


def step(source, x, y):
    net = Net(2, source)
    with tf.GradientTape() as tape:
        loss = loss_fn(y, net(x))
    return tape.gradient(loss, net.variables)
"""
    assert told(text.format(more=" + self.b")) == [("flows", ("loss_fn",))]
    assert told(text.format(more="")) == [None]


def test_a_model_that_was_loaded_trains_if_it_passes_gradients() -> None:
    text = """\
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
model.compile("sgd", "mse")
model.fit(tf.ones([2, 3]), tf.ones([2, 1]))
"""
    assert [each and each[0] for each in told(text)] == ["flows"]
