"""Counters and flags in dictionaries, attributes and closures, which decide what a turn does."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from .writing import Family

_KEYS = ("loss", "best", "last")


class Counters(Family):
    """State that counts turns; on some of them it takes a value."""

    def setup(self) -> None:
        self._kind = self.pick((5, "dict"), (2, "attribute"), (2, "nonlocal"), (1, "default"))
        self._slots = list(_KEYS[: self.number(1, 3)])
        self._far = self.chance(30)
        if self._kind == "attribute":
            with self.block("class State:"):
                if self.chance(50):
                    self.line("step = 0")
                with self.block("def __init__(self):"):
                    self.line("self.step = 0")
                    self.line(f"self.on = {self.one(('False', 'True'))}")
                    for slot in self._slots:
                        self.line(f"self.{slot} = {self.origin()}")
        if self._kind == "nonlocal":
            self._closure()
        if self._far:
            self._make()

    def before(self) -> None:
        if not self._far and self.chance(60):
            self._made = True
            self._make()
        else:
            self._made = self._far

    def within(self) -> Sequence[str]:
        if not self._made:
            self._make()
        with self._turns():
            self._turn()
        return [self._read(slot) for slot in self._slots]

    def _make(self) -> None:
        if self._kind == "attribute":
            self.line("state = State()")
        elif self._kind == "nonlocal":
            self.line("advance, peek = make_counter()")
        elif self._kind == "default":
            self.line("state = collections.defaultdict(int)")
            for slot in self._slots:
                self.line(f"state[{slot!r}] = {self.origin()}")
        else:
            slots = ", ".join(f"{slot!r}: {self.origin()}" for slot in self._slots)
            self.line(f"state = {{'step': 0, 'on': {self.one(('False', 'True'))}, {slots}}}")

    def _closure(self) -> None:
        with self.block("def make_counter():"):
            self.line("step = 0")
            for slot in self._slots:
                self.line(f"{slot} = {self.origin()}")
            with self.block("def advance(value):"):
                self.line(f"nonlocal step, {', '.join(self._slots)}")
                self.line("step += 1")
                with self.block(f"if {self._test('step')}:"):
                    self.line(f"{self.one(self._slots)} = {self.through('value', *self._slots)}")
                if self.chance(50):
                    with self.block(self.one(("else:", f"if {self._test('step')}:"))):
                        self.line(f"{self.one(self._slots)} = {self.through('value', *self._slots)}")
            with self.block("def peek():"):
                self.line(f"return {', '.join(self._slots)},")
            self.line("return advance, peek")

    def _read(self, slot: str) -> str:
        if self._kind == "nonlocal":
            return f"peek()[{self._slots.index(slot)}]"
        if self._kind == "attribute":
            return f"state.{slot}"
        return self.one((f"state[{slot!r}]", f"state.get({slot!r}, x)"))

    def _set(self, slot: str, value: str) -> str:
        if self._kind == "attribute":
            return self.one((f"state.{slot} = {value}", f"setattr(state, {slot!r}, {value})"))
        return self.one(
            (f"state[{slot!r}] = {value}", f"state.update({slot}={value})", f"state |= {{{slot!r}: {value}}}")
        )

    def _count(self) -> str:
        return "state.step" if self._kind == "attribute" else "state['step']"

    def _turns(self) -> AbstractContextManager[None]:
        turns = self.number(1, 11)
        if self._kind != "nonlocal" and self.chance(35):
            return self.block(f"while {self._count()} < {turns}:")
        return self.block(f"for _ in range({self.pick((6, str(turns)), (1, 'len(sys.argv)'))}):")

    def _turn(self) -> None:
        if self._kind == "nonlocal":
            self.line(f"advance({self.origin()})")
            return
        late = self.chance(30)
        if not late:
            self.line(f"{self._count()} += 1")
        slots = [self._read(slot) for slot in self._slots]
        for _ in range(self.number(1, 2)):
            with self.block(f"if {self._test(self._count())}:"):
                self.line(self._set(self.one(self._slots), self.through(*slots, self.weight())))
            if self.chance(35):
                with self.block("else:"):
                    self.line(self._set(self.one(self._slots), self.through(*slots)))
        if self.chance(30):
            flag = "state.on" if self._kind == "attribute" else "state['on']"
            self.line(f"{flag} = not {flag}")
            with self.block(f"if {flag}:"):
                self.line(self._set(self.one(self._slots), self.through(*slots, self.weight())))
        if late:
            self.line(f"{self._count()} += 1")

    def _test(self, count: str) -> str:
        every = self.number(2, 5)
        number = self.number(0, 6)
        return self.guard(
            f"{count} % {every} == {self.number(0, every - 1)}",
            f"{count} == {number}",
            f"{count} > {number}",
            f"{count} in ({number}, {number + 2})",
            f"{count} // {every} == 1",
            unsure=10,
        )


FAMILY = Counters
