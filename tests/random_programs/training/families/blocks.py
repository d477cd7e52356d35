"""Subclassed models with a list of some or of eight and more layers, of which slices and single ones are frozen."""

from __future__ import annotations

from .writing import Family


class Blocks(Family):
    """The list is made in one of the usual ways, and walked in one of the usual ways."""

    def define(self) -> None:
        self._count = self.pick((2, self.number(3, 5)), (3, self.number(8, 12)))
        with self.block("class Stack(keras.Model):"):
            with self.block("def __init__(self):"):
                self.line("super().__init__()")
                self._layers()
                self._normed = self.chance(20)
                if self._normed:
                    self.line(
                        f"self.norms = [keras.layers.LayerNormalization(epsilon=0.1) for _ in range({self._count})]"
                    )
                self.line("self.out = keras.layers.Dense(2)")
            with self.block("def call(self, h):"):
                self._walk()
                self.line("return self.out(h)")
        self.line("model = Stack()")
        if self.chance(60):
            self.line("model(x)")
        last = self._count - 1
        self.parts += [f"model.blocks[{place}]" for place in (0, -1, self.number(1, last))]
        self.parts += ["model.out", f"model.layers[{self.number(0, last)}]", "model.layers[-1]"]
        cut = self.number(1, last)
        self.listings += ["model.blocks", f"model.blocks[:{cut}]", f"model.blocks[{cut}:]", "model.blocks[::2]"]
        self.listings += [f"model.layers[:{cut}]", f"model.layers[-{cut}:]", "reversed(model.blocks[1:])"]

    def _layers(self) -> None:
        make = self.one(("comprehension", "append", "written", "mixed", "dictionary"))
        dense = "keras.layers.Dense(4, activation='tanh')"
        self._keyed = make == "dictionary"
        if make == "comprehension":
            self.line(f"self.blocks = [{dense} for _ in range({self._count})]")
        elif make == "append":
            self.line("self.blocks = []")
            with self.block(f"for place in range({self._count}):"):
                self.line(f"self.blocks.append({dense})")
        elif make == "written":
            self.line(f"self.blocks = [{', '.join([dense] * self._count)}]")
        elif make == "mixed":
            flag = f"trainable=place {self.one(('>', '<'))} {self.number(0, self._count)}"
            self.line(
                f"self.blocks = [keras.layers.Dense(4, activation='tanh', {flag}) for place in range({self._count})]"
            )
        else:
            self.line(f"self.named = {{str(place): {dense} for place in range({self._count})}}")
            self.line("self.blocks = list(self.named.values())")

    def _walk(self) -> None:
        place = self.number(0, self._count - 1)
        stop = self.stop("h", 50)
        walk = self.pick(
            (4, "plain"), (3, "counted"), (2, "part"), (2, "zip" if self._normed else "index"), (1, "skip")
        )
        if walk == "plain":
            head = self.one(("self.blocks", "reversed(self.blocks)", "self.layers[:-1]", "self.blocks"))
            with self.block(f"for block in {'self.blocks' if self._normed else head}:"):
                self.line("h = block(h)")
        elif walk == "counted":
            with self.block("for place, block in enumerate(self.blocks):"):
                self.line("h = block(h)")
                with self.block(f"if place {self.one(('==', '==', '>'))} {place}:"):
                    self.line(f"h = {stop}")
        elif walk == "part":
            with self.block(
                f"for block in self.blocks[{self.one((f':{max(place, 1)}', f'{place}:', '::2', '1::3'))}]:"
            ):
                self.line("h = block(h)")
        elif walk == "zip":
            with self.block("for block, norm in zip(self.blocks, self.norms):"):
                self.line("h = norm(block(h))")
        elif walk == "index":
            with self.block("for place in range(len(self.blocks)):"):
                self.line(f"h = {self.one(('h + ', ''))}self.blocks[place](h)")
        else:
            self.line("kept = []")
            with self.block("for block in self.blocks:"):
                self.line("h = block(h)")
                self.line("kept.append(h)")
            self.line(self.one((f"h = kept[{place}] + kept[-1]", f"h = kept[{place}]", "h = sum(kept)")))


FAMILY = Blocks
