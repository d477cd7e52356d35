"""Notebooks as the client holds them: their cells are documents of their own, and are one module together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from lsprotocol import types
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument, Workspace

from tfgradlint.notebooks import assembled
from tfgradlint.server.judging import Document, Part

#: What a cell's language is the client tells.
SYNC = types.NotebookDocumentSyncOptions(
    [types.NotebookDocumentFilterWithNotebook(notebook="jupyter-notebook")], save=True
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class Cell(TextDocument):
    """The text of a cell. Clients send changes of it in parts, whatever they were asked to do."""

    @property
    def lines(self) -> Sequence[str]:
        """The lines as the protocol counts them: a form feed ends none."""
        return tuple(_LINE.findall(self.source))


def opened(workspace: Workspace, cells: Iterable[types.TextDocumentItem]) -> None:
    """Take cells that the client has opened."""
    for each in cells:
        workspace.text_documents[unquote(each.uri)] = Cell(
            each.uri,
            each.text,
            each.version,
            each.language_id,
            sync_kind=types.TextDocumentSyncKind.Incremental,
            position_codec=workspace.position_codec,
        )


def changed(workspace: Workspace, change: types.NotebookDocumentCellChanges) -> bool:
    """Take a change of the cells; whether there is anything to be judged in it."""
    structure = change.structure
    opened(workspace, (structure.did_open if structure is not None else None) or [])
    return structure is not None or bool(change.text_content)


def document(workspace: Workspace, notebook: types.NotebookDocument) -> Document:
    """The notebook as one module."""
    parts: dict[int, Part] = {}
    code = (each for each in notebook.cells if each.kind == types.NotebookCellKind.Code)
    for number, each in enumerate(code, 1):
        text = workspace.text_documents.get(unquote(each.document))
        if text is not None and text.language_id == "python":
            source = text.source.replace("\r\n", "\n").replace("\r", "\n")
            parts[number] = Part(each.document, text.version, source.split("\n"))
    module = assembled((number, "\n".join(part.lines)) for number, part in parts.items())
    path = to_fs_path(notebook.uri) or notebook.uri
    return Document(notebook.uri, path, notebook.version, module.text, module, parts)
