"""The modules of a program: the one that is judged, and those of its own that it imports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import libcst as cst

from tfgradlint.flow.machine.prescan import Prescan
from tfgradlint.flow.values.functions import Scope

#: How far a module has run.
NEW, RUNNING, DONE = range(3)


class Module(Scope):
    """A module of the program: its text, and the names in it.

    Attributes:
        name: what Python calls it: ``__main__`` for the one that is judged.
        tree: its text; None for a package without an ``__init__``, and before it runs.
        prescan: what its text says before it runs.
        package: whether it may hold modules.
        state: how far it has run.
        open: it may have other names than those that are known.
        names: those that it binds, where its text tells them all; ``listed`` those of them that ``__all__`` names.
        pending: names that are imported from modules which did not run yet, each with the module and its name there.
        waiting: the modules that such names are pending in, with both names.
    """

    __slots__ = ("listed", "name", "names", "open", "package", "path", "pending", "prescan", "state", "tree", "waiting")

    def __init__(
        self, name: str, tree: cst.Module | None, prescan: Prescan, path: str = "", package: bool = False
    ) -> None:
        super().__init__("module")
        self.name = name
        self.tree = tree
        self.prescan = prescan
        self.path = path
        self.package = package
        self.state = NEW
        self.open = False
        self.names: frozenset[str] | None = None
        self.listed: tuple[str, ...] | None = None
        self.pending: dict[str, tuple[Module, str]] = {}
        self.waiting: list[tuple[Module, str, str]] = []

    def truth(self) -> bool:
        return True


class Program(Protocol):
    """Finds the program's own modules, and reads them."""

    def find(self, importer: Module, level: int, dotted: str) -> Sequence[Module | None]:
        """The modules that an import names, from the outermost package in.

        They end where one cannot be found, and with None where one is found that cannot be read. None at all: the
        program has no such module.
        """

    def submodule(self, package: Module, name: str) -> Module | None:
        """The module of this name in a package; None where there is none, or it cannot be read."""

    def load(self, module: Module, too_deep: bool) -> bool:
        """Parse a module that is about to run; False where that cannot be done.

        ``too_deep``: so many modules are being imported, one within the other, that this one is not.
        """

    def acting(self, module: Module) -> Sequence[Module]:
        """Of a module that is imported, and of those that this imports, those that do more than define names.

        They are told once, in the order in which they run.
        """

    def others(self) -> Sequence[str]:
        """Modules that are not the program's, and that were imported on the way since this was asked last."""

    def modules(self) -> Iterator[Module]:
        """All that were parsed so far, but for the one that is judged."""


class OneModule:
    """A text by itself: what it imports is not looked into."""

    def find(self, importer: Module, level: int, dotted: str) -> Sequence[Module | None]:
        return ()

    def submodule(self, package: Module, name: str) -> Module | None:
        return None

    def load(self, module: Module, too_deep: bool) -> bool:
        return False

    def acting(self, module: Module) -> Sequence[Module]:
        return ()

    def others(self) -> Sequence[str]:
        return ()

    def modules(self) -> Iterator[Module]:
        return iter(())
