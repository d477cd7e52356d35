"""Models that are saved and loaded, cloned, made again of their description, or of the same layers."""

from __future__ import annotations

from collections.abc import Sequence

from .writing import Event, Family


class Copies(Family):
    """A model, and one or two more that come of it; each may be trained and frozen."""

    def define(self) -> None:
        layers = [self.dense(), self.dense()]
        if self.chance(30):
            layers.insert(1, "keras.layers.BatchNormalization()")
        nested = self.chance(30)
        if nested:
            self.line(f"base = keras.Sequential([keras.Input((4,)), {', '.join(layers)}])")
            layers = ["base"]
            self.parts += ["base", "base.layers[0]"]
        if self.chance(50):
            self.line(f"model = keras.Sequential([keras.Input((4,)), {', '.join(layers)}, keras.layers.Dense(2)])")
        else:
            self.line("inputs = keras.Input((4,))")
            self.line("h = inputs")
            for layer in layers:
                self.line(f"h = {layer}(h)")
            self.line("model = keras.Model(inputs, keras.layers.Dense(2)(h))")
        self.parts += ["model.layers[0]", "model.layers[-1]"]
        self.listings += ["model.layers", "model.layers[:-1]"]
        if self.chance(40):
            self.flag()
        if self.way != "fit" or self.chance(50):
            self._copy()
            if self.chance(30):
                self._copy()

    def events(self) -> Sequence[Event]:
        return [(6 if self.way == "fit" and len(self.models) < 3 else 0, self._late)]

    def _late(self) -> None:
        name = self._copy()
        if self.chance(75):
            self.compile(name)

    def _copy(self) -> str:
        source = self.one(self.models)
        name = f"model{len(self.models) + 1}"
        made = self.pick(
            (4, f"keras.models.clone_model({source})"),
            (3, "loaded"),
            (2, f"type({source}).from_config({source}.get_config())"),
            (2, f"keras.Model({source}.inputs, {source}.outputs)"),
            (1, f"keras.Sequential({source}.layers)"),
            (1, f"keras.models.model_from_json({source}.to_json())"),
            (1, f"keras.Sequential([keras.Input((4,)), *{source}.layers[:-1], keras.layers.Dense(2)])"),
        )
        if made == "loaded":
            self.line("folder = tempfile.TemporaryDirectory()")
            self.line("path = os.path.join(folder.name, 'model.keras')")
            self.line(f"{source}.save(path)")
            made = f"keras.models.load_model(path{self.one(('', ', compile=False'))})"
        self.line(f"{name} = {made}")
        if self.chance(40):
            self.line(f"{name}.set_weights({source}.get_weights())")
        self.models.append(name)
        self.parts += [f"{name}.layers[0]", f"{name}.layers[-1]"]
        self.listings += [f"{name}.layers[:-1]"]
        return name


FAMILY = Copies
