"""Lambdas that differ in their defaults, defaults that keep what was put in, dictionaries with keys of any kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .writing import Family

#: Writes a use of what was defined.
Call = Callable[[], None]
#: Keys, some of which are equal although they are written otherwise.
_KEYS = ("1", "'1'", "True", "1.0", "(1, 'a')", "None", "0", "False", "'a'", "-1", "2", "b'a'", "0.5")


class Defaults(Family):
    """Functions and a dictionary, made in one of the ways in which they are mistaken for each other."""

    def setup(self) -> None:
        self._parts = [
            self.pick((4, self._lambdas), (3, self._table), (2, self._kept), (2, self._keywords))
            for _ in range(self.number(1, 2))
        ]
        self._calls = [write() for write in self._parts]

    def within(self) -> Sequence[str]:
        self.line(f"value = {self.origin()}")
        for call in self._calls:
            for _ in range(self.number(1, 2)):
                call()
        return ["value"]

    def _lambdas(self) -> Call:
        """Lambdas of one place with different defaults, or with a name that is bound anew."""
        name = self.fresh("scales")
        items = ", ".join(self.origin() for _ in range(self.number(2, 4)))
        late = self.chance(35)
        head = "t" if late else "t, scale=each"
        body = self.through("t", "each" if late else "scale", "t + each" if late else "t * scale")
        if self.chance(50):
            self.line(f"{name} = [lambda {head}: {body} for each in [{items}]]")
        else:
            self.line(f"{name} = []")
            with self.block(f"for each in [{items}]:"):
                self.line(f"{name}.append(lambda {head}: {body})")

        def call() -> None:
            place = self.one(("0", "1", "-1"))
            more = "" if late or self.chance(70) else f", {self.one((self.origin(), 'scale=' + self.origin()))}"
            if self.chance(25):
                with self.block(f"for each in {name}:"):
                    self.line(f"value = {self.through('each(value)', lost=5)}")
            else:
                self.line(f"value = {name}[{place}](value{more})")

        return call

    def _table(self) -> Call:
        name = self.fresh("table")
        keys = [self.one(_KEYS) for _ in range(self.number(2, 5))]
        entries = ", ".join(f"{key}: {self.origin()}" for key in keys)
        self.line(f"{name} = {{{entries}}}")

        def call() -> None:
            key = self.one((*keys, *_KEYS))
            known = self.one(keys)
            self.write(
                self.one(
                    (
                        f"value = {self.through(f'{name}.get({known}, x)', 'value')}",
                        f"value = {name}.get({key}, value)",
                        f"{name}[{key}] = {self.through('value', *self.weights)}",
                        f"value = {name}.setdefault({key}, {self.through('value')})",
                        f"value = list({name}.values())[{self.one(('0', '-1'))}]",
                        f"if {key} in {name}:\nvalue = {self.through(f'{name}[{key}]', 'value')}",
                        f"value = {name}.pop({key}, value)\nvalue = value * 1.0",
                        f"value = {{**{name}, {key}: {self.through('value')}}}[{key}]",
                        f"value = ({name} | {{{known}: x}})[{known}]",
                    )
                )
            )

        return call

    def _kept(self) -> Call:
        name = self.fresh("keep")
        kind = self.one(("list", "dict"))
        with self.block(f"def {name}(value, kept={'[]' if kind == 'list' else '{}'}):"):
            if kind == "list":
                self.line("kept.append(value)")
                self.line(f"return {self.one(('kept[0]', 'kept[-1]', 'sum(kept, x)', self.through('kept[0]')))}")
            else:
                self.line(
                    self.one(("kept.setdefault('first', value)", "kept[len(kept)] = value", "kept['first'] = value"))
                )
                reads = ("kept.get('first', x)", "list(kept.values())[0]", "sum(kept.values(), x)")
                self.line(f"return {self.one(reads)}")
        if self.chance(50):
            self.line(f"{name}({self.origin()})")

        def call() -> None:
            own = "" if self.chance(75) else f", {'[]' if kind == 'list' else '{}'}"
            self.line(f"value = {name}({self.through('value', *self.weights)}{own})")

        return call

    def _keywords(self) -> Call:
        name = self.fresh("combine")
        default = self.origin()
        with self.block(f"def {name}(value, *others, scale={default}, **named):"):
            reads = ("value", "scale", "sum(others, x)", "named.get('shift', x)", "sum(named.values(), x)")
            self.line(f"return {self.through(*reads)}")
        options = self.fresh("options")
        self.line(f"{options} = {{{self.one(('scale', 'shift'))!r}: {self.origin()}}}")

        def call() -> None:
            value = self.through("value", *self.weights)
            arguments = self.one(
                (
                    f"value, **{options}",
                    value,
                    f"value, {value}",
                    f"*[value, {value}], **{options}",
                    f"value, other={value}",
                    f"value, **dict({options}, scale={value})",
                    f"value, **{{**{options}, 'shift': {value}}}",
                )
            )
            self.line(f"value = {name}({arguments})")

        return call


FAMILY = Defaults
