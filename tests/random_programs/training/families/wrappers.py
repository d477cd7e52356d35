"""Wrapped layers and recurrent layers made of cells, whose inner layers are frozen and thawed."""

from __future__ import annotations

from .writing import Family


class Wrappers(Family):
    """Sequences through one or two layers of these, and a dense layer at the end."""

    batch = "tf.random.normal([4, 3, 4])"
    ways = (4, 4, 1)

    def define(self) -> None:
        if self.chance(40):
            first = self.one(("TimeDistributed(keras.layers.Dense(4, activation='tanh'))", "spectral"))
            if first == "spectral":
                first = "SpectralNormalization(keras.layers.Dense(4))"
            self.line(f"first = keras.layers.{first}")
            self.parts += ["first", "first.layer"]
        if self.chance(25):
            self._cell()
        kind, inner = self.pick(
            (2, lambda: ("Bidirectional(keras.layers.LSTM(2))", ("forward_layer", "backward_layer"))),
            (1, lambda: ("Bidirectional(keras.layers.SimpleRNN(2), merge_mode='sum')", ("forward_layer",))),
            (2, lambda: ("RNN(keras.layers.GRUCell(2))", ("cell",))),
            (2, lambda: ("RNN([keras.layers.SimpleRNNCell(3), keras.layers.LSTMCell(2)])", ("cell", "cell.cells[0]"))),
            (1, lambda: ("RNN(keras.layers.StackedRNNCells([keras.layers.GRUCell(2)]))", ("cell", "cell.cells[-1]"))),
            (1, lambda: ("Bidirectional(keras.layers.RNN(keras.layers.GRUCell(2)))", ("forward_layer.cell",))),
            (1, lambda: ("GRU(2)", ("cell",))),
            (3 if self._own else 0, lambda: ("RNN(Cell())", ("cell", "cell.inner"))),
        )()
        self.line(f"second = keras.layers.{kind}")
        self.parts += ["second", *(f"second.{each}" for each in inner)]
        layers = ["keras.Input((3, 4))"] if self.chance(60) else []
        layers += ["first"] if "first" in self.parts else []
        layers += [self.between()] if self.chance(15) else []
        self.line(f"model = keras.Sequential([{', '.join([*layers, 'second', 'keras.layers.Dense(2)'])}])")
        self.parts += ["model.layers[-1]"]
        self.listings += ["model.layers", "model.layers[:-1]"]
        if not layers or "Input" not in layers[0]:
            self.line("model(x)")

    _own = False

    def _cell(self) -> None:
        self._own = True
        with self.block("class Cell(keras.layers.Layer):"):
            with self.block("def __init__(self):"):
                self.line("super().__init__()")
                self.line("self.state_size = 2")
                self.line("self.inner = keras.layers.Dense(2)")
                self.line("self.memory = keras.layers.Dense(2)")
            with self.block("def build(self, shape):"):
                self.line("self.inner.build(shape)")
                self.line("self.memory.build((None, 2))")
                self.line("self.built = True")
            with self.block("def call(self, h, states):"):
                self.line(f"state = tf.tanh(self.inner(h) + self.memory({self.stop('states[0]', 30)}))")
                self.line("return state, [state]")


FAMILY = Wrappers
