"""Generators with state: run to their end, left early, asked one by one, sent to, delegated to, never asked."""

from __future__ import annotations

from collections.abc import Sequence

from .writing import Family


class Generators(Family):
    """One generator or two, and one of the ways to consume them."""

    def setup(self) -> None:
        self._log = self.chance(30)
        self._names = ["walk"]
        if self._log:
            self.line("log = [x]")
        self._generator("walk")
        if self.chance(35):
            with self.block("def outer(start, turns):"):
                if self.chance(50):
                    self.line(f"yield {self.through('start')}")
                self.line(f"yield from walk({self.through('start', lost=10)}, turns)")
                if self.chance(50):
                    self.line(f"yield {self.through('start', self.weight())}")
            self._names.append("outer")

    def _generator(self, name: str) -> None:
        with self.block(f"def {name}(start, turns):"):
            self.line("value = start")
            late = self.chance(30)
            if late:
                self.line(f"before = {self.origin()}")
            counted = self.chance(50)
            if counted:
                self.line("k = 0")
            with self.block("while k < turns:" if counted else "for k in range(turns):"):
                if counted:
                    self.line("k += 1")
                if self._log:
                    self.line(f"log.append({self.through('value')})")
                if self.chance(30):
                    with self.block(f"if {self.guard('k % 2', 'k == 1', 'k > 1')}:"):
                        self.line(
                            self.one(("continue", "return", f"value = {self.through('value')}")) if late else "pass"
                        )
                self.line(self.one(("yield value", "yield before" if late else "yield value", "got = yield value")))
                if late:
                    self.line("before = value")
                self.line(f"value = {self.through('value', lost=12)}")
            if self.chance(15):
                self.line(f"return {self.through('value')}")

    def before(self) -> None:
        self._made = ""
        if self.chance(25):
            self._made = self.fresh("made")
            self.line(f"{self._made} = {self._call()}")

    def within(self) -> Sequence[str]:
        source = self._made or self._call()
        self.line(f"value = {self.origin()}")
        self.pick(
            (4, self._for), (3, self._next), (2, self._all), (2, self._zip), (1, self._expression), (1, self._send)
        )(source)
        return ["value", "log[-1]"] if self._log else ["value"]

    def _call(self) -> str:
        return f"{self.one(self._names)}({self.through(*self.weights, 'x', lost=10)}, {self.number(1, 6)})"

    def _for(self, source: str) -> None:
        place = self.chance(50)
        with self.block(f"for k, each in enumerate({source}):" if place else f"for each in {source}:"):
            stop = f"if {self.guard(f'k == {self.number(0, 3)}', f'k >= {self.number(0, 3)}')}:" if place else ""
            if stop and self.chance(50):
                with self.block(stop):
                    self.line(self.one(("break", "continue")))
                stop = ""
            self.line(f"value = {self.one(('each', self.through('value', 'each')))}")
            if stop:
                with self.block(stop):
                    self.line("break")

    def _next(self, source: str) -> None:
        self.line(f"stream = {source}")
        for _ in range(self.number(1, 3)):
            self.line(
                f"value = {self.one(('next(stream, value)', 'next(stream, x) + value', 'next(stream, tf.zeros(3))'))}"
            )
        if self.chance(40):
            with self.block("for each in stream:"):
                self.line(f"value = {self.through('value', 'each')}")

    def _all(self, source: str) -> None:
        self.line(f"every = {self.one(('list', 'tuple', 'collections.deque'))}({source})")
        self.line(f"value = every[{self.one(('-1', '0', 'len(every) // 2'))}] if every else value")

    def _zip(self, source: str) -> None:
        other = self.one((f"range({self.number(1, 4)})", "itertools.count()", f"[{self.origin()}, {self.origin()}]"))
        swapped = self.chance(50)
        head = (
            f"for other, each in zip({other}, {source}):" if swapped else f"for each, other in zip({source}, {other}):"
        )
        with self.block(head):
            self.line(f"value = {self.through('value', 'each')}")
        if self._made and self.chance(60):
            self.line(f"value = next({source}, value)")

    def _expression(self, source: str) -> None:
        """A generator expression: its body runs when it is asked, and sees names as they are then."""
        self.line(f"scale = {self.origin()}")
        self.line(f"lazy = (each * scale for each in {source})")
        if self.chance(60):
            self.line(f"scale = {self.through('scale', *self.weights)}")
        ask = self.one(
            ("sum(lazy, x)", "next(lazy, x)", "sum(itertools.islice(lazy, 2), x)", "max([x], key=lambda t: 0)")
        )
        self.line(f"value = {ask if ask[:3] != 'max' else 'x'}")

    def _send(self, source: str) -> None:
        with self.block("def gather():"):
            self.line("total = tf.zeros(3)")
            with self.block("while True:"):
                self.line(f"total = {self.one(('total + (yield total)', '(yield total)', '(yield total) * 0.5'))}")
        self.line("sink = gather()")
        self.line("next(sink)")
        with self.block(f"for each in {source}:"):
            self.line("value = sink.send(each)")


FAMILY = Generators
