"""The modules of one program: found by the resolver, parsed when they are first imported, and only so many of them."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tfgradlint.analysis.outline import Outline
from tfgradlint.analysis.parsed import NotAnalysed, Parsed, kept, parsed
from tfgradlint.analysis.parsing import without_warnings
from tfgradlint.analysis.results import Analysis
from tfgradlint.analysis.texts import Text, kept_text
from tfgradlint.flow.machine.modules import DONE, Module
from tfgradlint.flow.machine.prescan import Prescan
from tfgradlint.project.resolver import CannotRead, Located, Resolver

#: So many characters of other modules are read for one file: what a training script needs is a tenth of it. Of what is
#: imported beyond, nothing is known.
_CHARACTERS = 1_000_000
#: So many modules run for one file, and not more: what a program of this kind needs is some dozens.
_RUN = 1000
#: So many modules are looked at for what their import does.
_FOLLOWED = 400


class Modules:
    """The program that one file begins.

    Args:
        resolver: finds the modules.
        main: the module of that file.
        text: what stands in it.
        note: is given the text of each module that is read.
        met: is given the syntax tree of each module that is imported, when it is met first.
    """

    def __init__(
        self,
        resolver: Resolver,
        main: Module,
        text: str,
        note: Callable[[str], None],
        met: Callable[[str, ast.Module], None],
    ) -> None:
        self._resolver = resolver
        self._main = main
        self._note = note
        self._meet = met
        self._modules: dict[str, Module | None] = {}
        #: Where paths lead that were met before.
        self._real: dict[str, str] = {}
        self._packages: dict[Module, Located] = {}
        self._texts: dict[Module, Text] = {}
        self._outlines: dict[Module, Outline] = {}
        self._parsed: dict[Module, Parsed] = {}
        self._used = {text}
        self._met: set[Module] = set()
        self._others: dict[str, None] = {}
        self._characters = 0
        self._not_read: list[str] = []
        #: What was told of one module and holds for all that came after it.
        self._enough: set[str] = set()
        # A script that is imported by what it imports runs a second time, under another name.
        script = "__main__" in text
        self._modules[os.path.realpath(main.path)] = None if script else main
        folder = os.path.dirname(main.path) if os.path.basename(main.path) == "__init__.py" else ""
        self._packages[main] = Located(main.path, folder)

    def find(self, importer: Module, level: int, dotted: str) -> Sequence[Module | None]:
        found: list[Module | None] = []
        for each in self._resolver.locate(importer.path or self._main.path, level, dotted):
            module = self._module(each)
            found.append(module)
            if module is None:
                break
        return found

    def submodule(self, package: Module, name: str) -> Module | None:
        located = self._resolver.submodule(self._packages[package], name)
        return self._module(located) if located is not None else None

    def modules(self) -> Iterator[Module]:
        return iter(self._parsed)

    def texts(self) -> Iterator[tuple[str, Parsed]]:
        """All that was read, by its path."""
        for module, text in self._parsed.items():
            yield module.path, text

    def noted(self, analysis: Analysis) -> Analysis:
        """The analysis, with what was looked at for it."""
        return replace(
            analysis,
            gave_up=(*analysis.gave_up, *self._not_read),
            read=self._resolver.looked_at,
        )

    def _module(self, located: Located) -> Module | None:
        path = located.path or located.folder
        if path not in self._real:
            self._real[path] = os.path.realpath(path)
        path = self._real[path]
        if path not in self._modules:
            self._modules[path] = self._read(located)
        return self._modules[path]

    def load(self, module: Module, too_deep: bool) -> bool:
        text = self._texts.get(module)
        if text is None:
            return False
        self._characters += len(text.text)
        try:
            if self._characters > _CHARACTERS:
                raise _Enough(f"what is imported has more than {_CHARACTERS} characters")
            if len(self._parsed) >= _RUN:
                raise _Enough(f"more than {_RUN} modules are imported")
            if too_deep:
                raise _Enough("too many modules import one another before it")
            known = self._trees_of(text)
        except (CannotRead, NotAnalysed) as refusal:
            if not isinstance(refusal, _Enough) or str(refusal) not in self._enough:
                self._unread(module.path, str(refusal))
            self._enough.add(str(refusal))
            return False
        self._note(text.text)
        module.tree, module.prescan = known.module, known.prescan
        self._parsed[module] = known
        return True

    def _trees_of(self, text: Text) -> Parsed:
        """Its trees; those that are kept are of one module in a run, whatever other has the same text."""
        if text.text not in self._used:
            self._used.add(text.text)
            return kept(text.text, text.tree)
        with without_warnings():
            return parsed(text.text)

    def acting(self, module: Module) -> Sequence[Module]:
        found: list[Module] = []
        waiting: list[tuple[Module, bool]] = [(module, False)]
        while waiting:
            each, seen = waiting.pop()
            if seen:
                found.append(each)
            elif each not in self._met and each in self._outlines and len(self._met) < _FOLLOWED:
                self._met.add(each)
                if not self._outlines[each].inert:
                    waiting.append((each, True))
                waiting.extend((one, False) for one in reversed(self._imported(each)))
        return found

    def others(self) -> Sequence[str]:
        found = list(self._others)
        self._others.clear()
        return found

    def _imported(self, module: Module) -> list[Module]:
        """What the statements of a module import, without what functions do."""
        found: list[Module] = []
        for each in self._outlines[module].imports:
            chain = self.find(module, each.level, each.module)
            if not chain and not each.level:
                self._others[each.module] = None
            found += [one for one in chain if one is not None]
            last = chain[-1] if chain else None
            if last is not None and last.package:
                inner = (self.submodule(last, name) for name in each.names if name not in (last.names or ()))
                found += [one for one in inner if one is not None]
        return found

    def _read(self, located: Located) -> Module | None:
        name = _name(located)
        if not located.path:
            package = Module(name, None, _NOTHING, located.folder, package=True)
            package.state, package.open = DONE, True
            # Modules relative to it are relative to a file in it.
            package.path = os.path.join(located.folder, "__init__.py")
            self._packages[package] = located
            return package
        try:
            text = kept_text(self._resolver.read(located.path))
            self._meet(text.text, text.tree)
            known = text.outline(lambda root: bool(self._resolver.locate(located.path, 0, root)))
        except CannotRead as refusal:
            self._unread(located.path, str(refusal))
            return None
        except SyntaxError as error:
            self._unread(located.path, f"Python cannot parse it ({error.msg}, line {error.lineno or 1})")
            return None
        except (ValueError, MemoryError, RecursionError) as error:
            self._unread(located.path, f"Python cannot parse it ({error})")
            return None
        module = Module(name, None, _NOTHING, located.path, package=bool(located.folder))
        self._packages[module] = located
        self._texts[module] = text
        self._outlines[module] = known
        module.names, module.listed = known.names, known.listed
        return module

    def _unread(self, path: str, why: str) -> None:
        self._not_read.append(f"{os.path.basename(path)} is not looked into: {' '.join(why.split())}")


class _Enough(CannotRead):
    """A bound was reached: this module and others are not looked into."""


def _name(located: Located) -> str:
    """What Python calls a module: with the packages that it is in."""
    path = located.folder or located.path.removesuffix(".py")
    parts = [os.path.basename(path)]
    folder = os.path.dirname(path)
    while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.dirname(folder) != folder:
        parts.append(os.path.basename(folder))
        folder = os.path.dirname(folder)
    return ".".join(reversed(parts))


_NOTHING = Prescan(parsed("").tree)
