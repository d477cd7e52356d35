"""Losses that layers add, and regularizers, beside compiled losses that carry a gradient, none, or are constant."""

from __future__ import annotations

from .writing import Family


class AddedLosses(Family):
    """One layer adds a loss; it stands anywhere in the model."""

    ways = (6, 2, 2)

    def define(self) -> None:
        with self.block("class Added(keras.layers.Layer):"):
            own = self.chance(30)
            if own:
                with self.block("def __init__(self):"):
                    self.line("super().__init__()")
                    self.line("self.gain = self.add_weight(shape=(4,), initializer='ones', name='gain')")
            with self.block("def call(self, h):"):
                with self.block("if self.trainable:") if self.chance(10) else self.block("if True:"):
                    self.line(f"self.add_loss({self._given(own)})")
                self.line(self.one(("return h", "return h", f"return {self.stop('h', 50)}")))
        layers = [self._layer(), "Added()", self._layer()]
        layers += [self.between()] if self.chance(20) else []
        if self.chance(40):
            layers[0], layers[1] = layers[1], layers[0]
        layers.append(self._layer(2))
        make = self.one(("sequential", "functional", "class"))
        if make == "functional":
            self.line("inputs = keras.Input((4,))")
            self.line("h = inputs")
            for layer in layers:
                self.line(f"h = {layer}(h)")
            self.line("model = keras.Model(inputs, h)")
        elif make == "class":
            self._class(layers)
        else:
            head = self.one(("keras.Input((4,)), ", ""))
            self.line(f"model = keras.Sequential([{head}{', '.join(layers)}])")
        if self.chance(40):
            self.line("model(x)")
        self.parts += ["model.layers[0]", "model.layers[1]", "model.layers[-1]"]
        self.listings += ["model.layers", "model.layers[:-1]"]

    def _given(self, own: bool) -> str:
        return self.pick(
            (5, "0.1 * tf.reduce_mean(tf.square(h))"),
            (2, "tf.reduce_mean(tf.round(h))"),
            (1, "tf.constant(0.5)"),
            (1, "tf.stop_gradient(tf.reduce_mean(h))"),
            (3 if own else 0, "tf.reduce_sum(tf.square(self.gain))"),
        )

    def _layer(self, width: int = 4) -> str:
        option = self.pick(
            (6, ""),
            (2, ", kernel_regularizer='l2'"),
            (1, ", kernel_regularizer=keras.regularizers.L2(0.1)"),
            (1, ", bias_regularizer='l1'"),
            (1, ", activity_regularizer='l2'"),
        )
        return f"keras.layers.Dense({width}, activation='tanh'{option})"

    def _class(self, layers: list[str]) -> None:
        with self.block("class Network(keras.Model):"):
            with self.block("def __init__(self):"):
                self.line("super().__init__()")
                for place, layer in enumerate(layers):
                    self.line(f"self.part{place} = {layer}")
            with self.block("def call(self, h):"):
                for place in range(len(layers)):
                    self.line(f"h = self.part{place}(h)")
                if self.chance(30):
                    self.line("self.add_loss(0.1 * tf.reduce_mean(tf.abs(h)))")
                self.line("return h")
        self.line("model = Network()")

    def loss(self) -> str:
        return self.pick(
            (4, '"mse"'),
            (2, "lambda y, h: tf.constant(0.0)"),
            (2, f"lambda y, h: tf.reduce_mean({self.stop('h')})"),
            (1, "lambda y, h: 0.0 * tf.reduce_mean(h)"),
            (1, "None"),
            (1, "lambda y, h: tf.zeros(tf.shape(y)[:1])"),
        )

    def target(self) -> str:
        return self.pick(
            (3, "tf.reduce_mean(tf.square(y - h)) + sum(model.losses)"),
            (2, "tf.add_n(model.losses)"),
            (1, "tf.reduce_mean(tf.square(y - h))"),
            (1, "tf.reduce_mean(tf.round(h)) + sum(model.losses)"),
        )


FAMILY = AddedLosses
