"""Loops of one to twelve turns that carry values over one to four names, each some turns behind another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .writing import Family


class Lags(Family):
    """A value moves by one name a turn; what arrives at the last one depends on the number of turns."""

    def setup(self) -> None:
        self._names = ["a", "b", "c", "d"][: self.pick((2, 1), (4, 2), (4, 3), (3, 4))]
        self._turns = self.number(1, 12)

    def before(self) -> None:
        self._early = self.chance(30)
        if self._early:
            self._start()

    def within(self) -> Sequence[str]:
        if not self._early:
            self._start()
        self._loop(self._turn)
        return self._names

    def taped(self) -> None:
        """As it is, or with the tape within the loop: what a turn gets, an earlier one computed off its tape."""
        if self.chance(70):
            super().taped()
            return
        self._start()

        def turn(counter: str) -> None:
            order = self.chance(50)
            if order:
                self._shift(counter)
            with self.tape() as tape:
                self._turn(counter)
                target = self.loss(self._names)
            self.requests(tape, [target, *self._names])
            if not order and self.chance(50):
                self._shift(counter)

        self._turns = min(self._turns, 6)
        self._loop(turn)

    def _start(self) -> None:
        if self.chance(30):
            self.line(f"{', '.join(self._names)} = {', '.join(self.origin() for _ in self._names)}")
            return
        for name in self._names:
            self.line(f"{name} = {self.origin()}")

    def _loop(self, turn: Callable[[str], None]) -> None:
        """Some turns of a loop of any kind."""
        count = self._turns
        counter = self.fresh("i")
        kind = self.pick(
            (5, "for"), (3, "while"), (1, "down"), (1, "nested"), (1, "each"), (1, "endless"), (1, "unsure")
        )
        if kind in ("while", "down", "endless"):
            self.line(f"{counter} = {count if kind == 'down' else 0}")
            written = {"while": f"while {counter} < {count}:", "down": f"while {counter}:", "endless": "while True:"}
            with self.block(written[kind]):
                self.line(f"{counter} {'-' if kind == 'down' else '+'}= 1")
                turn(counter)
                if kind == "endless":
                    with self.block(f"if {counter} >= {count}:"):
                        self.line("break")
            return
        if kind == "nested":
            outer = self.number(1, 3)
            with (
                self.block(f"for {self.fresh('k')} in range({outer}):"),
                self.block(f"for {counter} in range({count}):"),
            ):
                turn(counter)
            return
        numbers = f"({', '.join(map(str, range(count)))},)"
        head = {"for": f"range({count})", "each": numbers, "unsure": "range(len(sys.argv))"}[kind]
        with self.block(f"for {counter} in {head}:"):
            turn(counter)
            if self.chance(10):
                with self.block(f"if {counter} == {self.number(0, count)}:"):
                    self.line("break")

    def _turn(self, counter: str) -> None:
        """What a turn does: a shift of all names at once or one after the other, on some turns another one."""
        if self.chance(25):
            with self.block(f"if {self._when(counter)}:"):
                self._shift(counter)
            if self.chance(50):
                with self.block("else:"):
                    self._shift(counter)
            return
        self._shift(counter)
        if self.chance(20):
            with self.block(f"if {self._when(counter)}:"):
                name = self.one(self._names)
                self.line(f"{name} = {self.through(*self._names)}")

    def _when(self, counter: str) -> str:
        number = self.number(0, self._turns)
        return self.guard(
            f"{counter} % {self.number(2, 4)} == {self.number(0, 1)}", f"{counter} == {number}", f"{counter} > {number}"
        )

    def _shift(self, counter: str) -> None:
        names = self._names
        behind = self.pick((5, names[:-1]), (1, names[1:]), (1, [self.one(names) for _ in names[1:]]))
        fresh = self.through(*(names if self.chance(40) else names[:1]))
        if self.chance(55) or len(names) == 1:
            values = [fresh, *behind]
            pairs = list(zip(names, values, strict=True))
            if self.chance(60):
                pairs.reverse()
            self.line(f"{', '.join(name for name, _ in pairs)} = {', '.join(value for _, value in pairs)}")
            return
        for name, value in reversed(list(zip(names[1:], behind, strict=True))):
            self.line(f"{name} = {value if self.chance(70) else self.through(value, lost=10)}")
        self.line(f"{names[0]} = {fresh}")


FAMILY = Lags
