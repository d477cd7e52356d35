"""Special methods: equality, truth, length, iteration, membership, contexts, hooks of attributes and elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .writing import Family


class Protocols(Family):
    """A class with some special methods, each of which may keep what it is given, and statements that call them."""

    def setup(self) -> None:
        self._uses: list[Callable[[str], str]] = []
        self._base = "Parent" if self.chance(30) else ""
        methods = [
            self._equality,
            self._truth,
            self._iteration,
            self._membership,
            self._context,
            self._missing_attribute,
            self._set_attribute,
            self._element,
            self._in_place,
            self._call,
        ]
        chosen = [self.one(methods) for _ in range(self.number(1, 3))]
        chosen = list(dict.fromkeys(chosen))
        if self._base:
            self._class("Parent", "", chosen[:1])
            self._class("Thing", "(Parent)", chosen[1:])
        else:
            self._class("Thing", "", chosen)
        self._far = self.chance(30)
        if self._far:
            self._make()

    def _class(self, name: str, bases: str, methods: Sequence[Callable[[], None]]) -> None:
        with self.block(f"class {name}{bases}:"):
            if not bases:
                with self.block("def __init__(self, kept, number=0):"):
                    self.line("self.kept = kept")
                    self.line("self.number = number")
            elif self.chance(40):
                with self.block("def __init__(self, kept, number=0):"):
                    self.line(f"super().__init__({self.one(('kept', self.through('kept')))}, number)")
            began = len(self.lines)
            for write in methods:
                write()
            if len(self.lines) == began and bases:
                self.line("pass")

    def _effect(self, *values: str, percent: int = 40) -> None:
        """Something that a special method does beside its answer."""
        if self.chance(percent):
            self.line(f"self.kept = {self.through('self.kept', *values, lost=15)}")

    def _equality(self) -> None:
        with self.block("def __eq__(self, other):"):
            self._effect()
            test = self.one(("self.number == other.number", "True", "self is other", "not self.number"))
            self.line(f"return isinstance(other, {self._base or 'Thing'}) and {test}")
        if self.chance(50):
            with self.block("def __hash__(self):"):
                self.line("return self.number")
            self._uses.append(lambda thing: f"value = {{{thing}: value}}.get(Thing(x, {self.number(0, 1)}), x)")
        test = self.one(("== other", "!= other", "in [other]", "in [x_thing, other]")).replace("x_thing, ", "")
        self._uses.append(lambda thing: f"if {thing} {test}:\nvalue = {self.through('value', f'{thing}.kept')}")

    def _truth(self) -> None:
        name = self.one(("__bool__", "__len__"))
        with self.block(f"def {name}(self):"):
            self._effect()
            self.line("return self.number > 0" if name == "__bool__" else "return self.number")
        self._uses.append(lambda thing: f"if {thing}:\nvalue = {self.through('value', f'{thing}.kept')}")
        self._uses.append(lambda thing: f"value = {thing}.kept if not {thing} else value")
        self._uses.append(lambda thing: f"value = ({thing} or other).kept")

    def _iteration(self) -> None:
        with self.block("def __iter__(self):"):
            self._effect()
            if self.chance(50):
                self.line(f"yield {self.through('self.kept')}")
                self._effect()
                self.line(f"yield {self.one(('self.kept', self.origin()))}")
            else:
                self.line(f"return iter([self.kept, {self.through('self.kept')}])")
        self._uses.append(lambda thing: f"for each in {thing}:\nvalue = {self.through('value', 'each')}")
        self._uses.append(
            lambda thing: f"value = {self.one(('sum({}, x)', 'list({})[0]', 'next(iter({}))')).format(thing)}"
        )
        self._uses.append(lambda thing: f"first, value = {thing}")

    def _membership(self) -> None:
        with self.block("def __contains__(self, item):"):
            self._effect("item", percent=60)
            self.line(f"return {self.one(('self.number > 0', 'item is self.kept', 'True'))}")
        self._uses.append(
            lambda thing: f"if value {self.one(('in', 'not in'))} {thing}:\nvalue = {self.through('value')}"
        )

    def _context(self) -> None:
        with self.block("def __enter__(self):"):
            self._effect(percent=60)
            self.line(f"return {self.one(('self', 'self.kept'))}")
            entered = self.lines[-1].endswith("self")
        with self.block("def __exit__(self, *error):"):
            self._effect()
            self.line(f"return {self.one(('False', 'None', 'True'))}")
        read = "entered.kept" if entered else "entered"
        self._uses.append(lambda thing: f"with {thing} as entered:\nvalue = {self.through('value', read)}")

    def _missing_attribute(self) -> None:
        with self.block("def __getattr__(self, name):"):
            with self.block("if name.startswith('_'):"):
                self.line("raise AttributeError(name)")
            self.line(f"return {self.one(('self.kept', self.through('self.kept'), self.origin()))}")
        self._uses.append(lambda thing: f"value = {self.through(f'{thing}.other', 'value')}")
        self._uses.append(lambda thing: f"value = getattr({thing}, 'extra', value)")

    def _set_attribute(self) -> None:
        with self.block("def __setattr__(self, name, value):"):
            value = self.one(("value", "value", "value if name == 'number' else value * 1.0"))
            self.line(self.one((f"object.__setattr__(self, name, {value})", f"super().__setattr__(name, {value})")))
        self._uses.append(lambda thing: f"{thing}.kept = {self.through('value', *self.weights)}")

    def _element(self) -> None:
        with self.block("def __getitem__(self, key):"):
            self._effect()
            self.line(f"return {self.one(('self.kept', self.through('self.kept')))}")
        with self.block("def __setitem__(self, key, value):"):
            self.line(f"self.kept = {self.one(('value', self.through('value', 'self.kept')))}")
        self._uses.append(lambda thing: f"value = {self.through(f'{thing}[0]', 'value')}")
        self._uses.append(lambda thing: f"{thing}['a'] = {self.through('value', *self.weights)}")

    def _in_place(self) -> None:
        name = self.one(("__iadd__", "__add__"))
        with self.block(f"def {name}(self, other):"):
            if name == "__iadd__":
                self.line(f"self.kept = {self.through('self.kept', 'other')}")
                self.line("return self")
            else:
                self.line(f"return Thing({self.through('self.kept', 'other')}, self.number)")
        self._uses.append(lambda thing: f"{thing} += {self.through('value', *self.weights)}")

    def _call(self) -> None:
        with self.block("def __call__(self, *values, **named):"):
            self._effect("values[0]")
            self.line(f"return {self.through('values[0]', 'self.kept', 'sum(named.values(), x)')}")
        self._uses.append(lambda thing: f"value = {thing}(value{self.one(('', ', shift=x', ', x'))})")

    def _make(self) -> None:
        self.line(f"thing = Thing({self.origin()}, {self.number(0, 2)})")
        self.line(f"other = {self.pick((3, f'Thing({self.origin()}, {self.number(0, 2)})'), (1, 'thing'))}")

    def frame(self) -> None:
        """In the module: an operator that changes its operand in place binds the name anew."""
        self.taped()

    def before(self) -> None:
        if not self._far:
            self._make()

    def within(self) -> Sequence[str]:
        self.line(f"value = {self.origin()}")
        for _ in range(self.number(1, 4)):
            self.write(self.one(self._uses)(self.one(("thing", "thing", "other"))))
        return ["value", "value", "thing.kept", "other.kept"]


FAMILY = Protocols
