"""Repairs of a document as the protocol's code actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lsprotocol import types

from tfgradlint.analysis.results import Edit, Finding
from tfgradlint.fixing.files import fixer
from tfgradlint.notebooks import Notebook
from tfgradlint.server.diagnostics import Ranges
from tfgradlint.server.judging import Document, Judged

#: What editors ask for to repair a whole file, when it is saved for example.
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.tfgradlint"
KINDS = (types.CodeActionKind.QuickFix.value, FIX_ALL)


def proposals(judged: Judged) -> list[Finding]:
    """The findings with the repairs that hold, by lines of the whole text."""
    if judged.settings is None:
        return []
    document = judged.document
    found = fixer(document.path, judged.settings).proposals(document.text)
    return [each for each in found if each.fix is not None and _within_cells(each.fix.edits, document.notebook)]


def _within_cells(edits: Iterable[Edit], notebook: Notebook | None) -> bool:
    """Whether each edit changes one cell, and no line of a magic."""
    if notebook is None:
        return True
    for edit in edits:
        lines = notebook.lines[edit.position.line - 1 : edit.position.end_line]
        if not lines or any(line.masked is not None for line in lines) or len({line.cell for line in lines}) > 1:
            return False
    return True


def quick_fixes(
    judged: Judged, found: Iterable[Finding], ranges: Mapping[int, Ranges], asked: types.CodeActionParams
) -> list[types.CodeAction]:
    """An action for each repair of a finding that the client asks about."""
    actions = []
    for finding in found:
        diagnostics = _asked(judged.document, finding, ranges, asked)
        if diagnostics and finding.fix is not None:
            title = finding.fix.title[0].upper() + finding.fix.title[1:]
            actions.append(
                types.CodeAction(
                    title=title if finding.fix.grade == "safe" else f"{title} (unsafe)",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=diagnostics,
                    is_preferred=finding.fix.grade == "safe",
                    edit=_change(judged.document, finding.fix.edits, ranges),
                )
            )
    return actions


def _asked(
    document: Document, finding: Finding, ranges: Mapping[int, Ranges], asked: types.CodeActionParams
) -> list[types.Diagnostic]:
    """Those of the client's diagnostics that are this finding."""
    part, line = document.place(finding.position.line)
    if document.parts[part].uri != asked.text_document.uri:
        return []
    start = ranges[part].position(line, finding.position.column)
    return [each for each in asked.context.diagnostics if (each.code, each.range.start) == (finding.code, start)]


def everything(judged: Judged, ranges: Mapping[int, Ranges]) -> list[types.CodeAction]:
    """One action that makes every safe repair, in a document that is no notebook."""
    document = judged.document
    if judged.settings is None or document.notebook is not None:
        return []
    fixed = fixer(document.path, judged.settings).fixed(document.text, unsafe=False)
    if not fixed.made:
        return []
    edit = types.TextEdit(ranges[0].between(1, 1, len(document.lines) + 1, 1), fixed.text)
    title = "Make all safe repairs of tfgradlint"
    return [types.CodeAction(title=title, kind=FIX_ALL, edit=types.WorkspaceEdit(changes={document.uri: [edit]}))]


def _change(document: Document, edits: Iterable[Edit], ranges: Mapping[int, Ranges]) -> types.WorkspaceEdit:
    changes: dict[str, list[types.TextEdit]] = {}
    for edit in edits:
        at = edit.position
        (part, line), (_, end_line) = document.place(at.line), document.place(at.end_line)
        where = ranges[part].between(line, at.column, end_line, at.end_column)
        changes.setdefault(document.parts[part].uri, []).append(types.TextEdit(where, edit.text))
    return types.WorkspaceEdit(changes=changes)
