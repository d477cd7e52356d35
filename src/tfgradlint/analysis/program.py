"""The modules of one program: found by the resolver, parsed when they are first imported, and only so many of them."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tfgradlint.analysis.parsed import NotAnalysed, Parsed, parsed
from tfgradlint.analysis.parsing import without_warnings
from tfgradlint.analysis.results import Analysis
from tfgradlint.flow.machine.modules import Module
from tfgradlint.flow.machine.prescan import Prescan
from tfgradlint.project.resolver import CannotRead, Located, Resolver

#: So many characters of other modules are read for one file: what a training script needs is a tenth of it. Of what is
#: imported beyond, nothing is known.
_CHARACTERS = 1_000_000
#: Characters of texts that are kept parsed: the files of a project import the same modules.
_KEPT = 600_000


class Modules:
    """The program that one file begins.

    Args:
        resolver: finds the modules.
        main: the module of that file.
        text: what stands in it.
        note: is given the text of each module that is read.
    """

    def __init__(self, resolver: Resolver, main: Module, text: str, note: Callable[[str], None]) -> None:
        self._resolver = resolver
        self._main = main
        self._note = note
        self._modules: dict[str, Module | None] = {}
        self._packages: dict[Module, Located] = {}
        self._parsed: dict[Module, Parsed] = {}
        self._characters = 0
        self._not_read: list[str] = []
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
            read=tuple(sorted(self._resolver.seen.items())),
        )

    def _module(self, located: Located) -> Module | None:
        path = os.path.realpath(located.path or located.folder)
        if path not in self._modules:
            self._modules[path] = self._read(located)
        return self._modules[path]

    def _read(self, located: Located) -> Module | None:
        name = _name(located)
        if not located.path:
            package = Module(name, None, _NOTHING, located.folder, package=True)
            # Modules relative to it are relative to a file in it.
            package.path = os.path.join(located.folder, "__init__.py")
            self._packages[package] = located
            return package
        try:
            text = self._resolver.read(located.path)
            self._characters += len(text)
            if self._characters > _CHARACTERS:
                raise CannotRead(f"what is imported has more than {_CHARACTERS} characters")
            known = _parsed(text)
        except (CannotRead, NotAnalysed) as refusal:
            self._unread(located, str(refusal))
            return None
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            self._unread(located, f"Python cannot parse it ({error})")
            return None
        self._note(text)
        module = Module(name, known.module, known.prescan, located.path, package=bool(located.folder))
        self._packages[module] = located
        self._parsed[module] = known
        return module

    def _unread(self, located: Located, why: str) -> None:
        self._not_read.append(f"{os.path.basename(located.path)} is not looked into: {' '.join(why.split())}")


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
_known: OrderedDict[str, Parsed] = OrderedDict()


def _parsed(text: str) -> Parsed:
    """The text's trees, which are kept for the next file that imports it."""
    found = _known.pop(text, None)
    if found is None:
        with without_warnings():
            found = parsed(text)
    _known[text] = found
    kept = sum(map(len, _known))
    while kept > _KEPT and len(_known) > 1:
        kept -= len(_known.popitem(last=False)[0])
    return found
