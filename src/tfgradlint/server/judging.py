"""What is known of one version of a document. The settings in force are asked for here, and nowhere else."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from tfgradlint import config
from tfgradlint.judge import NOT_ANALYSED, judge, parse
from tfgradlint.results import Analysis, Finding
from tfgradlint.sources import relevant, without_noqa


@dataclass(frozen=True, slots=True)
class Document:
    """A text as the editor holds it. ``version`` counts its changes."""

    uri: str
    path: str
    version: int | None
    text: str

    @property
    def lines(self) -> list[str]:
        """The lines as the protocol and Python count them: a form feed ends none."""
        return self.text.split("\n")


@dataclass(frozen=True, slots=True)
class Judged:
    """A document with its analysis. ``findings`` are those to be shown, ``error`` says why nothing was judged."""

    document: Document
    tree: ast.Module | None = None
    analysis: Analysis = field(default_factory=Analysis)
    findings: tuple[Finding, ...] = ()
    tensorflow_version: str | None = None
    error: str = ""


def judged(document: Document) -> Judged:
    """Judge a document under the settings that are in force for its file."""
    try:
        wanted = _settings(document.path)
    except config.ConfigError as error:
        return Judged(document, error=str(error))
    try:
        tree = parse(document.text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        tree = None
    analysis = judge(document.text, tree, wanted.tensorflow_version)
    found = without_noqa(document.path, document.text, analysis.findings)
    shown = tuple(finding for finding in found if wanted.reports(finding.code) and _worth_telling(finding, document))
    return Judged(document, tree, analysis, shown, wanted.tensorflow_version)


def _worth_telling(finding: Finding, document: Document) -> bool:
    """A syntax error is the editor's own business where there would be nothing to judge."""
    return finding.code != NOT_ANALYSED or relevant(document.text)


@dataclass(frozen=True, slots=True)
class _Settings:
    options: config.Options
    tensorflow_version: str | None = None

    def reports(self, code: str) -> bool:
        return self.options.reports(code)


def _settings(path: str) -> _Settings:
    """The settings for a file."""
    return _Settings(config.Options())
