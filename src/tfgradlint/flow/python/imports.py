"""Imports of the program's own modules: each runs once, when it is first imported, with names of its own."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Frame
from tfgradlint.flow.machine.modules import DONE, NEW, RUNNING, Module
from tfgradlint.flow.values.base import Const, Value, next_birth
from tfgradlint.flow.values.containers import Items

#: Modules within modules that are being imported, each of which takes some frames of Python's own stack.
_NESTED = 40


class Imports:
    """Runs the program's own modules when they are imported."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._nested = 0

    def module(self, level: int, dotted: str) -> Module | None:
        """The innermost module that an import names, having run; None where the program has none that is known."""
        chain = self._run_all(level, dotted)
        if not chain or len(chain) < len(dotted.split(".")) * bool(dotted) + bool(level):
            return None
        return chain[-1]

    def package(self, dotted: str) -> Module | None:
        """The same, but the outermost package, which ``import a.b`` binds."""
        chain = self._run_all(0, dotted)
        return chain[0] if chain else None

    def get(self, module: Module, name: str) -> Value:
        """A name of a module."""
        value: Value | None = module.fields.get(name)
        if value is not None:
            return value
        inner = self._interp.program.submodule(module, name) if module.package else None
        if inner is not None and self._ready(inner):
            return self._bound(module, inner, name)
        # What a module lacks raises. It may be there all the same: bound by code that was not followed.
        return self._interp.unknown(origins.IMPORT)

    def star(self, module: Module) -> dict[str, Value] | None:
        """The names that ``from module import *`` binds; None where that is not known."""
        if module.open or module.state != DONE or "__getattr__" in module.fields:
            return None
        listed = module.fields.get("__all__")
        if listed is None:
            return {name: value for name, value in module.fields.items() if not name.startswith("_")}
        content = listed.structure if isinstance(listed, Value) else None
        if not isinstance(content, Items):
            return None
        names = [each.value for each in content.items if isinstance(each, Const) and isinstance(each.value, str)]
        return {name: self.get(module, name) for name in names} if len(names) == len(content.items) else None

    # -- running

    def _run_all(self, level: int, dotted: str) -> Sequence[Module]:
        """The modules that an import names, as far as they are known, having run."""
        found: list[Module] = []
        for module in self._interp.program.find(self._interp.module, level, dotted):
            if module is None or not self._ready(module):
                return ()
            if found:
                self._bound(found[-1], module, module.name.rpartition(".")[2])
            found.append(module)
        return found

    def _bound(self, package: Module, module: Module, name: str) -> Value:
        """A package has the modules in it as attributes, from when they are imported on."""
        found: Value = package.fields.setdefault(name, module)  # whatever branch this is
        return found

    def _ready(self, module: Module) -> bool:
        """Run a module that did not yet; False where that cannot be done here."""
        if module.state != NEW or module.tree is None:
            return True
        interp = self._interp
        if interp.recorder.level or self._nested > _NESTED:
            return False  # what it makes would belong to a graph
        self._nested += 1
        try:
            self._run(module)
        finally:
            self._nested -= 1
        return True

    def _run(self, module: Module) -> None:
        interp, state = self._interp, self._interp.state
        assert module.tree is not None
        module.state = RUNNING
        module.fields["__name__"] = Const(module.name)
        mark, since = state.mark(), next_birth()
        contexts, loops, attempts = interp.contexts, interp.loops, interp.attempts
        statement, site, via = interp.statement, interp.recorder.site, interp.via
        ended = interp.recorder.tapes.fields["ended"]
        interp.contexts, interp.loops, interp.attempts = [], [], []
        interp.via = interp.led_into(module)
        interp.frames.append(Frame(None, module, mark, 0))
        try:
            interp.statements.body(module.tree.body)
        finally:
            interp.frames.pop()
            interp.contexts, interp.loops, interp.attempts = contexts, loops, attempts
            interp.statement, interp.recorder.site, interp.via = statement, site, via
            module.state = DONE
        if interp.recorder.tapes.fields["ended"] != ended:
            state.set(interp.recorder.tapes, "ended", ended)
        state.keep(mark, since, module)
        interp.begin_share()
