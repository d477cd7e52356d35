"""Does something as soon as the program has imported a module, and imports nothing before it does."""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


class AfterImport(importlib.abc.MetaPathFinder):
    """Calls a function with a module once that is executed, for each name of ``waiting``."""

    def __init__(self, waiting: dict[str, Callable[[ModuleType], None]]) -> None:
        self._waiting = waiting
        self._searching: set[str] = set()

    def install(self) -> None:
        """Begin to wait; what is there already is told at once."""
        for name in [name for name in self._waiting if name in sys.modules]:
            self._waiting.pop(name)(sys.modules[name])
        sys.meta_path.insert(0, self)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        """What the finders behind this one find, prepared to tell when the module is there."""
        if fullname not in self._waiting or fullname in self._searching:
            return None
        self._searching.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._searching.discard(fullname)
        if spec is not None and spec.loader is not None:
            self._prepare(fullname, spec.loader)
        return spec

    def _prepare(self, name: str, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            then = self._waiting.pop(name, None)  # here, for many search for a module that they do not import
            if then is not None:
                then(module)

        loader.exec_module = exec_module
