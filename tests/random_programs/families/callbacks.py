"""Callbacks: functions kept in lists, tables and objects, and called later, when what they read has changed."""

from __future__ import annotations

from collections.abc import Sequence

from .writing import Family

_STATE, _OFTEN = "state['value']", "len(state['seen']) > 1"


class Callbacks(Family):
    """A registry of functions that read and write state around them."""

    def setup(self) -> None:
        self._kind = self.pick((4, "list"), (3, "dict"), (2, "object"))
        self.line(f"state = {{'value': {self.origin()}, 'seen': []}}")
        if self._kind == "object":
            with self.block("class Bus:"):
                with self.block("def __init__(self):"):
                    self.line("self.handlers = []")
                with self.block("def on(self, handler):"):
                    self.line(self.one(("self.handlers.append(handler)", "self.handlers.insert(0, handler)")))
                    self.line("return handler")
                with self.block("def emit(self, value):"):
                    with self.block(
                        f"for handler in {self.one(('self.handlers', 'list(self.handlers)', 'self.handlers[::-1]'))}:"
                    ):
                        self.line(
                            f"value = {self.one(('handler(value)', 'handler(value)', self.through('handler(value)')))}"
                        )
                    self.line("return value")
            self.line("bus = Bus()")
        else:
            self.line("handlers = []" if self._kind == "list" else "handlers = {}")
        self._handlers: list[str] = []
        for _ in range(self.number(1, 3)):
            self._handler()

    def _handler(self) -> None:
        """A function: plain, made by another around a value of its own, a method, or bound to an argument."""
        name = self.fresh("handler")
        kind = self.pick((5, "plain"), (3, "made"), (2, "method"), (2, "partial"))
        decorate = self._kind == "object" and self.chance(50)
        if kind == "plain":
            if decorate:
                self.line("@bus.on")
            with self.block(f"def {name}(value):"):
                self._body("value")
        elif kind == "made":
            with self.block(f"def make_{name}(kept):"):
                with self.block("def call(value):"):
                    self._body("value", "kept")
                if self.chance(40):
                    self.line(f"kept = {self.through('kept')}")
                self.line("return call")
            self.line(f"{name} = make_{name}({self.origin()})")
        elif kind == "method":
            with self.block(f"class Of_{name}:"):
                with self.block("def __init__(self):"):
                    self.line(f"self.kept = {self.origin()}")
                with self.block("def call(self, value):"):
                    if self.chance(50):
                        self.line("before, self.kept = self.kept, value")
                        self._body("value", "before")
                    else:
                        self._body("value", "self.kept")
            self.line(f"{name} = Of_{name}().call")
        else:
            with self.block(f"def of_{name}(kept, value):"):
                self._body("value", "kept")
            self.line(f"{name} = functools.partial(of_{name}, {self.origin()})")
        self._handlers.append(name)
        if not (decorate and kind == "plain"):
            self._register(name)

    def _register(self, name: str) -> None:
        if self._kind == "object":
            self.line(f"bus.on({name})")
        elif self._kind == "list":
            self.line(self.one((f"handlers.append({name})", f"handlers.insert(0, {name})", f"handlers += [{name}]")))
        else:
            self.line(f"handlers[{self.one(('start', 'end', 'start'))!r}] = {name}")

    def _body(self, *values: str) -> None:
        if self.chance(40):
            self.line(self.one((f"state['seen'].append({values[0]})", f"state['value'] = {self.through(*values)}")))
        if self.chance(20):
            with self.block(f"if {self.guard(_OFTEN)}:"):
                self.line(f"return {self.through(*values)}")
        self.line(f"return {self.through(*values, self.one((*self.weights, _STATE)))}")

    def before(self) -> None:
        if self.chance(30):
            self.line(f"state['value'] = {self.through(*self.weights)}")
        if self.chance(20):
            self._fire(self.origin())

    def within(self) -> Sequence[str]:
        self.line(f"value = {self.origin()}")
        for _ in range(self.number(1, 2)):
            if self.chance(25):
                self._register(self.one(self._handlers) if self.chance(70) else "tf.sin")
            if self.chance(25):
                self.line(f"state['value'] = {self.through('value', *self.weights)}")
            self._fire("value")
        return ["value", "value", "state['value']", "sum(state['seen'], x)"]

    def _fire(self, value: str) -> None:
        if self._kind == "object":
            self.line(f"value = bus.emit({value})")
        elif self._kind == "dict":
            key = self.one(("start", "end"))
            call = self.one(
                (
                    f"if {key!r} in handlers:\nvalue = handlers[{key!r}]({value})",
                    f"for name, call in handlers.items():\nvalue = call({value})",
                    f"value = handlers.get({key!r}, tf.identity)({value})",
                )
            )
            self.write(call)
        else:
            self.write(
                self.one(
                    (
                        f"for call in handlers:\nvalue = call({value})",
                        f"value = handlers[{self.one(('0', '-1'))}]({value})",
                        f"while len(handlers) > 1:\nvalue = handlers.pop()({value})",
                        f"value = functools.reduce(lambda kept, call: call(kept), handlers, {value})",
                        f"value = sum([call({value}) for call in handlers], x)",
                    )
                )
            )


FAMILY = Callbacks
