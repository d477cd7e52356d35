"""Models inside models inside models, frozen and thawed on every level."""

from __future__ import annotations

from .writing import Family


class Nesting(Family):
    """An inner model within a middle one within an outer one, each of any make."""

    def define(self) -> None:
        inner = [self.dense(), *([self.between()] if self.chance(20) else []), self.dense()]
        self._model("base", ["keras.Input((4,))", *inner])
        self._deeper("base")
        if self.chance(60):
            self._model("middle", ["base", self.dense()])
            self._deeper("middle")
        inside = "middle" if "middle" in self.parts else "base"
        between = [self.between()] if self.chance(20) else []
        self._model("model", [inside, *between, "keras.layers.Dense(2)"])
        self.parts += ["model.layers[-1]"]
        self.listings += ["model.layers", "model.layers[:-1]"]
        if self.chance(25):
            self._model("model2", [self.one(("base", inside)), "keras.layers.Dense(2)"])
            self.models.append("model2")
        for name in self.models:
            if self.chance(50):
                self.line(f"{name}(x)")

    def _deeper(self, name: str) -> None:
        self.parts += [name, f"{name}.layers[-1]", f"{name}.layers[0]"]
        self.listings += [f"{name}.layers", f"{name}.layers[-1:]"]

    def _model(self, name: str, layers: list[str]) -> None:
        if self.chance(15):
            self.flag_of(layers)
        make = self.pick((4, "sequential"), (3, "functional"), (2, "class"), (1, "add"))
        if make == "functional":
            width = [layer for layer in layers if "Input" not in layer]
            self.line(f"inputs_{name} = keras.Input((4,))")
            self.line(f"h = inputs_{name}")
            for layer in width:
                self.line(f"h = {layer}(h{self.one(('', '', ', training=False')) if layer.isidentifier() else ''})")
            self.line(f"{name} = keras.Model(inputs_{name}, h)")
        elif make == "class":
            self._class(name, [layer for layer in layers if "Input" not in layer])
        elif make == "add":
            self.line(f"{name} = keras.Sequential()")
            for layer in layers:
                self.line(f"{name}.add({layer})")
        else:
            head = "keras.Input((4,)), " if "Input" not in layers[0] and self.chance(40) else ""
            self.line(f"{name} = keras.Sequential([{head}{', '.join(layers)}])")

    def flag_of(self, layers: list[str]) -> None:
        """Freeze an inner model before it is used."""
        if layers[0].isidentifier():
            self.line(f"{layers[0]}.trainable = False")

    def _class(self, name: str, layers: list[str]) -> None:
        with self.block(f"class {name.title()}(keras.Model):"):
            with self.block("def __init__(self):"):
                self.line("super().__init__()")
                for place, layer in enumerate(layers):
                    self.line(f"self.part{place} = {layer}")
            with self.block("def call(self, h):"):
                for place in range(len(layers)):
                    self.line(f"h = self.part{place}(h)")
                self.line("return h")
        self.line(f"{name} = {name.title()}()")
        if name != "model" or self.chance(50):
            self.line(f"{name}(x)")


FAMILY = Nesting
