"""Layers shared by models, used twice in one, or kept out of a model that reads what is inside another."""

from __future__ import annotations

from .writing import Family


class Sharing(Family):
    """Two models over some of the same layers, of which one or both are trained."""

    def define(self) -> None:
        self.line(f"shared = {self.dense()}")
        self.line(f"own = {self.dense()}")
        self.line("inputs = keras.Input((4,))")
        self.line(f"h = {self.one(('shared(inputs)', 'shared(own(inputs))', 'own(shared(inputs))'))}")
        if self.chance(40):
            self.line(f"h = {self.one(('shared(h)', 'keras.layers.Add()([h, shared(h)])', self.between() + '(h)'))}")
        self.line("features = h")
        self.line("model = keras.Model(inputs, keras.layers.Dense(2)(h))")
        self.parts += ["shared", "own", "model.layers[-1]", "model.layers[1]"]
        self.listings += ["model.layers", "model.layers[:-1]"]
        self.models.append("model2")
        kind = self.pick((3, "extractor"), (3, "sequential"), (2, "class"), (2, "tail"))
        if kind == "extractor":
            self.line(f"extractor = keras.Model(inputs, {self.one(('features', 'model.layers[1].output'))})")
            self.line(f"model2 = keras.Sequential([{self.one(('keras.Input((4,)), ', ''))}extractor, {self._last()}])")
            self.parts += ["extractor", "extractor.layers[-1]"]
        elif kind == "sequential":
            self.line(f"model2 = keras.Sequential([keras.Input((4,)), shared, {self._last()}])")
        elif kind == "tail":
            self.line(f"model2 = keras.Model(inputs, {self._last()}(model.layers[-2].output))")
        else:
            with self.block("class Second(keras.Model):"):
                with self.block("def __init__(self):"):
                    self.line("super().__init__()")
                    self.line(f"self.first = {self.one(('shared', 'own'))}")
                    self.line(f"self.last = {self._last()}")
                with self.block("def call(self, h):"):
                    self.line(f"h = {self.stop('self.first(h)', 30)}")
                    self.line("return self.last(h)")
            self.line("model2 = Second()")
            self.line("model2(x)")
        self.parts += ["model2.layers[-1]", "model2.layers[0]"]

    def _last(self) -> str:
        return "keras.layers.Dense(2)"


FAMILY = Sharing
