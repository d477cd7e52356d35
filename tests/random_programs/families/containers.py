"""Lists and deques that grow and shrink: changed in place, sliced, copied, shared, and asked for their length."""

from __future__ import annotations

from collections.abc import Sequence

from .writing import Family


class Containers(Family):
    """Some changes of one or two containers, and elements of them at the end."""

    def setup(self) -> None:
        self._deque = self.chance(30)
        self._bound = self.one(("", ", maxlen=2", ", maxlen=3", "")) if self._deque else ""
        self._function = ""
        if self.chance(40):
            self._function = "change"
            with self.block("def change(items, value):"):
                for _ in range(self.number(1, 2)):
                    self._change("items", "value")
                if self.chance(40):
                    self.line("return items")

    def before(self) -> None:
        self._names = ["parts"]
        self._early = self.chance(40)
        if self._early:
            self._make()
            self._some(1)

    def within(self) -> Sequence[str]:
        if not self._early:
            self._make()
        for _ in range(self.number(1, 4)):
            self.pick((5, self._some), (2, self._if), (2, self._loop), (1, self._share))(2)
        name = self.one(self._names)
        self.line(f"{self.fresh('found')} = {self._element(name)}")
        return [
            "found",
            self.one((self._element(name), f"tf.add_n([x, *{name}])", f"sum({name}, x)", self._selected(name))),
        ]

    def _make(self) -> None:
        values = ", ".join(self.origin() for _ in range(self.number(0, 3)))
        self.line(f"parts = collections.deque([{values}]{self._bound})" if self._deque else f"parts = [{values}]")

    def _element(self, name: str) -> str:
        place = self.one(("-1", "0", "-1", "len({}) // 2", "-len({})")).format(name)
        return f"{name}[{place}] if {name} else x"

    def _selected(self, name: str) -> str:
        if self._deque:
            return f"sum([each for place, each in enumerate({name}) if place % 2 == {self.number(0, 1)}], x)"
        low, step = self.number(-2, 2), self.one(("", "::2", "::-1", ":2"))
        return f"sum({name}[{low}:{step[1:] if step else ''}], x)"

    def _some(self, depth: int) -> None:
        for _ in range(self.number(1, 2)):
            self._change(self.one(self._names), self.through(*self.weights, "x"))

    def _change(self, name: str, value: str) -> None:
        """One change in place. A value goes in at any end, or one comes out."""
        guard = self.one(("if {0}:", "if len({0}) > 1:", "if len({0}) > 2:", "while len({0}) > 2:")).format(name)
        options = [
            (6, f"{name}.append({value})"),
            (2, f"{name}.extend([{value}, {self.origin()}])"),
            (2, f"{name} += [{value}]" if name != "items" or not self._deque else f"{name}.append({value})"),
            (1, f"{name}.insert(0, {value})" if not self._bound else f"{name}.append({value})"),
            (1, f"{name}.reverse()"),
            (1, f"{name}.clear()"),
            (3, f"{guard}\n{name}.pop()"),
            (1, f"if {name}:\n{name}[{self.one(('0', '-1'))}] = {value}"),
            (1, f"if len({name}) > 1:\ndel {name}[{self.one(('0', '-1'))}]"),
        ]
        if self._deque:
            options += [
                (3, f"{name}.appendleft({value})"),
                (2, f"{guard}\n{name}.popleft()"),
                (1, f"{name}.rotate({self.one(('1', '-1'))})"),
            ]
        else:
            options += [
                (2, f"{guard}\n{name}.pop(0)"),
                (2, f"{name}[{self.one((':1', '1:', ':0', '-1:'))}] = [{value}]"),
                (2, f"if len({name}) > 1:\n{name}[0], {name}[-1] = {name}[-1], {name}[0]"),
            ]
            if name != "items":
                options += [(1, f"{name} = {name}[{self.one(('1:', ':-1', '::-1', '-2:'))}]")]
        if self._function and name != "items":
            options.append((3, f"{self._function}({name}, {value})"))
        self.write(self.pick(*options))

    def _if(self, depth: int) -> None:
        name = self.one(self._names)
        test = self.guard(f"len({name}) > {self.number(0, 2)}", f"not {name}", f"len({name}) % 2 == 0", unsure=40)
        with self.block(f"if {test}:"):
            self._some(depth)
        if self.chance(40):
            with self.block("else:"):
                self._some(depth)

    def _loop(self, depth: int) -> None:
        name = self.one(self._names)
        kind = self.pick((4, "for"), (2, "while"), (2, "each"))
        if kind == "while":
            with self.block(f"while len({name}) < {self.number(1, 5) if not self._bound else 2}:"):
                self.line(f"{name}.append({self.through(*self.weights)})")
            return
        if kind == "each":
            total = self.fresh("total")
            self.line(f"{total} = x")
            with self.block(f"for each in list({name}):"):
                self.line(f"{total} = {self.through(total, 'each')}")
            self.line(f"{name}.append({total})")
            return
        counter = self.fresh("i")
        with self.block(f"for {counter} in range({self.number(1, 6)}):"):
            self._some(depth)
            if self.chance(50):
                with self.block(f"if {self.guard(f'{counter} % 2', f'len({name}) > 2', f'{counter} == 1')}:"):
                    self._some(depth)

    def _share(self, depth: int) -> None:
        """A second name for a container, or for a copy of it."""
        name = self.one(self._names)
        made = self.one(("{}", "{}.copy()", "type({0})({0})") if self._deque else ("{}", "list({})", "{}[:]"))
        second = self.fresh("others")
        self.line(f"{second} = {made.format(name)}")
        self._names.append(second)


FAMILY = Containers
