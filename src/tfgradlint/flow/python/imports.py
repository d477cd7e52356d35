"""Imports of the program's own modules: each runs once, with names of its own.

A module that only defines names runs when the first of them is used: nobody can tell the difference, and most of what
a program imports is never used on the way to a gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Frame
from tfgradlint.flow.machine.modules import DONE, NEW, RUNNING, Module
from tfgradlint.flow.tape.tape import Active
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
        """The innermost module that an import names; None where the program has none that is known."""
        chain = self._imported(level, dotted)
        if not chain or len(chain) < len(dotted.split(".")) * bool(dotted) + bool(level):
            return None
        return chain[-1]

    def package(self, dotted: str) -> Module | None:
        """The same, but the outermost package, which ``import a.b`` binds."""
        chain = self._imported(0, dotted)
        return chain[0] if chain else None

    def get(self, module: Module, name: str) -> Value:
        """A name of a module."""
        value = self._known(module, name)
        if value is None and module.state == NEW and (module.names is None or name in module.names):
            self._ready(module)
            value = self._known(module, name)
        if value is not None:
            return value
        inner = self._interp.program.submodule(module, name) if module.package else None
        if inner is not None:
            return self._bound(module, inner, name)
        # What a module lacks raises. It may be there all the same: bound by code that was not followed.
        return self._interp.unknown(origins.IMPORT)

    def take(self, module: Module, name: str, bound: str) -> bool:
        """Bind a name of a module in the one that runs, when it is used first; False where it is to be done now.

        That is so where the import stands in a function or branch, and where the module ran already: what it binds to
        the name later does not count.
        """
        interp = self._interp
        own = interp.module
        at_top = interp.scope is own and interp.frame.function is None and not interp.branching
        open_ = interp.attempts or interp.contexts or interp.loops
        if not at_top or open_ or bound in own.fields or bound in own.prescan.global_names:
            return False
        target: tuple[Module, str] | None = (module, name)
        while target is not None and target[0].state != NEW:
            target = target[0].pending.get(target[1]) if target[1] not in target[0].fields else None
        if target is None:
            return False
        self._defer(own, bound, *target)
        return True

    def settle(self) -> Iterator[Module]:
        """Run all that was imported so far, as somebody may change what it defines: the modules of the program."""
        waiting, met = [self._interp.main], {self._interp.main}
        while waiting:
            module = waiting.pop()
            self._ready(module)
            for name in list(module.pending):
                self._known(module, name)
            yield module
            found = [each for each in module.fields.values() if isinstance(each, Module) and each not in met]
            met.update(found)
            waiting += found

    def star(self, module: Module) -> Sequence[str] | None:
        """The names that ``from module import *`` binds; None where that is not known."""
        if module.state == NEW:
            if module.listed is not None:
                return module.listed
            if module.names is not None:
                return _public(module.names)
            self._ready(module)
        if module.open or module.state != DONE or "__getattr__" in module.fields:
            return None
        listed = module.fields.get("__all__")
        if listed is None:
            return _public([*module.fields, *module.pending])
        content = listed.structure if isinstance(listed, Value) else None
        if not isinstance(content, Items):
            return None
        names = [each.value for each in content.items if isinstance(each, Const) and isinstance(each.value, str)]
        return names if len(names) == len(content.items) else None

    # -- names that are bound when they are used

    def _known(self, module: Module, name: str) -> Value | None:
        value: Value | None = module.fields.get(name)
        if value is not None or name not in module.pending:
            return value
        handed_on: list[tuple[Module, str]] = []
        while name not in module.fields and name in module.pending:
            handed_on.append((module, name))
            module, name = module.pending.pop(name)
            if module.names is None or name in module.names:
                self._ready(module)
        value = self.get(module, name)
        for each, bound in handed_on:
            each.fields[bound] = value  # whatever branch this is
        return value

    def _defer(self, module: Module, bound: str, source: Module, name: str) -> None:
        module.pending[bound] = (source, name)
        source.waiting.append((module, bound, name))

    def _settle(self, source: Module) -> None:
        """A module has run: what others took from it are its values now."""
        for module, bound, name in source.waiting:
            if module.pending.get(bound) != (source, name):
                continue
            del module.pending[bound]
            further = source.pending.get(name) if name not in source.fields else None
            if further is not None and further[0].state == NEW:
                self._defer(module, bound, *further)
            else:
                module.fields.setdefault(bound, self.get(source, name))
        source.waiting.clear()

    # -- running

    def _imported(self, level: int, dotted: str) -> Sequence[Module]:
        """The modules that an import names, as far as they are known; what acts on others has run."""
        interp = self._interp
        found: list[Module] = []
        for module in interp.program.find(interp.module, level, dotted):
            if module is None:
                return ()
            for acting in interp.program.acting(module):
                self._ready(acting)
            if found:
                self._bound(found[-1], module, module.name.rpartition(".")[2])
            found.append(module)
        for other in interp.program.others():
            interp.libraries.imported(other)
        return found

    def _bound(self, package: Module, module: Module, name: str) -> Value:
        """A package has the modules in it as attributes, from when they are imported on."""
        if package.names is not None and name in package.names and package.state != DONE:
            return module  # its own text binds the name
        found: Value = package.fields.setdefault(name, module)  # whatever branch this is
        return found

    def _ready(self, module: Module) -> None:
        """Run a module that did not yet, if that can be done."""
        if module.state != NEW:
            return
        module.state = RUNNING
        try:
            if not self._interp.program.load(module, self._nested > _NESTED):
                module.open = True
                return
            self._nested += 1
            try:
                with self._as_at_first():
                    self._run(module)
            finally:
                self._nested -= 1
        finally:
            module.state = DONE
            self._settle(module)

    @contextmanager
    def _as_at_first(self) -> Iterator[None]:
        """A module runs outside of all that goes on where its first name is used: tapes, graphs, loops, handlers."""
        interp = self._interp
        recorder, tapes = interp.recorder, interp.recorder.tapes
        kept = {name: tapes.fields[name] for name in ("active", "stopped", "ended")}
        contexts, loops, attempts = interp.contexts, interp.loops, interp.attempts
        level, loop, pinned, site = recorder.level, recorder.loop, recorder.pinned, recorder.site
        statement, via, unconverted, branching = interp.statement, interp.via, interp.unconverted, interp.branching
        interp.contexts, interp.loops, interp.attempts = [], [], []
        recorder.level, recorder.loop, recorder.pinned = 0, None, None
        interp.unconverted = interp.branching = 0
        for name, value in (("active", Active()), ("stopped", ()), ("ended", False)):
            interp.state.set(tapes, name, value)
        try:
            yield
        finally:
            for name, value in kept.items():
                interp.state.set(tapes, name, value)
            interp.contexts, interp.loops, interp.attempts = contexts, loops, attempts
            recorder.level, recorder.loop, recorder.pinned, recorder.site = level, loop, pinned, site
            interp.statement, interp.via = statement, via
            interp.unconverted, interp.branching = unconverted, branching

    def _run(self, module: Module) -> None:
        interp, state = self._interp, self._interp.state
        assert module.tree is not None
        module.fields["__name__"] = Const(module.name)
        module.fields["__package__"] = Const(module.name if module.package else module.name.rpartition(".")[0])
        mark, since, logged = state.mark(), next_birth(), len(state.log)
        interp.via = interp.led_into(module)
        interp.frames.append(Frame(None, module, mark, 0, interp.activated(None)))
        try:
            interp.statements.body(module.tree.body)
        finally:
            interp.frames.pop()
            state.keep(mark, since, module, logged)
        interp.begin_share()


def _public(names: Sequence[str] | frozenset[str]) -> Sequence[str]:
    return sorted(name for name in names if not name.startswith("_"))
