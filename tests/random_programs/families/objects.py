"""Objects: inheritance, properties, attributes of classes and of objects, special methods, data classes."""

from __future__ import annotations

from collections.abc import Sequence

from .writing import Family

_SPECIAL = {
    "__call__({self}, value)": "{obj}({arg})",
    "__getitem__({self}, value)": "{obj}[{arg}]",
    "__add__({self}, value)": "({obj} + {arg})",
    "__rmul__({self}, value)": "(1.0 * {obj})",
}


class Objects(Family):
    """A class, perhaps others below it, one object or two, and what is asked of them."""

    def setup(self) -> None:
        self._methods: dict[str, str] = {}
        self._class_attribute = self.chance(50)
        self._data = self.chance(20)
        self._base()
        self._classes = ["Base"]
        for name in ["Middle", "Leaf"][: self.number(0, 2)]:
            self._derived(name, self._classes[-1])
            self._classes.append(name)
        if self.chance(20):
            with self.block("class Mixin:"), self.block("def step(self, value):"):
                self.line(f"return {self._step('super().step(value)', 'value')}")
            last = self._classes[-1]
            bases = ["Mixin", last] if self.chance(70) else [f"{last}"]
            with self.block(f"class Mixed({', '.join(bases)}):"):
                self.line("pass")
            self._classes.append("Mixed")
        self._far = self.chance(40)
        if self._far:
            self._make()

    def _step(self, *values: str) -> str:
        return self.through(*values, "self.kept", lost=18)

    def _base(self) -> None:
        if self._data:
            self.line("@dataclass")
        with self.block("class Base:"):
            if self._class_attribute:
                self.line(f"shared = {self.origin()}" if not self._data else f"shared = {self.origin()}  # no field")
                if self.chance(40):
                    self.line("log = []")
                    self._methods["log"] = ""
            if self._data:
                self.line("kept: object")
                self.line("parts: list = field(default_factory=list)")
            else:
                with self.block("def __init__(self, kept):"):
                    self.line(f"self.kept = {self.one(('kept', 'kept', self.through('kept')))}")
                    self.line("self.parts = []")
            with self.block("def step(self, value):"):
                if "log" in self._methods and self.chance(60):
                    self.line("self.log.append(value)")
                if self.chance(30):
                    self.line("self.parts.append(value)")
                if self.chance(30):
                    self.line(f"self.kept = {self._step('value')}")
                self.line(f"return {self._step('value', 'self.shared' if self._class_attribute else 'value')}")
            with self.block("def run(self, value):"):
                self.line(f"return {self.one(('self.step(value)', self._step('self.step(value)')))}")
            if self.chance(50):
                self._property()
            if self.chance(30):
                head = self.one(tuple(_SPECIAL))
                self._methods["special"] = _SPECIAL[head]
                with self.block(f"def {head.format(self='self')}:"):
                    self.line(f"return {self._step('value' if 'rmul' not in head else 'self.kept')}")
            if self.chance(20):
                self.line(self.one(("@classmethod", "@staticmethod")))
                first = "cls, " if self.lines[-1].endswith("classmethod") else ""
                with self.block(f"def tool({first}value):"):
                    extra = ["cls.shared"] if first and self._class_attribute else []
                    self.line(f"return {self.through('value', *extra)}")
                self._methods["tool"] = "tool"

    def _property(self) -> None:
        self._methods["property"] = "property"
        self.line("@property")
        with self.block("def half(self):"):
            self.line(f"return {self._step('self.kept', 'self.kept')}")
        if self.chance(60):
            self._methods["setter"] = "setter"
            self.line("@half.setter")
            with self.block("def half(self, value):"):
                self.line(
                    self.one((f"self.kept = {self._step('value')}", "self.parts.append(value)", "self.kept = value"))
                )

    def _derived(self, name: str, base: str) -> None:
        with self.block(f"class {name}({base}):"):
            began = len(self.lines)
            if self._class_attribute and self.chance(40):
                self.line(f"shared = {self.origin()}")
            if not self._data and self.chance(40):
                with self.block("def __init__(self, kept):"):
                    order = [f"super().__init__({self.one(('kept', self.through('kept')))})"]
                    order.append(self.one((f"self.kept = {self._step('kept')}", f"self.extra = {self.origin()}")))
                    for text in order:
                        self.line(text)
            if self.chance(60):
                with self.block("def step(self, value):"):
                    self.line(f"return {self.one((self._step('super().step(value)'), self._step('value')))}")
            if self.chance(20) and "property" in self._methods:
                self.line("@property")
                with self.block("def half(self):"):
                    self.line(f"return {self._step('super().half')}")
                self._methods.pop("setter", None)
            if len(self.lines) == began:
                self.line("pass")

    def _make(self) -> None:
        self._objects = ["thing"]
        self.line(f"thing = {self.one(self._classes[::-1])}({self.origin()})")
        if self.chance(40):
            other = self.one(("thing", f"{self.one(self._classes)}({self.origin()})"))
            self.line(f"other = {other}")
            self._objects.append("other")

    def before(self) -> None:
        if not self._far:
            self._make()

    def within(self) -> Sequence[str]:
        self.line(f"value = {self.origin()}")
        for _ in range(self.number(1, 4)):
            self._use(self.one(self._objects))
        reads = [f"{each}.kept" for each in self._objects]
        if "log" in self._methods:
            reads.append("sum(Base.log, x)")
        if self.chance(30):
            reads.append(f"sum({self.one(self._objects)}.parts, x)")
        return ["value", "value", *reads]

    def _use(self, thing: str) -> None:
        value = self.through("value", lost=8)
        options = [
            (4, f"value = {thing}.{self.one(('run', 'step'))}({value})"),
            (2, f"{thing}.kept = {value}"),
            (1, f"value = getattr({thing}, {self.one(('extra', 'kept'))!r}, value)"),
            (1, f"value = {thing}.kept if isinstance({thing}, {self.one(self._classes)}) else {value}"),
        ]
        if self._class_attribute:
            options += [
                (1, f"{self.one(self._classes)}.shared = {value}"),
                (1, f"{thing}.shared = {value}"),
                (1, f"value = {self.one((thing, *self._classes))}.shared"),
            ]
        if "property" in self._methods:
            options.append((2, f"value = {self.through(f'{thing}.half', lost=8)}"))
        if "setter" in self._methods:
            options.append((2, f"{thing}.half = {value}"))
        if "special" in self._methods:
            options.append((2, f"value = {self._methods['special'].format(obj=thing, arg=value)}"))
        if "tool" in self._methods:
            options.append((1, f"value = {self.one((thing, *self._classes))}.tool({value})"))
        text = self.pick(*options)
        if self.chance(15):
            with self.block(f"if {self.guard(f'isinstance({thing}, {self.one(self._classes)})')}:"):
                self.line(text)
        else:
            self.line(text)


FAMILY = Objects
