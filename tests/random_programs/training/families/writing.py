"""What the families share: a model, ways to train it, and what happens between one training and the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ...scope import Pen

#: What stops a gradient, in a function of ``h``, and what does not.
STOPPING = ("tf.round(h)", "tf.stop_gradient(h)", "tf.sign(h)", "tf.cast(h > 0.0, tf.float32)")
SOUND = ("h * 0.5", "tf.tanh(h)", "h + tf.stop_gradient(h)", "h + tf.round(h)", "tf.where(h > 0.0, h, 0.1 * h)")
_HEADS = {"tempfile.": "tempfile", "os.": "os", "np.": "numpy as np"}

#: What happens between trainings: how likely, and what writes it.
Event = tuple[int, Callable[[], None]]


class Family(Pen):
    """Writes a program. A family overrides what is defined, which parts have flags, and what happens in between."""

    #: The text of what a batch is made of.
    batch = "tf.random.normal([4, 4])"
    #: How often weights are trained by ``fit``, by a tape, and by a tape in a compiled function.
    ways = (5, 2, 3)

    def __init__(self, draw: Callable[..., Any]) -> None:
        super().__init__(draw)
        #: The names of what can be trained, the texts of parts with a flag, and those of lists of such.
        self.models = ["model"]
        self.parts: list[str] = []
        self.listings: list[str] = []
        self.way = ""

    def program(self) -> str:
        """The text of a program."""
        fit, tape, graph = self.ways
        self.way = self.pick((fit, "fit"), (tape, "tape"), (graph, "graph"))
        self.define()
        if self.chance(25):
            self.happen()
        for name in self.models:
            self.prepare(name)
        for turn in range(self.number(2, 4)):
            for _ in range(self.number(1, 2) if turn else self.number(0, 1)):
                self.happen()
            self.train()
        body = "\n".join(self.lines)
        heads = [f"import {module}" for mark, module in _HEADS.items() if mark in body]
        heads += ["import tensorflow as tf", "import keras", ""]
        data = [f"x = {self.batch}", "y = tf.random.normal([4, 2])"]
        return "\n".join([*heads, *data, body, ""])

    # -- what a family is

    def define(self) -> None:
        """Classes, layers and models."""
        raise NotImplementedError

    def events(self) -> Sequence[Event]:
        """What may happen between trainings besides flags and ``compile``."""
        return ()

    def target(self) -> str:
        """A loss of the model's output ``h``."""
        return self.pick(
            (8, "tf.reduce_mean(tf.square(y - h))"),
            (2, "tf.reduce_mean(keras.losses.mean_squared_error(y, h))"),
            (1, f"tf.reduce_mean(tf.square(y - {self.stop('h')}))"),
        )

    def loss(self) -> str:
        """A loss for ``compile``."""
        return self.pick(
            (6, '"mse"'),
            (3, "keras.losses.MeanSquaredError()"),
            (2, "lambda y, h: tf.reduce_mean(tf.square(y - h))"),
            (1, f"lambda y, h: tf.reduce_mean({self.stop('h')})"),
        )

    # -- layers

    def dense(self, width: int = 4, plain: int = 60) -> str:
        """The text of a dense layer."""
        if self.chance(plain):
            return f"keras.layers.Dense({width}, activation='tanh')"
        return self.one(
            (
                f"keras.layers.Dense({width})",
                f"keras.layers.Dense({width}, use_bias=False)",
                f"keras.layers.Dense({width}, trainable=False)",
            )
        )

    def stop(self, text: str, percent: int = 100) -> str:
        """A step from ``text``: one that stops the gradient in so many of a hundred cases."""
        return re.sub(r"\bh\b", text, self.one(STOPPING if self.chance(percent) else SOUND))

    def between(self) -> str:
        """A layer without weights, which may stop the gradient."""
        return f"keras.layers.Lambda(lambda h: {self.stop('h', 35)})"

    # -- training

    def prepare(self, name: str) -> None:
        """What is made once: ``compile``, or the function of a step."""
        if self.way == "fit":
            self.compile(name)
            return
        optimizer = "" if self.chance(50) else f"optimizer{name.removeprefix('model')}"
        if optimizer:
            self.line(f"{optimizer} = keras.optimizers.{self.one(('SGD(0.1)', 'Adam(0.01)'))}")
        if self.way == "graph":
            self.line("@tf.function")
        with self.block(f"def step_{name}({self.one(('', 'x, y'))}):"):
            self.step(name, optimizer)

    def step(self, name: str, optimizer: str) -> None:
        """One step with a tape."""
        with self.block("with tf.GradientTape() as tape:"):
            self.line(f"h = {name}(x)")
            self.line(f"loss = {self.target()}")
        sources = self.sources(name)
        self.line(f"grads = tape.gradient(loss, {sources})")
        self.update(sources, optimizer)

    def sources(self, name: str) -> str:
        """The weights that are asked for."""
        part = self.one(self.parts) if self.parts else name
        return self.pick(
            (8, f"{name}.trainable_variables"),
            (2, f"{name}.trainable_weights"),
            (2, f"{part}.trainable_variables"),
            (2, f"{name}.weights"),
        )

    def update(self, sources: str, optimizer: str) -> None:
        """What is done with gradients."""
        if optimizer:
            self.line(
                self.pick(
                    (3, f"{optimizer}.apply_gradients([(g, v) for g, v in zip(grads, {sources}) if g is not None])"),
                    (1, f"{optimizer}.apply_gradients(zip(grads, {sources}))"),
                )
            )
        elif self.chance(50):
            with self.block(f"for g, v in zip(grads, {sources}):"), self.block("if g is not None:"):
                self.line("v.assign_sub(0.1 * g)")

    def train(self) -> None:
        """Train one of the models."""
        name = self.one(self.models)
        if self.way != "fit":
            head = next(line for line in self.lines if line.startswith(f"def step_{name}("))
            given = self.pick((5, "x, y"), (1, "x[:2], y[:2]")) if "(x" in head else ""
            self.line(f"step_{name}({given})")
            return
        self.line(
            name
            + self.pick(
                (5, ".fit(x, y, verbose=0)"),
                (4, ".train_on_batch(x, y)"),
                (1, ".fit(x, y, batch_size=2, verbose=0)"),
                (1, ".fit(x[:2], y[:2], verbose=0)"),
                (1, ".train_on_batch(x[:2], y[:2])"),
                (1, ".fit(x, y, epochs=2, verbose=0)"),
            )
        )

    def compile(self, name: str) -> None:
        optimizer = self.one(('"sgd"', "keras.optimizers.SGD(0.1)", "keras.optimizers.Adam(0.01)"))
        eager = self.one((", run_eagerly=True", ""))
        self.line(f"{name}.compile(optimizer={optimizer}, loss={self.loss()}{eager})")

    # -- what happens between trainings

    def happen(self) -> None:
        """One thing."""
        begun = any(".compile(" in line for line in self.lines)
        self.pick(
            (8, self.flag),
            (3 if begun else 0, lambda: self.compile(self.one(self.models))),
            (1 if begun else 0, self._run_eagerly),
            (1, self._stored),
            *self.events(),
        )()
        if begun and self.chance(40):
            self.compile(self.one(self.models))

    def flag(self) -> None:
        """Freeze or thaw a part or several."""
        flag = self.one(("False", "False", "True"))
        part = self.one([*self.parts, *self.models])
        if self.listings and self.chance(30):
            with self.block(f"for layer in {self.one(self.listings)}:"):
                self.line(f"layer.trainable = {flag}")
        elif self.chance(10):
            self.line(f"{part}.trainable = not {part}.trainable")
        else:
            self.line(f"{part}.trainable = {flag}")

    def _run_eagerly(self) -> None:
        self.line(f"{self.one(self.models)}.run_eagerly = {self.one(('True', 'False'))}")

    def _stored(self) -> None:
        """Weights that are read and written change nothing of what trains."""
        name = self.one(self.models)
        self.line(f"{name}.set_weights([0.5 * w for w in {name}.get_weights()])")
