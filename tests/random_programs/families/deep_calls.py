"""Chains of calls up to 30 deep: functions that call the next one, wrappers of wrappers, objects that delegate."""

from __future__ import annotations

from collections.abc import Sequence

from .writing import Family


class DeepCalls(Family):
    """A value handed through many calls, or a container that the last of them changes."""

    def setup(self) -> None:
        self._depth = self.pick((2, self.number(3, 9)), (3, self.number(18, 30)))
        self._changes = self.chance(40)
        self.pick((4, self._functions), (2, self._wrappers), (2, self._objects), (1, self._lambdas))()

    def _deepest(self, value: str) -> str:
        return self.pick((3, self.through(value)), (2, self.through(value, self.weight())), (1, value))

    def _functions(self) -> None:
        places = {self.number(0, self._depth - 1) for _ in range(self.number(0, 2))}
        extra = ", store" if self._changes else ""
        for level in range(self._depth):
            with self.block(f"def f{level}(value{extra}):"):
                if level == 0:
                    if self._changes:
                        changes = ("store.append(value)", "store[0] = value", "store.clear()\nstore.append(x)")
                        self.write(self.one(changes))
                    self.line(f"return {self._deepest('value')}")
                    continue
                call = f"f{level - 1}(value{extra})"
                self.line(f"return {self.through(call) if level in places else call}")
        self._call = f"f{self._depth - 1}({{}}{extra})"

    def _wrappers(self) -> None:
        self._changes = False
        with self.block("def wrap(inner):"):
            with self.block("def call(value):"):
                self.line(f"return {self.one(('inner(value)', 'inner(value) * 1.0', 'inner(value * 1.0)'))}")
            self.line("return call")
        ends = ("tf.sin", "tf.round", "tf.stop_gradient", "tf.identity", f"lambda t: t * {self.weight()}")
        self.line(f"chain = {self.one(ends)}")
        with self.block(f"for _ in range({self._depth}):"):
            self.line("chain = wrap(chain)")
        self._call = "chain({})"

    def _objects(self) -> None:
        self._changes = False
        with self.block("class Link:"):
            with self.block("def __init__(self, inner):"):
                self.line("self.inner = inner")
            with self.block("def __call__(self, value):"):
                self.line(f"return {self.one(('self.inner(value)', 'self.inner(value) * 1.0'))}")
        inner = self.one(
            ("tf.sin", "tf.round", "tf.identity", f"lambda t: t + {self.weight()}", f"lambda t: {self.weight()}")
        )
        if self.chance(50):
            self.line(f"chain = {'Link(' * self._depth}{inner}{')' * self._depth}")
        else:
            self.line(f"chain = {inner}")
            with self.block(f"for _ in range({self._depth}):"):
                self.line("chain = Link(chain)")
        self._call = "chain({})"

    def _lambdas(self) -> None:
        self._changes = False
        self.line(f"g0 = lambda t: {self._deepest('t')}")
        for level in range(1, self._depth):
            self.line(f"g{level} = lambda t: g{level - 1}({self.one(('t', 't', 't * 1.0'))})")
        self._call = f"g{self._depth - 1}({{}})"

    def before(self) -> None:
        if self._changes:
            self.line(f"store = [{self.origin()}]")

    def within(self) -> Sequence[str]:
        self.line(f"value = {self._call.format(self.through(*self.weights, 'x', lost=10))}")
        if self.chance(30):
            self.line(f"value = {self._call.format('value')}")
        return ["value", "store[-1]", "store[0]"] if self._changes else ["value"]


FAMILY = DeepCalls
