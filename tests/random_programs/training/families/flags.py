"""Several trainings of one small model whose flags change in between."""

from __future__ import annotations

from .writing import Family


class Flags(Family):
    """A model of three or four layers, of one of the makes."""

    ways = (8, 1, 2)

    def define(self) -> None:
        layers = [self.dense()]
        for _ in range(self.number(1, 2)):
            layers.append(
                self.pick((4, self.dense), (1, self.between), (1, lambda: "keras.layers.BatchNormalization()"))()
            )
        layers.append("keras.layers.Dense(2)")
        make = self.one(("sequential", "named", "functional"))
        if make == "functional":
            self.line("inputs = keras.Input((4,))")
            self.line("h = inputs")
            for layer in layers:
                self.line(f"h = {layer}(h)")
            self.line("model = keras.Model(inputs, h)")
        elif make == "named":
            names = [f"layer{place}" for place in range(len(layers))]
            for name, layer in zip(names, layers, strict=True):
                self.line(f"{name} = {layer}")
            self.line(f"model = keras.Sequential([{self._input()}{', '.join(names)}])")
            self.parts += names
        else:
            self.line(f"model = keras.Sequential([{self._input()}{', '.join(layers)}])")
        self.parts += ["model.layers[0]", "model.layers[-1]", "model.layers[1]"]
        if "Input" not in self.lines[-1] and make != "functional" and self.chance(60):
            self.line("model(x)")
        self.listings += ["model.layers", "model.layers[:-1]", "model.layers[1:]", "model.layers[-2:]"]

    def _input(self) -> str:
        return self.one(("keras.Input((4,)), ", ""))


FAMILY = Flags
