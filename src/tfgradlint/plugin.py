"""flake8's way in. Imports nothing heavy: flake8 loads it for every file of every project."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from tfgradlint import __version__
from tfgradlint.config import OPT_IN
from tfgradlint.sources import relevant


class Plugin:
    """Reports the line that loses a gradient, for flake8."""

    name: ClassVar[str] = "tfgradlint"
    version: ClassVar[str] = __version__

    def __init__(self, tree: ast.Module, lines: Sequence[str], filename: str = "-") -> None:
        self.tree = tree
        self.lines = lines
        self.filename = filename

    @classmethod
    def add_options(cls, manager: Any) -> None:
        """Switch the opt-in codes off unless the user selects them, by flake8's own means."""
        manager.extend_default_ignore(list(OPT_IN))

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The findings as flake8 takes them: it counts columns from 0 here and prints them from 1."""
        text = "".join(self.lines)
        if not relevant(text):
            return
        from tfgradlint.judge import judge

        for finding in judge(text, self.tree).findings:
            position = finding.position
            yield position.line, position.column - 1, f"{finding.code} {finding.message}", type(self)
