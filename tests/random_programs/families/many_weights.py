"""Eight weights and more in lists, tuples and dictionaries, of which loops take some."""

from __future__ import annotations

from collections.abc import Sequence

from .writing import _VALUES, Family


class ManyWeights(Family):
    """A collection of weights, a chain of steps through some of them, and requests for all or some."""

    def setup(self) -> None:
        size = self.number(8, 14)
        self._size = size
        self._kind = self.pick((4, "list"), (2, "dict"), (2, "written"), (1, "tuple"))
        vector = self.one(_VALUES)
        if self._kind == "list":
            self.line(f"weights = [tf.Variable({vector}) for _ in range({size})]")
        elif self._kind == "tuple":
            self.line(f"weights = tuple(tf.Variable({vector}) for _ in range({size}))")
        elif self._kind == "dict":
            key = self.one(("f'w{k}'", "k", "('layer', k)"))
            self.line(f"table = {{{key}: tf.Variable({vector}) for k in range({size})}}")
            self.line("weights = list(table.values())")
        else:
            for number in range(size):
                self.line(f"v{number} = tf.Variable({vector})")
            self.line(f"weights = [{', '.join(f'v{number}' for number in range(size))}]")

    def count(self) -> tuple[int, int]:
        return 1, 1

    def weight(self) -> str:
        if not hasattr(self, "_size"):
            return self.weights[0]
        if self._kind == "written" and self.chance(50):
            return f"v{self.number(0, self._size - 1)}"
        return self.one((f"weights[{self.number(0, self._size - 1)}]", "weights[-1]", self.weights[0]))

    def within(self) -> Sequence[str]:
        self.line(f"h = {self.one(('x', self.weights[0], 'tf.zeros(3)'))}")
        for _ in range(self.number(1, 2)):
            self.pick((4, self._for), (2, self._enumerate), (1, self._zip), (1, self._sum), (1, self._while))()
        return ["h"]

    def _some(self) -> str:
        low = self.number(0, 3)
        return self.one(
            (
                "weights",
                f"weights[{low}:]",
                f"weights[:-{low + 1}]",
                "weights[::2]",
                "reversed(weights)",
                "weights[::-1]",
            )
        )

    def _join(self, weight: str) -> str:
        step = self.one(("h * {}", "h + {}", "h + tf.sin({})", "tf.tanh(h * {})", "h - {} * 0.5"))
        if self.chance(15):
            step = self.one(("h + tf.round({})", "h + tf.stop_gradient({})", "tf.stop_gradient(h) + {}", "{} * 1.0"))
        return step.format(weight)

    def _for(self) -> None:
        with self.block(f"for weight in {self._some()}:"):
            if self.chance(25):
                with self.block(f"if {self.guard(f'weight is weights[{self.number(0, self._size - 1)}]')}:"):
                    self.line(self.one(("continue", "break", f"h = {self._join('weight')}")))
            self.line(f"h = {self._join('weight')}")

    def _enumerate(self) -> None:
        number = self.number(0, self._size)
        with self.block("for k, weight in enumerate(weights):"):
            test = self.guard(
                f"k % {self.number(2, 3)} == 0", f"k < {number}", f"k == {number}", f"k not in (1, {number})"
            )
            with self.block(f"if {test}:"):
                self.line(self.one((f"h = {self._join('weight')}", "continue")))
            with self.block("else:") if self.chance(50) else self.block("if k > 3:"):
                self.line(f"h = {self._join('weight')}")

    def _zip(self) -> None:
        self.line(f"shifts = [{', '.join(self.origin() for _ in range(self.number(1, 4)))}]")
        with self.block(f"for weight, shift in zip({self._some()}, shifts):"):
            self.line(f"h = {self._join(self.one(('weight', 'shift', 'weight * shift')))}")

    def _sum(self) -> None:
        test = self.one(("", " if weight is not weights[0]", f" if k != {self.number(0, self._size)}", " if k % 2"))
        self.line(f"h = h + tf.add_n([weight * 0.5 for k, weight in enumerate(weights){test}])")

    def _while(self) -> None:
        self.line("rest = list(weights)")
        with self.block(f"while {self.one(('rest', 'len(rest) > 2', f'len(rest) > {self.number(1, 6)}'))}:"):
            self.line(f"h = {self._join(self.one(('rest.pop()', 'rest.pop(0)')))}")

    def all_sources(self) -> str:
        options = ["weights", "weights", "weights[::2]", f"weights[{self.number(0, 4)}:]", "[*weights, x]"]
        if self._kind == "dict":
            options += ["table", "list(table.values())"]
        return self.one(options)


FAMILY = ManyWeights
