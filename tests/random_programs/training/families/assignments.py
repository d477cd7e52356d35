"""Layers, weights and settings of a model that are assigned between one training and the next."""

from __future__ import annotations

from collections.abc import Sequence

from .writing import Event, Family


class Assignments(Family):
    """A subclassed model that reads its attributes in ``call``."""

    def define(self) -> None:
        listed = self.chance(40)
        self._flag = self.pick((2, ""), (2, "self.stopped"), (1, "self.settings['stopped']"))
        with self.block("class Network(keras.Model):"):
            with self.block("def __init__(self):"):
                self.line("super().__init__()")
                if listed:
                    self.line(f"self.blocks = [{self.dense()}, {self.dense()}]")
                else:
                    self.line(f"self.hidden = {self.dense()}")
                self.line(f"self.out = {self.one(('keras.layers.Dense(2)', 'keras.layers.Dense(2)', self.dense(2)))}")
                start = self.one(("False", "True"))
                if self._flag == "self.stopped":
                    self.line(f"self.stopped = {start}")
                elif self._flag:
                    self.line(f"self.settings = {{'stopped': {start}}}")
            with self.block("def call(self, h):"):
                if listed:
                    with self.block("for block in self.blocks:"):
                        self.line("h = block(h)")
                else:
                    self.line("h = self.hidden(h)")
                if self._flag:
                    with self.block(f"if {self._flag}:"):
                        self.line(f"h = {self.stop('h', 75)}")
                self.line("return self.out(h)")
        self.line("model = Network()")
        if self.chance(70):
            self.line("model(x)")
        self._listed = listed
        self.parts += ["model.out", "model.layers[0]", "model.blocks[0]" if listed else "model.hidden"]
        self.listings += ["model.layers"]

    def events(self) -> Sequence[Event]:
        first = "model.blocks[0]" if self._listed else "model.hidden"
        flag = self._flag.replace("self", "model")
        return [
            (4 if flag else 0, lambda: self.line(f"{flag} = {self.one(('True', 'False', f'not {flag}'))}")),
            (1, lambda: self.line(f"{first} = {self.dense()}")),
            (1, lambda: self.line("model.out = keras.layers.Dense(2)")),
            (1 if self._listed else 0, lambda: self.line(f"model.blocks.append({self.dense()})")),
            (1 if self._listed else 0, lambda: self.line("model.blocks.pop()")),
            (2, lambda: self._built(f"{first}.kernel.assign(0.5 * {first}.kernel)")),
            (2, lambda: self._built("model.out.bias.assign([0.1, 0.2])")),
            (
                1,
                lambda: self.line(
                    f"{first}.activation = {self.one(('tf.round', 'tf.tanh', 'keras.activations.relu'))}"
                ),
            ),
            (1, lambda: self.line(f"model.extra = {self.dense()}")),
        ]

    def _built(self, text: str) -> None:
        self.line("model(x)")
        self.line(text)


FAMILY = Assignments
