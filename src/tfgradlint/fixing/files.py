"""Repairs what is reported of a file, by the settings in force for it, in the file's own bytes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from tfgradlint import notebooks
from tfgradlint.analysis.guarded import judge
from tfgradlint.analysis.results import Analysis, Finding
from tfgradlint.files import sources
from tfgradlint.files.selecting import selected
from tfgradlint.fixing.fixer import Fixed, Fixer
from tfgradlint.knowledge import versions
from tfgradlint.project.resolver import Project
from tfgradlint.settings.codes import LOSS_FUNCTION
from tfgradlint.settings.settings import Settings

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Repaired:
    """A file's content, before and after its repairs. ``before`` and ``after`` name what differs, and give its text:
    the file, or each changed cell of a notebook."""

    data: bytes
    fixed: Fixed
    before: dict[int, str]
    after: dict[int, str]


def fixer(path: str, settings: Settings, notebook: notebooks.Notebook | None = None, data: bytes = b"") -> Fixer:
    """What repairs the text of a file, or of the module that a notebook is."""
    judged = partial(
        judge,
        version=versions.name(versions.choose(settings.tensorflow_version)),
        keras=settings.keras,
        assume=settings.assume,
        gradients=settings.described,
        losses=settings.reports(LOSS_FUNCTION, path),
        fixes=True,
        project=Project(path, settings.sources, settings.follow),
    )

    def again(text: str) -> Analysis:
        return judged(text) if notebook is None else notebook.judged(judged(text), text)

    def wanted(text: str, analysis: Analysis) -> Sequence[Finding]:
        return selected(path, text, analysis, settings)

    def acceptable(changed: str) -> bool:
        try:
            return notebook is None or notebook.changed(data, changed) != data
        except (notebooks.CannotChange, notebooks.CannotReplace):
            return False

    return Fixer(again, wanted, acceptable)


def repaired(data: bytes, path: str, settings: Settings, *, unsafe: bool) -> Repaired:
    """Make all repairs in the content of a file.

    Raises:
        Unreadable: it is no Python source, or no notebook.
    """
    if notebooks.is_notebook(path):
        notebook = notebooks.decode(data, path)
        fixed = fixer(path, settings, notebook, data).fixed(notebook.text, unsafe=unsafe)
        changed = notebook.changed(data, fixed.text)
        before, after = _cells(notebook), _cells(notebooks.decode(changed, path))
        differing = {number for number in before if before[number] != after.get(number)}
        return Repaired(
            changed,
            fixed,
            {number: before[number] for number in differing},
            {number: after[number] for number in differing},
        )
    exact, encoding = sources.decode_exactly(data, path)
    text = sources.decode(data, path)
    fixed = fixer(path, settings).fixed(text, unsafe=unsafe)
    if fixed.text == text:
        return Repaired(data, fixed, {}, {})
    return Repaired(_with_line_ends(exact, text, fixed.text).encode(encoding), fixed, {0: text}, {0: fixed.text})


def _cells(notebook: notebooks.Notebook) -> dict[int, str]:
    return {cell.number: cell.source for cell in notebook.cells()}


def _with_line_ends(exact: str, before: str, after: str) -> str:
    """The changed text, with the ends that its lines had; new lines end as the first one does."""
    if "\r" not in exact:
        return after
    old = _LINES.findall(exact)
    first = old[0][len(old[0].rstrip("\r\n")) :] or "\n"
    was, now = _LINES.findall(before), _LINES.findall(after)
    lines: list[str] = []
    for kind, start, end, low, high in difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        lines += old[start:end] if kind == "equal" else [line.replace("\n", first) for line in now[low:high]]
    return "".join(lines)
