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
    #: What flake8's options ask for; the processes among which it divides the files have it from their parent, or
    #: parse the options anew.
    tensorflow_version: ClassVar[str | None] = None

    def __init__(self, tree: ast.Module, lines: Sequence[str], filename: str = "-") -> None:
        self.tree = tree
        self.lines = lines
        self.filename = filename

    @classmethod
    def add_options(cls, manager: Any) -> None:
        """Switch the opt-in codes off unless the user selects them, by flake8's own means; add the plugin's option."""
        manager.extend_default_ignore(list(OPT_IN))
        manager.add_option(
            "--tensorflow-version",
            metavar="X.Y",
            parse_from_config=True,
            help="tfgradlint: the TensorFlow to go by (default: the one installed beside it, else the newest)",
        )

    @classmethod
    def parse_options(cls, options: Any) -> None:
        """Take over the version that is asked for; one that is none ends the run in one line."""
        cls.tensorflow_version = options.tensorflow_version
        if cls.tensorflow_version is not None:
            from flake8.exceptions import ExecutionError

            from tfgradlint.knowledge import versions

            try:
                versions.parse(cls.tensorflow_version)
            except versions.VersionError as error:
                raise ExecutionError(f"--tensorflow-version: {error}") from error

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The findings as flake8 takes them: it counts columns from 0 here and prints them from 1."""
        text = "".join(self.lines)
        if not relevant(text):
            return
        from tfgradlint.judge import judge

        for finding in judge(text, self.tree, self.tensorflow_version).findings:
            position = finding.position
            yield position.line, position.column - 1, f"{finding.code} {finding.message}", type(self)
