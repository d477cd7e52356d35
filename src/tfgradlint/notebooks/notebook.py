"""A notebook as one module: its code cells in order, and the way back from the module's lines to the cells'."""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from tfgradlint.analysis.guarded import not_parsed
from tfgradlint.analysis.results import (
    Analysis,
    Assumed,
    Edit,
    Finding,
    PathStep,
    Position,
    Prediction,
    SourcePrediction,
)
from tfgradlint.files.sources import Unreadable
from tfgradlint.notebooks.masking import Line, broken, lines, names_bound, opaque
from tfgradlint.notebooks.writing import replace_sources, rows

_NEWEST = 4
_LINE = re.compile(r"\bline (\d+)\b")
#: How a place in the notebook is named where another file is told of it.
_PLACE = re.compile(r"(?<=\.ipynb):(\d+)\b")
#: What tells where a gradient is lost.
_Told = TypeVar("_Told", SourcePrediction, Assumed)
_LANGUAGES = ("python", "ipython", "python3")


#: What makes notebooks readable.
INSTALL = "python -m pip install 'tfgradlint[notebook]'"


class CannotChange(Exception):
    """A change of the module that cannot be brought back into the cells. The text is one line."""


def is_notebook(path: str) -> bool:
    """Whether a path is a notebook's."""
    return path.endswith(".ipynb")


