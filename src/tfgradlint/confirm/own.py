"""Which files are the program's own, and their syntax trees."""

from __future__ import annotations

import ast
import os
import site
import sysconfig
from dataclasses import dataclass, field


@dataclass(slots=True)
class OwnFiles:
    """The program's own files: those that are no part of Python, of an installed package or of tfgradlint."""

    #: The file that the program begins with, which is its own wherever it is.
    entry: str = ""
    _trees: dict[str, ast.Module | None] = field(default_factory=dict)
    _others: tuple[str, ...] = field(default_factory=lambda: tuple(_folders_of_others()))

    def tree(self, filename: str) -> ast.Module | None:
        """The syntax tree of an own file, by the name that its code was compiled with; None for others."""
        if filename not in self._trees:
            self._trees[filename] = self._parsed(filename) if self._is_own(filename) else None
        return self._trees[filename]

    def _is_own(self, filename: str) -> bool:
        if filename == self.entry:
            return True
        if not filename.endswith(".py") or os.path.basename(filename).startswith("__autograph_generated_file"):
            return False
        return not os.path.realpath(filename).startswith(self._others)

    def _parsed(self, filename: str) -> ast.Module | None:
        try:
            with open(filename, "rb") as file:
                return ast.parse(file.read())
        except (OSError, SyntaxError, ValueError):  # it ran, so it is no longer what it was
            return None


def _folders_of_others() -> list[str]:
    paths = [sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [*site.getsitepackages(), site.getusersitepackages()]
    paths.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return [os.path.realpath(path) + os.sep for path in paths]
