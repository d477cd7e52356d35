"""Functions that call themselves: on a number, on the rest of a list, in turn with another, as methods and lambdas."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .writing import Family

#: The text of a call for the text of a value.
Call = Callable[[str], str]


class Recursion(Family):
    """One recursive function, called with depths from none to more than anything follows."""

    def setup(self) -> None:
        self._changes = self.chance(30)
        if self._changes:
            self.line(f"seen = [{self.origin()}]")
        self._call = self.pick(
            (4, self._linear), (2, self._mutual), (2, self._list), (2, self._tree), (1, self._method), (1, self._lambda)
        )()

    def before(self) -> None:
        self._start = "x"
        if self.chance(40):
            self._start = self.fresh("start")
            self.line(f"{self._start} = {self.origin()}")

    def within(self) -> Sequence[str]:
        found = []
        for _ in range(self.number(1, 2)):
            name = self.fresh("value")
            self.line(f"{name} = {self._call(self.through(self._start, *self.weights, lost=10))}")
            found.append(name)
        return [*found, "seen[-1]"] if self._changes else found

    def _depth(self) -> int:
        return self.pick((6, self.number(0, 5)), (2, self.number(6, 12)), (1, 30))

    def _record(self, value: str) -> None:
        if self._changes and self.chance(50):
            self.line(self.one((f"seen.append({value})", f"seen[0] = {value}", f"seen.append({self.through(value)})")))

    def _base(self, test: str, value: str) -> None:
        with self.block(f"if {test}:"):
            self._record(value)
            self.line(f"return {self.pick((4, value), (2, self.through(value)), (1, self.origin()))}")

    def _linear(self) -> Call:
        lagged = self.chance(40)
        with self.block(f"def descend(value, level{', before=x' if lagged else ''}):"):
            self._base(
                "level == 0" if self.chance(70) else "level <= 0", self.one(("value", "before")) if lagged else "value"
            )
            if self.chance(30):
                self.line(f"value = {self.through('value')}")
            inner = self.through("value", lost=12)
            deeper = f"descend({inner}, level - 1{', value' if lagged else ''})"
            if self.chance(30):
                with self.block(f"if {self.guard('level % 2', 'level == 2', 'level > 3')}:"):
                    self.line(f"return {self.through(deeper) if self.chance(50) else deeper}")
            how = self.one(("tail", "name", "step"))
            if how == "name":
                self.line(f"found = {deeper}")
                self._record("found")
                self.line(f"return {self.through('found', 'value')}")
            else:
                self.line(f"return {deeper if how == 'tail' else self.through(deeper)}")
        return lambda value: f"descend({value}, {self._depth()})"

    def _mutual(self) -> Call:
        for name, other in (("even", "odd"), ("odd", "even")):
            with self.block(f"def {name}(value, level):"):
                self._base("level == 0", "value")
                self.line(f"return {other}({self.through('value')}, level - {self.one(('1', '1', 'min(2, level)'))})")
        return lambda value: f"{self.one(('even', 'odd'))}({value}, {self._depth()})"

    def _list(self) -> Call:
        head, rest = self.one((("items[0]", "items[1:]"), ("items[-1]", "items[:-1]")))
        with self.block("def fold(items, value):"):
            self._base("not items", "value")
            if self.chance(50):
                self.line(f"return fold({rest}, {self.through(head, 'value')})")
            else:
                self.line(f"found = fold({rest}, value)")
                self._record("found")
                self.line(f"return {self.through('found', head)}")

        def call(value: str) -> str:
            items = ", ".join(self.origin() for _ in range(self.number(0, 5)))
            return f"fold([{items}], {value})"

        return call

    def _tree(self) -> Call:
        with self.block("def branch(value, level):"):
            self._base("level == 0", "value")
            self.line(f"left = branch({self.through('value')}, level - 1)")
            self.line(f"right = branch({self.through('value')}, level - 1)")
            self.line(f"return {self.through('left', 'right', 'left + right')}")
        return lambda value: f"branch({value}, {self.number(0, 4)})"

    def _method(self) -> Call:
        with self.block("class Node:"):
            with self.block("def __init__(self, weight, child=None):"):
                self.line("self.weight = weight")
                self.line("self.child = child")
            with self.block("def run(self, value):"):
                self.line(f"value = {self.through('value', 'self.weight')}")
                with self.block("if self.child is None:"):
                    self._record("value")
                    self.line("return value")
                self.line(
                    f"return {self.pick((2, 'self.child.run(value)'), (1, self.through('self.child.run(value)')))}"
                )
        text = f"Node({self.origin()})"
        for _ in range(self.number(0, 4)):
            text = f"Node({self.origin()}, {text})"
        self.line(f"root = {text}")
        return lambda value: f"root.run({value})"

    def _lambda(self) -> Call:
        bottom, step = self.through("t"), self.through("t")
        if self.chance(50):
            self.line(f"again = lambda f, t, n: {bottom} if n == 0 else f(f, {step}, n - 1)")
            return lambda value: f"again(again, {value}, {self._depth()})"
        self.line(f"again = lambda t, n: {bottom} if n == 0 else again({step}, n - 1)")
        return lambda value: f"again({value}, {self._depth()})"


FAMILY = Recursion