def can_read() -> bool:
    """Whether what reads notebooks is installed."""
    return importlib.util.find_spec("nbformat") is not None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's number and source, and for each line of that the line of the notebook's file on which it stands."""

    number: int
    source: str
    rows: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Notebook:
    """The Python of a notebook, ``text``, and where each of its ``lines`` comes from.

    ``broken`` has a ``TFG001`` for each cell that is not Python, at its line of the text.
    """

    text: str
    lines: tuple[Line, ...]
    rows: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    broken: tuple[Finding, ...] = ()

    def cells(self) -> Iterator[Cell]:
        """The cells of Python, as they are in the notebook."""
        for number, own in itertools.groupby((line for line in self.lines if line.line), lambda line: line.cell):
            source = "\n".join(line.text if line.masked is None else line.masked for line in own)
            yield Cell(number, source, self.rows.get(number, {}))

    def place(self, line: int) -> tuple[int, int]:
        """Cell and line, from 1, of a line of the module; of the nearest before it where nothing stands there."""
        if not self.lines:
            return 1, 1
        at = min(max(line, 1), len(self.lines)) - 1
        cell = self.lines[at].cell
        before = (each for each in reversed(self.lines[: at + 1]) if each.line and each.cell == cell)
        found = next(before, None)
        return cell, found.line if found is not None else 1

    def line(self, cell: int, line: int) -> int | None:
        """The line of the module that is a line of a cell; None where it is not in the module."""
        return next((at for at, each in enumerate(self.lines, 1) if (each.cell, each.line) == (cell, line)), None)

    def judged(self, analysis: Analysis, text: str | None = None) -> Analysis:
        """The analysis of ``text``, or of a change of it, with what is to be said of the broken cells."""
        analysis = self._seen_from_modules(analysis)
        if not self.broken:
            return analysis
        lines = (self.text if text is None else text).split("\n")
        broken = [self._moved(each, lines) for each in self.broken]
        return dataclasses.replace(
            analysis,
            findings=tuple(sorted((*analysis.findings, *broken), key=lambda each: (each.position, each.code))),
            gave_up=(*analysis.gave_up, *(each.message for each in broken)),
        )

    def _seen_from_modules(self, analysis: Analysis) -> Analysis:
        """The analysis, with what it tells of modules that the notebook imports in cells and lines of the notebook."""
        elsewhere = tuple(
            dataclasses.replace(each, finding=self._of_module(each.finding)) for each in analysis.elsewhere
        )
        return dataclasses.replace(analysis, elsewhere=elsewhere) if elsewhere else analysis

    def _of_module(self, finding: Finding) -> Finding:
        message = _PLACE.sub(lambda found: ":cell {}:{}".format(*self.place(int(found.group(1)))), finding.message)
        steps = [
            dataclasses.replace(self._step(dataclasses.replace(each, path="")), path=each.path)
            if is_notebook(each.path)
            else each
            for each in finding.path_steps
        ]
        return dataclasses.replace(finding, message=message, path_steps=tuple(steps))

    def _moved(self, finding: Finding, lines: Sequence[str]) -> Finding:
        """What is said of a masked line, where that stands now."""
        line = lines.index(self.lines[finding.position.line - 1].text) + 1
        return dataclasses.replace(finding, position=dataclasses.replace(finding.position, line=line, end_line=line))

    def located(self, analysis: Analysis) -> Analysis:
        """The analysis of ``text`` with every line told by cell and line."""
        return Analysis(
            tuple(map(self.finding, analysis.findings)),
            tuple(map(self.prediction, analysis.predictions)),
            tuple((self._told(cause), count) for cause, count in analysis.unknowns),
            tuple(map(self._told, analysis.gave_up)),
            analysis.endings,
            tuple(map(self.finding, analysis.left_out)),
        )

    def changed(self, data: bytes, text: str) -> bytes:
        """The notebook ``data`` after its module was changed to ``text``. Only the cells that differ are written.

        Raises:
            CannotChange: a line that is masked, or the border of a cell, did not outlast the change.
            CannotReplace: ``data`` is not the notebook.
        """
        before, after = _by_cell(self.text), _by_cell(text)
        own: dict[int, list[str]] = {}
        for line in self.lines:
            own.setdefault(line.cell, []).append(line.text)
        if before != {cell: texts[1:] for cell, texts in own.items()} or before.keys() != after.keys():
            raise CannotChange("the borders of the cells are lost")
        changed = {cell: self._unmasked(cell, after[cell]) for cell in before if before[cell] != after[cell]}
        return replace_sources(data, changed) if changed else data

    def _unmasked(self, cell: int, after: list[str]) -> str:
        own = [line for line in self.lines if line.cell == cell and not line.text.startswith(_BORDER)]
        masked = {line.text: line.masked for line in own if line.masked is not None}
        if [text for text in after if text in masked] != list(masked):
            raise CannotChange(f"the change touches a magic in cell {cell}")
        for added in (line.text for line in own if not line.line):
            after.remove(added)
        written = [masked.get(text) or text for text in after]
        # what a change puts before everything else still has to follow the magic of its cell
        written.sort(key=lambda text: not text.startswith("%%"))
        return "\n".join(written)

    def _told(self, text: str) -> str:
        return _LINE.sub(lambda found: "line {1} of cell {0}".format(*self.place(int(found.group(1)))), text)

    def finding(self, finding: Finding) -> Finding:
        """A finding in ``text``, told by cell and line."""
        at = finding.position
        cell, line = self.place(at.line)
        end_cell, end_line = self.place(at.end_line)
        if end_cell != cell:  # a syntax error may reach beyond its cell
            end_line, at = line, dataclasses.replace(at, end_column=at.column)
        position = Position(line, at.column, end_line, at.end_column, cell=cell)
        steps, fix = tuple(map(self._step, finding.path_steps)), finding.fix
        if fix is not None:
            fix = dataclasses.replace(fix, edits=tuple(map(self._edit, fix.edits)))
        return dataclasses.replace(
            finding, position=position, message=self._told(finding.message), path_steps=steps, fix=fix
        )

    def _edit(self, edit: Edit) -> Edit:
        at = edit.position
        (cell, line), (_, end_line) = self.place(at.line), self.place(at.end_line)
        return Edit(Position(line, at.column, end_line, at.end_column, cell=cell), edit.text)

    def _step(self, step: PathStep) -> PathStep:
        if step.path:
            return step  # of a module, which has no cells
        cell, line = self.place(step.line)
        masked = self.lines[step.line - 1].masked if step.line <= len(self.lines) else None
        text = masked.strip() if masked is not None and step.text == "get_ipython()" else step.text
        return PathStep(line, step.column, text, cell)

    def prediction(self, prediction: Prediction) -> Prediction:
        """A prediction of ``text``, told by cell and line."""
        cell, line = self.place(prediction.line)
        sources = tuple(map(self._source, prediction.sources))
        return dataclasses.replace(prediction, line=line, cell=cell, sources=sources)

    def _source(self, source: SourcePrediction) -> SourcePrediction:
        assumed = self._broken(source.assumed) if source.assumed is not None else None
        missing = self._told(source.missing) if source.missing is not None else None
        return dataclasses.replace(self._broken(source), assumed=assumed, missing=missing)

    def _broken(self, told: _Told) -> _Told:
        """A verdict with the place of its break told by cell and line."""
        cell, line = self.place(told.line) if told.line is not None else (0, None)
        reason = self._told(told.reason) if told.reason is not None else None
        return dataclasses.replace(told, line=line, cell=cell, reason=reason)


def decode(data: bytes, path: str) -> Notebook:
    """The notebook in a file's content.

    Raises:
        Unreadable: it is broken, of an unknown format, or nbformat is not installed.
    """
    return assembled(_code_cells(_read(data, path), path), rows(data.decode("utf-8")))


def assembled(cells: Iterable[tuple[int, str]], rows: Mapping[int, Mapping[int, int]] | None = None) -> Notebook:
    """The notebook with these cells of Python, each with its number; ``rows`` are those of ``Notebook``."""
    found: list[Line] = []
    names: list[str] = []
    defined: list[str] = []
    refused: list[Finding] = []
    for number, source in cells:
        source = source.replace("\r\n", "\n").replace("\r", "\n")
        cell = lines(source, number, names)
        if cell is None:
            continue
        variables, others = names_bound(cell)
        names += [name for name in variables if name not in names]
        defined += [name for name in others if name not in defined]
        found.append(Line(f"{_BORDER}{number}>", number, 0))
        # once more, since a magic may bind the names of its own cell too
        cell = lines(source, number, names) or []
        error = broken(cell)
        if error is not None:
            own = [max(line.line, 1) + len(found) for line in cell]
            error.msg = _LINE.sub(partial(_told_at, own), error.msg)
            refused.append(not_parsed(error, _at(own, error.lineno or 1)))
            cell = opaque(cell, names, defined)
        found += cell
    text = "".join(f"{line.text}\n" for line in found)
    return Notebook(text, tuple(found), rows or {}, tuple(refused))


def _at(own: Sequence[int], line: int) -> int:
    """The line of the module that is a line of a cell's Python, by Python's count."""
    return own[min(max(line, 1), len(own)) - 1]


def _told_at(own: Sequence[int], told: re.Match[str]) -> str:
    return f"line {_at(own, int(told.group(1)))}"


_BORDER = "# <cell "


def _by_cell(text: str) -> dict[int, list[str]]:
    """The lines of each cell. What was put before the first of them belongs to it."""
    cells: dict[int, list[str]] = {}
    current: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        border = re.fullmatch(rf"{_BORDER}(\d+)>", line)
        if border is not None and int(border.group(1)) not in cells:
            current = cells[int(border.group(1))] = [] if cells else current
        else:
            current.append(line)
    return cells


def _read(data: bytes, path: str) -> Any:
    try:
        text = data.decode("utf-8-sig")
        content = json.loads(text)
    except UnicodeDecodeError:
        raise Unreadable(f"{path}: not a notebook: it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"{path}: not a notebook: line {error.lineno} is not JSON ({error.msg})") from None
    except (ValueError, RecursionError):
        raise Unreadable(f"{path}: not a notebook: its JSON cannot be read") from None
    version = content.get("nbformat") if isinstance(content, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise Unreadable(f"{path}: not a notebook: its JSON has no number under 'nbformat'")
    if not 1 <= version <= _NEWEST:
        raise Unreadable(f"{path}: notebook format {version} is unknown; save it in format {_NEWEST}")
    if version == _NEWEST and not isinstance(content.get("cells"), list):
        raise Unreadable(f"{path}: a broken notebook: it has no cells")
    for number, cell in enumerate(content["cells"] if version == _NEWEST else (), 1):
        if not isinstance(cell, dict):
            raise Unreadable(f"{path}: a broken notebook: cell {number} is none")
    try:
        from nbformat import convert, reader
    except ImportError:
        raise Unreadable(f"{path}: to read notebooks, {INSTALL}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return convert(reader.reads(text), _NEWEST)
    except Exception as error:  # nbformat stumbles over broken notebooks in many ways
        reason = " ".join(str(error).split())[:200]
        raise Unreadable(f"{path}: a broken notebook: {type(error).__name__}: {reason}") from None


def _code_cells(notebook: Any, path: str) -> Iterator[tuple[int, str]]:
    """Number and source of each cell of Python code. Cells of code are counted, as Jupyter and nbQA count them."""
    language = _language(notebook)
    number = 0
    for place, cell in enumerate(notebook["cells"], 1):
        if not isinstance(cell, dict) or not isinstance(cell.get("source"), str):
            raise Unreadable(f"{path}: a broken notebook: cell {place} of all has no source")
        if cell.get("cell_type") == "code":
            number += 1
            if _cell_language(cell, language) in _LANGUAGES:
                yield number, cell["source"]


def _language(notebook: Any) -> str:
    metadata = notebook.get("metadata")
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        entry = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(entry, dict) and isinstance(entry.get(name), str):
            return str(entry[name]).lower()
    return "python"


def _cell_language(cell: Any, default: str) -> str:
    """The language of a cell, which editors note where it is not the notebook's."""
    metadata = cell.get("metadata")
    vscode = metadata.get("vscode") if isinstance(metadata, dict) else None
    language = vscode.get("languageId") if isinstance(vscode, dict) else None
    return str(language or default).lower()
