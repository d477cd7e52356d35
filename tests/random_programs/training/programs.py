"""Whole programs that train: models, what is frozen, a loss, and ``fit`` or a loop with a tape."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .models import Made, Models

_DATA = """\
x = tf.random.normal([7, 4])
x2 = tf.random.normal([7, 4])
tokens = tf.constant(np.random.randint(0, 9, (7, 5)))
y = tf.random.normal([7, 2])
"""
_OPTIMIZERS = ("SGD(0.1)", "Adam(0.01)", "RMSprop(0.01)", "SGD(0.1, momentum=0.9)", "Adam(clipnorm=1.0)")


class Programs(Models):
    """Writes a program."""

    def program(self) -> str:
        """The text of a program."""
        self._before, self._listed = [], {}
        kind = self.pick((5, self._fits), (6, self._loops), (3, self._two_models))
        kind()
        head = "import keras" if self.chance(70) else "from tensorflow import keras"
        body = "\n".join(self._before + self.lines)
        if head != "import keras":  # the function's name differs
            body = body.replace("losses.mean_squared_error", "losses.mse")
        data = "".join(line + "\n" for line in _DATA.splitlines() if self._speaks(body, line.partition(" ")[0]))
        numpy = "import numpy as np\n" if "np." in data + body else ""
        return f"{numpy}import tensorflow as tf\n{head}\n\n{data}\n{body}\n"

    @staticmethod
    def _speaks(body: str, name: str) -> bool:
        return any(f"{before}{name}{after}" in body for before in " ([" for after in ",)] \n:")

    def _prepare(self, made: Made) -> None:
        """What may happen between a model and its training."""
        for _ in range(self.number(0, 2)):
            self.pick((3, self._build), (2, self.freeze), (1, self._early))(made)

    def _build(self, made: Made) -> None:
        if made.given == "x" and made.keras and self.chance(30):
            self.line(f"{made.name}.build((None, 4))")
        else:
            self.line(f"{made.name}({made.given})")
        made.built = True

    def _early(self, made: Made) -> None:
        self._listed[made.name] = self.fresh("weights")
        self.line(f"{self._listed[made.name]} = {self._variables(made)}")

    #: The lists of variables that have names, by model.
    _listed: dict[str, str]

    # -- fit

    def _loss(self) -> str:
        """The text of a loss for ``compile``; functions and classes are written beforehand."""
        return self.pick(
            (3, lambda: self.one(('"mse"', '"mean_absolute_error"', '"huber"'))),
            (2, lambda: self.one(("keras.losses.MeanSquaredError()", "keras.losses.mean_squared_error"))),
            (1, lambda: self.one(("keras.metrics.MeanSquaredError()", "keras.losses.MeanAbsoluteError", "None"))),
            (5, self._loss_function),
            (2, self._loss_class),
            (1, lambda: f"lambda y_true, h: tf.reduce_mean(tf.abs(y_true - ({self._whole_step()})))"),
        )()

    def _whole_step(self) -> str:
        """A step that keeps the shape."""
        text = "one_hot"
        while "one_hot" in text or "concat" in text:
            text = self.step(percent=35)
        return text

    def _loss_body(self) -> None:
        if self.chance(60):
            self.line(f"h = {self._whole_step()}")
        self.line(
            self.pick(
                (5, "return tf.reduce_mean(tf.square(y_true - h))"),
                (2, "return keras.ops.mean(keras.ops.abs(y_true - h), axis=-1)"),
                (1, "return tf.reduce_mean(tf.square(y_true - h)) + tf.reduce_mean(tf.round(h))"),
                (1, "return keras.losses.mean_squared_error(y_true, h)"),
                (1, "return np.mean(np.square(y_true - h))"),
                (1, "return tf.reduce_mean(tf.cast(tf.equal(tf.round(h), y_true), tf.float32))"),
            )
        )

    def _loss_function(self) -> str:
        name = self.fresh("error")
        with self.block(f"def {name}(y_true, h):"):
            self._loss_body()
        return name

    def _loss_class(self) -> str:
        name = self.fresh("Error")
        with self.block(f"class {name}(keras.losses.Loss):"), self.block("def call(self, y_true, h):"):
            self._loss_body()
        return f"{name}()"

    def _fits(self) -> None:
        made = self.model(keras=True)
        self._prepare(made)
        self._compile(made)
        if self.chance(15):
            self.freeze(made)
        for turn in range(self.number(1, 2)):
            if turn and self.chance(30):
                self.freeze(made)
                if self.chance(60):
                    self._compile(made)
            self._fit(made)

    def _compile(self, made: Made) -> None:
        optimizer = self.pick((2, '"sgd"'), (2, f"keras.optimizers.{self.one(_OPTIMIZERS)}"))
        eager = self.pick((3, ", run_eagerly=True"), (3, ""))
        loss = self.pick((9, f", loss={self._loss()}"), (1, ""))
        metrics = self.pick((5, ""), (1, ', metrics=["mae"]'))
        self.line(f"{made.name}.compile(optimizer={optimizer}{loss}{metrics}{eager})")

    def _fit(self, made: Made) -> None:
        if self.chance(40):
            self.line(f"{made.name}.train_on_batch({made.given}, y)")
        else:
            given = "{} , y" if made.given == "[x, x2]" else "{}, y"
            self.line(f"{made.name}.fit({given.format(made.given).replace(' ,', ',')}, batch_size=4, verbose=0)")

    # -- loops

    def _variables(self, made: Made) -> str:
        """A list of a model's variables."""
        name = made.name
        if not made.keras:
            return self.one((f"{name}.trainable_variables", f"{name}.variables"))
        part = self.one(made.parts)
        return self.pick(
            (12, f"{name}.trainable_variables"),
            (3, f"{name}.trainable_weights"),
            (1, f"{name}.variables"),
            (1, f"{name}.weights"),
            (2, f"{part}.trainable_variables"),
            (1, f"{name}.trainable_variables[:2]"),
            (1, f"{name}.trainable_variables[::-1]"),
            (1, f"[v for v in {name}.trainable_variables if 'bias' not in v.path]"),
            (1, f"{made.parts[-1]}.trainable_variables + {made.parts[0]}.trainable_variables"),
            (1, f"[v for layer in {name}.layers for v in layer.trainable_variables]"),
        )

    def _error(self, target: str = "y") -> str:
        """A loss of ``h`` in a tape."""
        return self.pick(
            (5, lambda: f"tf.reduce_mean(tf.square({target} - h))"),
            (2, lambda: f"tf.reduce_mean(keras.losses.mean_squared_error({target}, h))"),
            (2, lambda: f"measure({target}, h)"),
            (1, lambda: f"tf.reduce_mean(keras.losses.mean_squared_error({target}, tf.round(h)))"),
            (1, lambda: f"keras.metrics.MeanSquaredError()({target}, h)"),
        )()

    def _measure(self) -> None:
        """A loss object or function for loops."""
        if self.chance(50):
            self.line("measure = keras.losses.MeanSquaredError()")
            return
        with self.block("def measure(y_true, h):"):
            self._loss_body()

    def _loops(self) -> None:
        made = self.model()
        self._prepare(made)
        error = self._error()
        if "measure" in error:
            self._measure()
        if self.chance(25):
            self._early(made)
        self.line(f"optimizer = keras.optimizers.{self.one(_OPTIMIZERS)}")
        where = self.pick((3, "module"), (4, "function"), (3, "graph"), (2, "method"))
        turns = self.number(1, 2)
        if where == "module":
            with self.block(f"for turn in range({turns}):"):
                self._turn(made, error)
        elif where == "method":
            with self.block("class Training:"):
                with self.block("def __init__(self, model, optimizer):"):
                    self.line("self.model = model")
                    self.line("self.optimizer = optimizer")
                    early = self.chance(25)
                    if early:
                        self.line("self.weights = self.model.trainable_variables")
                if self.chance(40):
                    self.line("@tf.function")
                with self.block(f"def step(self, {', '.join(sorted({'x', *self._data(made)}))}, y):"):
                    inner = Made("self.model", made.given, made.built, made.keras, [])
                    listed = dict(self._listed)
                    self._listed = {"self.model": "self.weights"} if early else {}
                    inner.parts = ["self.model"]
                    self._turn(inner, error, "self.optimizer")
                    self._listed = listed
            self.line(f"training = Training({made.name}, optimizer)")
            with self.block(f"for turn in range({turns}):"):
                self.line(f"training.step({', '.join(sorted({'x', *self._data(made)}))}, y)")
        else:
            if where == "graph":
                self.line("@tf.function")
            with self.block("def step():"):
                self._turn(made, error)
            with self.block(f"for turn in range({turns}):"):
                self.line("step()")

    @staticmethod
    def _data(made: Made) -> list[str]:
        return made.given.strip("[]").split(", ")

    def _turn(self, made: Made, error: str, optimizer: str = "optimizer") -> None:
        """One step of a loop."""
        with self.block("with tf.GradientTape() as tape:"):
            training = ", training=True" if made.keras and self.chance(30) else ""
            self.line(f"h = {made.name}({made.given}{training})")
            if self.chance(20):
                self.line(f"h = {self._whole_step()}")
            self.line(f"loss = {error}")
            if made.keras and self.chance(8):
                self.line(f"loss += sum({made.name}.losses)")
        self._update(made, "tape", "loss", optimizer)

    def _update(self, made: Made, tape: str, loss: str, optimizer: str) -> None:
        """A request for gradients, and what is done with them."""
        weights = self._listed.get(made.name)
        if weights is None or (made.name != "both" and self.chance(20)):
            weights = self._variables(made)
        self.line(f"grads = {tape}.gradient({loss}, {weights})")
        if self.chance(10):
            self.line(
                self.one(
                    (
                        "grads, _ = tf.clip_by_global_norm(grads, 1.0)",
                        "grads = [tf.clip_by_norm(g, 1.0) for g in grads]",
                        "grads = [None if g is None else tf.clip_by_value(g, -1.0, 1.0) for g in grads]",
                    )
                )
            )
        other = self._variables(made) if made.name != "both" and self.chance(8) else weights
        self.line(
            self.pick(
                (10, f"{optimizer}.apply_gradients(zip(grads, {other}))"),
                (3, f"{optimizer}.apply(grads, {other})"),
                (
                    3,
                    f"{optimizer}.apply_gradients([(g, v) for g, v in zip(grads, {other}) if g is not None])",
                ),
                (1, f"{optimizer}.apply_gradients(zip({other}, grads))"),
                (1, f"{optimizer}.apply([g for g in grads if g is not None], {other})"),
                (1, f"{optimizer}.minimize({loss}, {other})"),
                (1, f"for g, v in zip(grads, {other}): v.assign_sub(0.1 * g)"),
                (1, "print(float(loss))" if optimizer == "optimizer" and self.depth < 1 else "pass"),
            )
        )

    # -- two models

    def _two_models(self) -> None:
        """One model's output is the other's input."""
        lower = self.model("lower", width=4)
        upper = self.model("upper", given="h")
        for made in (lower, upper):
            if made is lower or self.chance(40):
                self._prepare(Made(made.name, "x" if made is upper else made.given, made.built, made.keras, made.parts))
        both = Made("both", lower.given, keras=False)
        way = self.pick((4, "joined"), (4, "two optimizers"), (2, "one of them"))
        persistent = "persistent=True" if way == "two optimizers" else ""
        self.line(f"optimizer = keras.optimizers.{self.one(_OPTIMIZERS)}")
        if way == "two optimizers":
            self.line(f"optimizer2 = keras.optimizers.{self.one(_OPTIMIZERS)}")
        if way == "joined":
            first, second = self.pick((4, (lower, upper)), (1, (upper, lower)))
            texts = [f"{each.name}.trainable_variables" for each in (first, second)]
            weights = " + ".join(
                text if each.keras else f"list({text})" for text, each in zip(texts, (first, second), strict=True)
            )
            if self.chance(40):
                self.line(f"weights = {weights}")
                weights = "weights"
            self._listed = {"both": weights}
        if self.chance(50):
            self.line("@tf.function")
        with self.block("def step():"):
            with self.block(f"with tf.GradientTape({persistent}) as tape:"):
                self.line(f"h = lower({lower.given})")
                if self.chance(50):
                    self.line(f"h = {self._whole_step()}")
                self.line("h = upper(h)")
                error = self.pick((4, "tf.reduce_mean(tf.square(y - h))"), (1, "keras.losses.mean_squared_error(y, h)"))
                self.line(f"loss = {error}")
            if way == "joined":
                self._update(
                    Made("both", both.given, keras=True, parts=["lower", "upper"]), "tape", "loss", "optimizer"
                )
            elif way == "two optimizers":
                self._update(lower, "tape", "loss", "optimizer")
                self._update(upper, "tape", "loss", "optimizer2")
            else:
                self._update(self.one((upper, lower)), "tape", "loss", "optimizer")
        with self.block(f"for turn in range({self.number(1, 2)}):"):
            self.line("step()")


@st.composite
def programs(draw: Any) -> str:
    """Texts of programs."""
    return Programs(draw).program()
