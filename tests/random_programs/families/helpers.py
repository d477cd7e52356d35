"""Programs of two files: a module that the linter does not see changes what it is given, keeps it, and calls back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from .writing import Family

_MODULE = "toolbox"


class Helpers(Family):
    """Calls into the other module, and what the program reads afterwards from what it handed over."""

    def setup(self) -> None:
        self._lines: list[str] = []
        self._named = self.chance(30)
        self._used: list[str] = []
        self._reads: list[str] = []
        self._uses = [
            self.pick(
                (4, self._appends),
                (3, self._sets),
                (3, self._replaces),
                (3, self._calls),
                (2, self._keeps),
                (2, self._gives),
                (1, self._derives),
            )()
            for _ in range(self.number(1, 2))
        ]
        self.other = (_MODULE, self._lines)
        names = ", ".join(dict.fromkeys(self._used))
        head = f"from {_MODULE} import {names}" if self._named else f"import {_MODULE}"
        self.lines.insert(0, head)

    def _define(self, stem: str, parameters: str, *body: str) -> str:
        """A function of the other module; how the program names it."""
        name = self.fresh(stem)
        self._lines += [f"def {name}({parameters}):", *(f"    {line}" for line in body)]
        return self._name(name)

    def _name(self, name: str) -> str:
        self._used.append(name)
        return name if self._named else f"{_MODULE}.{name}"

    def kept(self) -> str:
        """A value to keep where the other module finds it: no variable, which is taken to stay where it is."""
        origin = self.origin()
        return f"{origin} * 1.0" if origin.isidentifier() and origin != "x" else origin

    def _step(self, *texts: str) -> str:
        """A step that names nothing of the program."""
        text = self.one(texts)
        return self.one((text, f"{text} * 1.3", f"tf.sin({text})", f"tf.stop_gradient({text})", "tf.zeros(3)"))

    def before(self) -> None:
        for use in self._uses[1:]:
            if self.chance(20):
                use()

    def within(self) -> Sequence[str]:
        self.line(f"value = {self.origin()}")
        self._reads = []
        for use in self._uses:
            use()
            if self.chance(30):
                self.line(f"value = {self.through('value', *self._reads)}")
        return ["value", *self._reads, *self._reads]

    # -- what the other module does

    def _appends(self) -> Callable[[], None]:
        change = self.one(
            (
                "items.append({})",
                "items.insert(0, {})",
                "items[:] = [{}]",
                "items += [{}]",
                "if items:\n        items[-1] = {}",
                "del items[:-1]",
                "len(items)",
            )
        ).format(self._step("value"))
        call = self._define("collect", "items, value", change)
        name = self.fresh("items")
        self.line(f"{name} = [{self.kept()}]")

        def use() -> None:
            if self.chance(25):
                self.line(f"{name}.append({self.kept()})")
            with self._perhaps():
                self.line(f"{call}({name}, {self.through(*self.weights)})")
            self._reads += [f"{name}[-1]", f"{name}[0]"]

        return use

    def _sets(self) -> Callable[[], None]:
        change = self.one(
            (
                "holder.value = {}",
                "setattr(holder, 'val' + 'ue', {})",
                "holder.__dict__.update(value={})",
                "vars(holder)",
            )
        )
        call = self._define("store", "holder, value", change.format(self._step("value", "holder.value")))
        name = self.fresh("Holder")
        with self.block(f"class {name}:"), self.block("def __init__(self):"):
            self.line(f"self.value = {self.kept()}")
        holder = self.fresh("holder")
        self.line(f"{holder} = {name}()")
        wrapped = self.chance(25)
        if wrapped:
            self.line(f"box = [{holder}]")

        def use() -> None:
            with self._perhaps():
                given = f"{'box[0]' if wrapped else holder}"
                self.line(f"{call}({given}, {self.through(*self.weights)})")
            self._reads.append(f"{holder}.value")

        return use

    def _replaces(self) -> Callable[[], None]:
        change = self.one(
            (
                "table['a'] = {}",
                "table.update(b={})",
                "table.clear()\n    table.update(a={0}, b={0})",
                "table.setdefault('c', {})",
            )
        )
        call = self._define("enter", "table, value", *change.format(self._step("value", "table['a']")).split("\n    "))
        name = self.fresh("table")
        self.line(f"{name} = {{'a': {self.kept()}, 'b': {self.kept()}}}")

        def use() -> None:
            with self._perhaps():
                self.line(f"{call}({self.one((name, 'table=' + name))}, value={self.through(*self.weights)})")
            self._reads += [f"{name}['a']", f"{name}['b']"]

        return use

    def _calls(self) -> Callable[[], None]:
        """A callback that changes what is around it, called at once, later, twice, or never."""
        how = self.pick(
            (4, ("callback(value)",)), (2, ("for _ in range(2):", "    callback(value)")), (1, ("return callback",))
        )
        call = self._define("visit", "callback, value", *how)
        name = self.fresh("state")
        self.line(f"{name} = {{'value': {self.kept()}}}")
        function = self.fresh("enter")
        body = self.through("given", *self.weights)
        lazy = self.chance(40)
        if not lazy:
            with self.block(f"def {function}(given):"):
                self.line(f"{name}['value'] = {body}")
        else:
            with self.block(f"class Of_{function}:"), self.block("def __call__(self, given):"):
                self.line(f"{name}['value'] = {body}")
            self.line(f"{function} = Of_{function}()")

        def use() -> None:
            with self._perhaps():
                self.line(f"{call}({function}, {self.origin()})")
            self._reads.append(f"{name}['value']")

        return use

    def _keeps(self) -> Callable[[], None]:
        """What one call keeps another one changes."""
        kept = self.fresh("_kept")
        self._lines.append(f"{kept} = []")
        keep = self._define("keep", "thing", f"{kept}.append(thing)")
        change = self._define("flush", "value", f"for each in {kept}:", f"    each.append({self._step('value')})")
        name = self.fresh("items")
        self.line(f"{name} = [{self.kept()}]")
        self.line(f"{keep}({name})")

        def use() -> None:
            with self._perhaps():
                self.line(f"{change}({self.through(*self.weights)})")
            self._reads.append(f"{name}[-1]")

        return use

    def _gives(self) -> Callable[[], None]:
        call = self._define(
            "transform",
            "value, other=None",
            f"return {self._step('value', 'value', '(value if other is None else other)')}",
        )

        def use() -> None:
            more = self.one(("", f", {self.origin()}", f", other={self.origin()}"))
            self.line(f"value = {call}({self.through('value', *self.weights)}{more})")

        return use

    def _derives(self) -> Callable[[], None]:
        """A class of the program below one of the other module."""
        base = self.fresh("Base")
        self._lines += [
            f"class {base}:",
            "    def __init__(self, value):",
            f"        self.value = {self._step('value')}",
            "    def run(self, value):",
            f"        return {self._step('self.step(value)', 'value')}",
        ]
        name = self.fresh("Mine")
        with self.block(f"class {name}({self._name(base)}):"), self.block("def step(self, value):"):
            self.line(f"return {self.through('value', 'self.value')}")
        thing = self.fresh("mine")
        self.line(f"{thing} = {name}({self.origin()})")

        def use() -> None:
            self.line(f"value = {thing}.{self.one(('run', 'step'))}({self.through('value', *self.weights)})")
            self._reads.append(f"{thing}.value")

        return use

    def _perhaps(self) -> AbstractContextManager[None]:
        """Plainly, or in a branch or a loop."""
        if self.chance(15):
            return self.block(f"if {self.unsure()}:")
        return self.block(f"for _ in range({self.number(1, 2)}):") if self.chance(15) else nullcontext()


FAMILY = Helpers
