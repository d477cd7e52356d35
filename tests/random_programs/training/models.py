"""Small models of every make: how they are written, what they take, and which parts of them have names."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..scope import Pen

#: Steps that a gradient passes, in a function of ``h``; the first half works on Keras' symbolic tensors too.
SOUND = (
    "h",
    "keras.ops.tanh(h)",
    "h * 0.5 + 0.1",
    "h + keras.ops.stop_gradient(keras.ops.round(h) - h)",
    "h + keras.ops.stop_gradient(h)",
    "tf.nn.sigmoid(h)",
    "h + tf.stop_gradient(tf.round(h) - h)",
    "h + tf.round(h)",
    "h * tf.cast(h > 0.0, tf.float32)",
    "tf.clip_by_value(h, -9.0, 9.0)",
    "tf.where(h > 0.0, h, 0.1 * h)",
    "tf.concat([h, tf.round(h)], axis=-1)",
)
#: Steps that stop it.
STOPPING = (
    "keras.ops.round(h)",
    "keras.ops.stop_gradient(h)",
    "keras.ops.sign(h)",
    "keras.ops.cast(keras.ops.cast(h, 'int32'), 'float32')",
    "tf.round(h)",
    "tf.stop_gradient(h)",
    "tf.sign(h)",
    "tf.cast(h > 0.0, tf.float32)",
    "tf.cast(tf.cast(3.0 * h, tf.int32), tf.float32)",
    "tf.one_hot(tf.argmax(h, axis=-1), 4)",
    "tf.floor(h)",
    "tf.convert_to_tensor(np.tanh(h))",
    "tf.constant(h.numpy())",
)
_SYMBOLIC_SOUND, _SYMBOLIC_STOPPING = 5, 4


@dataclass
class Made:
    """A model in a program."""

    name: str
    #: What it is called with.
    given: str = "x"
    built: bool = False
    #: Whether it is a Keras model, with ``compile`` and ``fit``.
    keras: bool = True
    #: The texts of its parts that are layers.
    parts: list[str] = field(default_factory=list)
    steps: bool = False


class Models(Pen):
    """Writes models."""

    def step(self, symbolic: bool = False, percent: int = 25) -> str:
        """An expression of ``h``, which stops the gradient in so many of a hundred cases."""
        stops = self.chance(percent)
        steps = STOPPING if stops else SOUND
        if symbolic:
            steps = steps[: _SYMBOLIC_STOPPING if stops else _SYMBOLIC_SOUND]
        return self.one(steps)

    def model(self, stem: str = "model", width: int = 2, given: str = "x", keras: bool = False) -> Made:
        """Write a model that maps ``given`` to rows of ``width`` numbers."""
        make = self.pick(
            (5, self._sequential),
            (4, self._functional),
            (6, self._subclassed),
            (3, self._nested),
            (2, self._stepping),
            (2 if given == "x" else 0, self._two_inputs),
            (0 if keras else 2, self._module),
            (2 if given == "x" else 0, self._tokens),
        )
        made = make(self.fresh(stem), width)
        if made.given == "x":
            made.given = given
        return made

    # -- layers

    def _dense(self, width: int) -> str:
        options = self.pick((6, ", activation='tanh'"), (2, ""), (1, ", use_bias=False"), (1, ", trainable=False"))
        return f"keras.layers.Dense({width}{options})"

    def _layers(self, width: int, symbolic: bool = True) -> list[str]:
        """The texts of some layers, the last of them giving ``width`` numbers."""
        found = [self._dense(4)]
        for _ in range(self.number(0, 2)):
            found.append(
                self.pick(
                    (3, lambda: self._dense(4)),
                    (2, lambda: "keras.layers.BatchNormalization()"),
                    (1, lambda: "keras.layers.Dropout(0.2)"),
                    (1, lambda: "keras.layers.LayerNormalization()"),
                    (1, lambda: "keras.layers.Activation('sigmoid')"),
                    (2, lambda: f"keras.layers.Lambda(lambda h: {self.step(symbolic=True)})"),
                    (3, self._layer_class),
                )()
            )
        return [*found, self.pick((8, f"keras.layers.Dense({width})"), (1, self._dense(width)))]

    _classes: dict[str, str]

    def _layer_class(self) -> str:
        """A layer of the program's own; its class is written beforehand."""
        name = self.fresh("Scale")
        kind = self.pick(
            (4, "self.add_weight(shape=(4,), initializer='ones')"),
            (2, "keras.Variable(np.ones(4, dtype='float32'))"),
            (2, "tf.Variable(tf.ones([4]))"),
            (2, "keras.layers.Dense(4)"),
        )
        use = "self.inner(h)" if "Dense" in kind else "h * self.inner"
        where = self.pick((3, "build"), (3, "__init__"), (1, "call"))
        depth, self.depth = self.depth, 0
        lines, self.lines = self.lines, []
        with self.block(f"class {name}(keras.layers.Layer):"):
            if where == "__init__":
                with self.block("def __init__(self):"):
                    self.line("super().__init__()")
                    self.line(f"self.inner = {kind}")
            if where == "build":
                with self.block("def build(self, shape):"):
                    self.line(f"self.inner = {kind}")
                    if self.chance(60):
                        self.line("self.inner.build(shape)" if "Dense" in kind else "super().build(shape)")
            with self.block("def call(self, h):"):
                if where == "call":
                    self.line(f"self.inner = {kind}")
                step = self.step(symbolic=True)
                if step != "h":
                    self.line(f"h = {step}")
                self.line(f"return {use}")
        self._before += self.lines
        self.depth, self.lines = depth, lines
        return f"{name}()"

    #: Classes and functions that stand before the models.
    _before: list[str]

    # -- makes

    def _sequential(self, name: str, width: int) -> Made:
        layers = self._layers(width)
        built = self.chance(55)
        if built:
            layers.insert(0, "keras.Input((4,))")
        if self.chance(25):
            self.line(f"{name} = keras.Sequential()")
            for layer in layers:
                self.line(f"{name}.add({layer})")
        else:
            self.line(f"{name} = keras.Sequential([{', '.join(layers)}])")
        return Made(name, built=built, parts=[f"{name}.layers[0]", f"{name}.layers[-1]"])

    def _functional(self, name: str, width: int) -> Made:
        made = self._graph(name, width, ["keras.Input((4,))"])
        self.line(f"{name} = keras.Model({made[0]}, {made[1]})")
        return Made(name, built=True, parts=[f"{name}.layers[1]", f"{name}.layers[-1]"])

    def _graph(self, name: str, width: int, inputs: list[str]) -> tuple[str, str]:
        """The lines of a functional model; the texts of its inputs and its output."""
        names = []
        for text in inputs:
            names.append(self.fresh("inputs"))
            self.line(f"{names[-1]} = {text}")
        if len(names) > 1:
            self.line(f"h = keras.layers.Concatenate()([{', '.join(names)}])")
        self.line(f"h = {self._dense(4)}({names[0] if len(names) == 1 else 'h'})")
        for layer in self._layers(width)[1:-1]:
            self.line(f"h = {layer}(h)")
        if self.chance(40):
            self.line(f"h = {self.step(symbolic=True)}")
        if self.chance(20):
            self.line(f"h = keras.layers.Add()([h, keras.layers.Dense(4)({names[-1]})])")
        output = self.fresh("outputs")
        self.line(f"{output} = keras.layers.Dense({width})(h)")
        return (names[0] if len(names) == 1 else f"[{', '.join(names)}]"), output

    def _two_inputs(self, name: str, width: int) -> Made:
        inputs, output = self._graph(name, width, ["keras.Input((4,))", "keras.Input((4,))"])
        self.line(f"{name} = keras.Model({inputs}, {output})")
        return Made(name, given="[x, x2]", built=True, parts=[f"{name}.layers[-1]"])

    def _subclassed(self, name: str, width: int) -> Made:
        kind = self.fresh("Network")
        holds = self.pick((4, "attributes"), (2, "list"), (1, "dict"), (1, "list of lists"))
        weight = self.pick(
            (7, ""),
            (2, "self.add_weight(shape=(4,), initializer='ones', name='gain')"),
            (1, "keras.Variable(np.ones(4, dtype='float32'))"),
            (2, "tf.Variable(tf.ones([4]))"),
            (1, "[tf.Variable(tf.ones([4]))]"),
        )
        first = {"list": "self.blocks[0]", "dict": "self.blocks['a']", "list of lists": "self.blocks[0][0]"}
        lower = first.get(holds, "self.hidden")
        layer = self.pick((5, lambda: self._dense(4)), (2, self._layer_class), (1, self._inner))()
        own_step = self.chance(15)
        with self.block(f"class {kind}(keras.Model):"):
            with self.block("def __init__(self):"):
                self.line("super().__init__()")
                if holds == "attributes":
                    self.line(f"self.hidden = {layer}")
                elif holds == "list":
                    self.line(f"self.blocks = [{layer}, {self._dense(4)}]")
                elif holds == "dict":
                    self.line(f"self.blocks = {{'a': {layer}}}")
                else:
                    self.line(f"self.blocks = [[{layer}]]")
                if self.chance(25):
                    self.line("self.normal = keras.layers.BatchNormalization()")
                    lower = f"self.normal({lower}(x))"
                else:
                    lower = f"{lower}(x)"
                if holds == "list":
                    lower = f"self.blocks[1]({lower})"
                self.line(f"self.out = keras.layers.Dense({width})")
                if weight:
                    self.line(f"self.gain = {weight}")
            with self.block(f"def call(self, x{self.one(('', ', training=None', ', training=False'))}):"):
                if holds == "list" and self.chance(60):
                    self.line(f"h = {lower if 'normal' in lower else 'x'}")
                    with self.block("for block in self.blocks:"):
                        self.line("h = block(h)")
                else:
                    self.line(f"h = {lower}")
                if weight:
                    self.line(f"h = h * self.gain{'[0]' if weight.startswith('[') else ''}")
                if self.chance(60):
                    self.line(f"h = {self.step()}")
                if self.chance(10):
                    given = self.pick((3, "0.01 * tf.reduce_sum(h * h)"), (1, "tf.reduce_sum(tf.round(h))"))
                    self.line(f"self.add_loss({given})")
                self.line("return self.out(h)")
            if own_step:
                self.train_step()
        self.line(f"{name} = {kind}()")
        parts = [f"{name}.out", f"{name}.layers[0]"] + ([f"{name}.hidden"] if holds == "attributes" else [])
        return Made(name, parts=parts, steps=own_step)

    def _inner(self) -> str:
        return f"keras.Sequential([{self._dense(4)}, {self._dense(4)}])"

    def _nested(self, name: str, width: int) -> Made:
        base = self.fresh("base")
        inner = self.pick((2, self._sequential), (2, self._functional), (1, self._subclassed))(base, 4)
        if self.chance(30):
            self.freeze(inner)
        if self.chance(50):
            self.line("inputs = keras.Input((4,))")
            self.line(f"h = {base}(inputs{self.one(('', ', training=False'))})")
            if self.chance(40):
                self.line(f"h = {self.step(symbolic=True)}")
            self.line(f"{name} = keras.Model(inputs, keras.layers.Dense({width})(h))")
            return Made(name, built=True, parts=[base, f"{name}.layers[-1]"])
        step = f"keras.layers.Lambda(lambda h: {self.step()}), " if self.chance(30) else ""
        head = "keras.Input((4,)), " if self.chance(30) else ""
        self.line(f"{name} = keras.Sequential([{head}{base}, {step}keras.layers.Dense({width})])")
        return Made(name, built=bool(head), parts=[base, f"{name}.layers[-1]"])

    def _stepping(self, name: str, width: int) -> Made:
        """A class derived from functional models, with a training step of its own."""
        kind = self.fresh("Trainer")
        with self.block(f"class {kind}(keras.Model):"):
            self.train_step()
        inputs, output = self._graph(name, width, ["keras.Input((4,))"])
        self.line(f"{name} = {kind}({inputs}, {output})")
        return Made(name, built=True, parts=[f"{name}.layers[1]"], steps=True)

    def train_step(self) -> None:
        """A ``train_step`` in the usual words, with one part of it different."""
        with self.block("def train_step(self, data):"):
            self.line("x, y = data")
            early = self.chance(15)
            if early:
                self.line("weights = self.trainable_variables")
            with self.block("with tf.GradientTape() as tape:"):
                self.line("h = self(x, training=True)")
                if self.chance(20):
                    self.line(f"h = {self.step(percent=50)}")
                self.line(
                    self.pick(
                        (4, "loss = self.compute_loss(x=x, y=y, y_pred=h)"),
                        (3, "loss = tf.reduce_mean(tf.square(y - h))"),
                        (1, "loss = tf.reduce_mean(tf.square(y - tf.round(h)))"),
                        (1, "loss = tf.reduce_mean(tf.square(y - tf.stop_gradient(h)))"),
                    )
                )
            weights = "weights" if early else "self.trainable_variables"
            self.line(f"grads = tape.gradient(loss, {weights})")
            self.line(
                self.pick(
                    (5, f"self.optimizer.apply_gradients(zip(grads, {weights}))"),
                    (2, f"self.optimizer.apply(grads, {weights})"),
                    (
                        1,
                        f"self.optimizer.apply_gradients([(g, v) for g, v in zip(grads, {weights}) if g is not None])",
                    ),
                    (1, "self.optimizer.apply_gradients(zip(grads, self.variables))"),
                    (1, "pass"),
                )
            )
            self.line("return {'loss': loss}")

    def _module(self, name: str, width: int) -> Made:
        kind = self.fresh("Perceptron")
        with self.block(f"class {kind}(tf.Module):"):
            with self.block("def __init__(self):"):
                self.line("super().__init__()")
                self.line("self.first = tf.Variable(tf.random.normal([4, 4]))")
                last = self.pick(
                    (5, f"tf.Variable(tf.random.normal([4, {width}]))"), (2, f"keras.layers.Dense({width})")
                )
                listed = self.chance(30)
                self.line(f"self.last = {f'[{last}]' if listed else last}")
            with self.block("def __call__(self, x):"):
                self.line("h = tf.tanh(x @ self.first)")
                if self.chance(50):
                    self.line(f"h = {self.step()}")
                used = f"self.last{'[0]' if listed else ''}"
                self.line(f"return {used}(h)" if "Dense" in last else f"return h @ {used}")
        self.line(f"{name} = {kind}()")
        return Made(name, built=True, keras=False)

    def _tokens(self, name: str, width: int) -> Made:
        middle = self.pick(
            (2, "keras.layers.LSTM(4)"), (2, "keras.layers.GlobalAveragePooling1D()"), (1, "keras.layers.Flatten()")
        )
        layers = ["keras.layers.Embedding(9, 4)", middle, f"keras.layers.Dense({width})"]
        if self.chance(25):
            layers.insert(1, f"keras.layers.Lambda(lambda h: {self.step(symbolic=True)})")
        built = self.chance(50)
        if built:
            layers.insert(0, "keras.Input((5,))")
        self.line(f"{name} = keras.Sequential([{', '.join(layers)}])")
        return Made(name, given="tokens", built=built, parts=[f"{name}.layers[0]", f"{name}.layers[-1]"])

    # -- freezing

    def freeze(self, made: Made) -> None:
        """Freeze a model, a part or all its layers, perhaps to thaw them again."""
        if not made.keras:
            return
        name = made.name
        target = self.pick((3, name), (4 if made.parts else 0, self.one(made.parts or [""])))
        way = self.number(0, 5)
        if way == 0:
            with self.block(f"for layer in {name}.layers{self.one(('', '[:-1]', '[1:]'))}:"):
                self.line("layer.trainable = False")
        else:
            self.line(f"{target}.trainable = False")
        if self.chance(50):
            self.line(f"{self.one((target, name))}.trainable = True")
