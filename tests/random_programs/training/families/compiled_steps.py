"""Compiled steps called again after what their first trace has read was changed."""

from __future__ import annotations

from collections.abc import Sequence

from .writing import Event, Family


class CompiledSteps(Family):
    """A step reads flags of layers, of objects, of the module and of its arguments, and lists that grow."""

    ways = (0, 1, 4)

    def define(self) -> None:
        self.line(f"body = keras.Sequential([keras.Input((4,)), {self.dense()}, {self.dense()}])")
        self.line("head = keras.layers.Dense(2)")
        self.line("head.build((None, 4))")
        self.line("model = keras.Sequential([keras.Input((4,)), body, head])")
        self.parts += ["body", "head", "body.layers[0]", "body.layers[-1]"]
        self.listings += ["body.layers", "model.layers"]
        self._kind = self.pick(
            (3, "global"), (3, "attribute"), (2, "dictionary"), (3, "argument"), (2, "list"), (2, "")
        )
        start = self.one(("False", "True"))
        if self._kind == "global":
            self.line(f"stopped = {start}")
        elif self._kind == "attribute":
            with self.block("class Settings:"):
                self.line(f"stopped = {start}")
            self.line("settings = Settings()")
        elif self._kind == "dictionary":
            self.line(f"settings = {{'stopped': {start}}}")
        elif self._kind == "list":
            self.line(f"watched = [{self.one(('body', 'head', 'body, head'))}]")
        self._flag = {
            "global": "stopped",
            "attribute": "settings.stopped",
            "dictionary": "settings['stopped']",
            "argument": "stopped",
        }.get(self._kind, "")

    def prepare(self, name: str) -> None:
        optimizer = "" if self.chance(60) else "optimizer"
        if optimizer:
            self.line(f"optimizer = keras.optimizers.{self.one(('SGD(0.1)', 'Adam(0.01)'))}")
        self._retraced = self.chance(20)
        if self.way == "graph":
            options = "(reduce_retracing=True)" if self.chance(10) else "(jit_compile=True)" if self.chance(5) else ""
            self.line(f"@tf.function{options}")
        params = ["x", "y"] if self.chance(50) else []
        params += ["stopped"] if self._kind == "argument" else []
        with self.block(f"def step_{name}({', '.join(params)}):"):
            self.step(name, optimizer)

    def step(self, name: str, optimizer: str) -> None:
        with self.block("with tf.GradientTape() as tape:"):
            self.line("h = body(x)")
            if self._flag:
                with self.block(f"if {self.one(('', 'not '))}{self._flag}:"):
                    self.line(f"h = {self.stop('h', 70)}")
            self.line("h = head(h)")
            self.line("loss = tf.reduce_mean(tf.square(y - h))")
        sources = self.sources(name)
        if self._kind == "list":
            sources = "[v for part in watched for v in part.trainable_variables]"
        elif self._flag and self.chance(30):
            sources = f"(head if {self._flag} else model).trainable_variables"
        self.line(f"grads = tape.gradient(loss, {sources})")
        self.update(sources, optimizer)

    def events(self) -> Sequence[Event]:
        return [(10 if self._kind else 0, self._change)]

    def _change(self) -> None:
        if self._kind == "list":
            self.line(self.one(("watched.append(body)", "watched = [head]", "watched.pop()", "watched[0] = head")))
        elif self._kind == "attribute" and self.chance(30):
            self.line(f"Settings.stopped = {self.one(('True', 'False'))}")
        elif self._kind != "argument":
            self.line(f"{self._flag} = {self.one(('True', 'False', f'not {self._flag}'))}")

    def train(self) -> None:
        head = next(line for line in self.lines if line.startswith("def step_model("))
        given = [self.pick((5, "x, y"), (1, "x[:2], y[:2]"))] if "(x" in head else []
        given += [self.one(("True", "False"))] if self._kind == "argument" else []
        self.line(f"step_model({', '.join(given)})")


FAMILY = CompiledSteps
