"""What is known of one version of a document. The settings in force are asked for here, and nowhere else."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tfgradlint.analysis.guarded import NOT_ANALYSED, judge
from tfgradlint.analysis.parsing import parse
from tfgradlint.analysis.relevance import relevant
from tfgradlint.analysis.results import Analysis, Finding
from tfgradlint.files.selecting import selected, without_noqa
from tfgradlint.notebooks import Notebook
from tfgradlint.project.resolver import Project
from tfgradlint.rules import all_rules
from tfgradlint.settings import codes as config
from tfgradlint.settings.settings import Configuration, Settings


@dataclass(frozen=True, slots=True)
class Part:
    """A text as the client shows it: a file, or a cell of a notebook. ``version`` counts its changes."""

    uri: str
    version: int | None
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Document:
    """A text as the editor holds it. ``version`` counts its changes.

    Of a notebook ``text`` is its Python as one module, and ``cells`` are its cells of Python by number.
    """

    uri: str
    path: str
    version: int | None
    text: str
    notebook: Notebook | None = None
    cells: Mapping[int, Part] = field(default_factory=dict)
    #: The texts of other open files, by their absolute paths.
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """The lines as the protocol and Python count them: a form feed ends none."""
        return self.text.split("\n")

    @property
    def parts(self) -> Mapping[int, Part]:
        """What the client shows of it: its cells, or the file as number 0."""
        return {0: Part(self.uri, self.version, self.lines)} if self.notebook is None else self.cells

    def place(self, line: int) -> tuple[int, int]:
        """The number of a part, and the line there, of a line of the text."""
        return (0, line) if self.notebook is None else self.notebook.place(line)

    def line(self, part: int, line: int) -> int | None:
        """The line of the text that is a line of a part; None where it is not in the text."""
        return line if self.notebook is None else self.notebook.line(part, line)


@dataclass(frozen=True, slots=True)
class Judged:
    """A document with its analysis. ``findings`` are those to be shown, ``error`` says why nothing was judged.

    ``tree`` is that of the whole text; findings and predictions are told by part and line. ``read`` holds the paths
    that were looked at for it, each with its state, and ``led_to`` the findings in other files, by their paths.
    """

    document: Document
    tree: ast.Module | None = None
    analysis: Analysis = field(default_factory=Analysis)
    findings: tuple[Finding, ...] = ()
    settings: Settings | None = None
    error: str = ""
    read: Mapping[str, str] = field(default_factory=dict)
    led_to: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    @property
    def tensorflow_version(self) -> str | None:
        """The TensorFlow that it was judged by."""
        return self.settings.tensorflow_version if self.settings is not None else None


def judged(document: Document) -> Judged:
    """Judge a document under the settings that are in force for its file."""
    path = document.path
    try:
        # read anew each time: the configuration may be open in the editor too
        wanted = Configuration([rule.code for rule in all_rules()]).of(path)
    except config.ConfigError as error:
        return Judged(document, error=str(error))
    if _excluded(wanted, path):
        return Judged(document)
    try:
        tree = parse(document.text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        tree = None
    losses = wanted.reports(config.LOSS_FUNCTION, path)
    analysis = judge(
        document.text,
        tree,
        wanted.tensorflow_version,
        wanted.described,
        losses,
        keras=wanted.keras,
        assume=wanted.assume,
        project=Project(path, wanted.sources, wanted.follow, document.others),
    )
    if document.notebook is not None:
        analysis = document.notebook.judged(analysis)
    read, led_to = dict(analysis.read), _led_to(path, analysis)
    found = selected(path, document.text, analysis, wanted)
    if not wanted.reports(config.LEFT_OUT, path):  # an editor shows it all the same
        found = [*found, *without_noqa(path, document.text, analysis.left_out)]
    shown = tuple(each for each in found if _worth_telling(each, document))
    if document.notebook is not None:
        analysis, shown = document.notebook.located(analysis), tuple(map(document.notebook.finding, shown))
    return Judged(document, tree, analysis, shown, wanted, read=read, led_to=led_to)


def _led_to(path: str, analysis: Analysis) -> Mapping[str, tuple[Finding, ...]]:
    folder = os.path.dirname(os.path.abspath(path))
    found: dict[str, tuple[Finding, ...]] = {}
    for each in analysis.elsewhere:
        there = os.path.normpath(os.path.join(folder, each.path))
        found[there] = (*found.get(there, ()), each.finding)
    return found


def _excluded(wanted: Settings, path: str) -> bool:
    """Whether the project leaves the file out. What it is called further up is nobody's business."""
    return os.path.abspath(path).startswith(os.path.join(wanted.root, "")) and wanted.excludes_named(path)


def _worth_telling(finding: Finding, document: Document) -> bool:
    """A syntax error is the editor's own business where there would be nothing to judge."""
    return finding.code != NOT_ANALYSED or relevant(document.text)
