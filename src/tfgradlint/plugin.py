"""flake8's way in. Imports nothing heavy: flake8 loads it for every file of every project."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from tfgradlint import __version__
from tfgradlint.analysis.relevance import defines_losses, relevant
from tfgradlint.settings.codes import (
    ASSUMPTIONS,
    LOSS_FUNCTION,
    OPT_IN,
    SEPARATION,
    UNUSED_NOQA,
    ConfigError,
    assume,
    gradients_of_text,
    keras_of_text,
    models_of_text,
    names_opt_in,
    tensorflow_version,
)

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Analysis, Finding
    from tfgradlint.project.resolver import Project
    from tfgradlint.settings.settings import Configuration, Settings


def _asked(options: Any) -> dict[str, Any]:
    """What flake8's options ask for, under the names of the settings' fields."""
    found: dict[str, Any] = {}
    if options.tensorflow_version is not None:
        tensorflow_version(options.tensorflow_version)
        found["tensorflow_version"] = options.tensorflow_version
    if options.keras is not None:
        found["keras"] = keras_of_text(options.keras)
    if options.tfgradlint_assume is not None:
        found["assume"] = assume(options.tfgradlint_assume, "--tfgradlint-assume")
    if options.tfgradlint_gradients:
        found["gradients"] = gradients_of_text([options.tfgradlint_gradients], "--tfgradlint-gradients")
    if options.tfgradlint_models:
        found["models"] = models_of_text([options.tfgradlint_models], "--tfgradlint-models")
    return found


class Plugin:
    """Reports the line that loses a gradient, for flake8."""

    name: ClassVar[str] = "tfgradlint"
    version: ClassVar[str] = __version__
    #: What flake8's options ask for; the processes among which it divides the files have it from their parent, or
    #: parse the options anew.
    asked: ClassVar[Mapping[str, Any]] = {}
    #: The settings of each file, with what flake8's options ask for; None before the first file.
    configuration: ClassVar[Configuration | None] = None
    #: Whether losses are to be tried in files that ask for no gradient.
    losses: ClassVar[bool] = False
    #: What is selected explicitly: an opt-in code has to be named, by ``TFG9`` at least, ``TFG002`` in full.
    named: ClassVar[tuple[str, ...]] = ()
    #: Our codes that flake8 reports; None where comments that silence nothing are not asked for.
    selected: ClassVar[frozenset[str] | None] = None

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
        manager.add_option(
            "--keras",
            metavar="2|3",
            parse_from_config=True,
            help="tfgradlint: the Keras that tf.keras is (default: what TF_USE_LEGACY_KERAS asks for)",
        )
        manager.add_option(
            "--tfgradlint-assume",
            metavar="WORD",
            parse_from_config=True,
            help=f"tfgradlint: what is assumed of functions that nobody sees: {' or '.join(ASSUMPTIONS)}"
            f" (default: {SEPARATION})",
        )
        manager.add_option(
            "--tfgradlint-gradients",
            metavar="NAME=WORD",
            default="",
            parse_from_config=True,
            help="tfgradlint: what functions of your own do, such as mylib.ops.quantize=none",
        )
        manager.add_option(
            "--tfgradlint-models",
            metavar="NAME=CLASS",
            default="",
            parse_from_config=True,
            help="tfgradlint: what functions of your own give, such as mylib.build=keras.Model",
        )

    @classmethod
    def parse_options(cls, options: Any) -> None:
        """Take over what is asked for; what cannot be obeyed ends the run in one line."""
        from flake8.exceptions import ExecutionError
        from flake8.style_guide import Decision, DecisionEngine

        try:
            cls.asked = _asked(options)
            cls.configuration = None
            cls._settings(".")
        except ConfigError as error:
            raise ExecutionError(str(error)) from error
        cls.selected = None
        engine = DecisionEngine(options)
        cls.named = (*(options.select or ()), *(options.extend_select or ()))
        cls.losses = names_opt_in(cls.named, LOSS_FUNCTION) and engine.decision_for(LOSS_FUNCTION) is Decision.Selected
        if names_opt_in(cls.named, UNUSED_NOQA) and engine.decision_for(UNUSED_NOQA) is Decision.Selected:
            from tfgradlint.rules import all_rules

            codes = [rule.code for rule in all_rules()]
            cls.selected = frozenset(code for code in codes if engine.decision_for(code) is Decision.Selected)

    def _judged(self, text: str) -> Analysis:
        from tfgradlint.analysis.guarded import judge, not_analysed

        try:
            wanted = self._settings(self.filename)
        except ConfigError as error:  # in a table of a folder further down
            return not_analysed(str(error))
        return judge(
            text,
            self.tree,
            wanted.tensorflow_version,
            wanted.described,
            self.losses,
            keras=wanted.keras,
            assume=wanted.assume,
            project=self._project(wanted),
        )

    @classmethod
    def _settings(cls, path: str) -> Settings:
        """By what a file is judged: flake8's options, else the nearest ``[tool.tfgradlint]``."""
        from tfgradlint.settings.settings import Configuration

        if cls.configuration is None:
            cls.configuration = Configuration(None, {key.replace("_", "-"): each for key, each in cls.asked.items()})
        return cls.configuration.of(path)

    def _project(self, wanted: Settings) -> Project | None:
        """Where the file belongs; None for a text from standard input that names no file."""
        from tfgradlint.project.resolver import Project

        return Project(self.filename, wanted.sources, wanted.follow) if self.filename not in ("-", "stdin") else None

    def _unused(self, text: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        """A finding for each comment that silences nothing."""
        from tfgradlint.files.selecting import unused
        from tfgradlint.project.resolver import Project

        assert self.selected is not None
        try:
            wanted = self._settings(self.filename)
        except ConfigError:  # which is told of the file
            return ()
        project = self._project(wanted) or Project(os.devnull)
        return unused(project, text, findings, self.selected.__contains__)

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The findings as flake8 takes them: it counts columns from 0 here and prints them from 1."""
        text = "".join(self.lines)
        findings: Sequence[Finding] = ()
        # What begins a program that asks for gradients elsewhere can break them only where it calls TensorFlow.
        begins = "__main__" in text and ("tensorflow" in text or "keras" in text)
        if relevant(text) or begins or (self.losses and defines_losses(text)):
            findings = self._judged(text).reportable
        if self.selected is not None and "noqa" in text.lower():
            findings = [*findings, *self._unused(text, findings)]
        for finding in findings:
            if finding.code.startswith(OPT_IN) and not names_opt_in(self.named, finding.code):
                continue
            position = finding.position
            yield position.line, position.column - 1, f"{finding.code} {finding.message}", type(self)
