"""An editor without a screen: it starts a language server as a process and speaks to it over standard streams."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cattrs import Converter
from lsprotocol import types
from pygls.lsp.client import BaseLanguageClient
from pygls.protocol import default_converter

#: Longer than anything here takes on a busy machine.
PATIENCE = 60


class Editor:
    """One open window. ``published`` holds every list of diagnostics that has come, oldest first."""

    def __init__(self, client: BaseLanguageClient, root: Path) -> None:
        self.client = client
        self.root = root
        self.published: list[types.PublishDiagnosticsParams] = []
        self.messages: list[str] = []
        self.registered: list[types.Registration] = []
        self._news = asyncio.Event()
        self._versions: dict[str, int] = {}

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.published.append(params)
            self._news.set()

        @client.feature(types.WINDOW_SHOW_MESSAGE)
        def message(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)

        @client.feature(types.WINDOW_LOG_MESSAGE)
        def log(params: types.LogMessageParams) -> None:
            """Nobody reads the log."""

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            self.registered.extend(params.registrations)
            self._news.set()

    def uri(self, name: str) -> str:
        """The address of a file; a cell's is its own."""
        return name if ":" in name else (self.root / name).as_uri()

    def open(self, name: str, text: str, language: str = "python") -> None:
        self._versions[name] = 1
        item = types.TextDocumentItem(self.uri(name), language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, name: str, text: str) -> int:
        """Replace the whole text; the number of the new version."""
        self._versions[name] += 1
        version = self._versions[name]
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version=version, uri=self.uri(name)),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )
        return version

    def cell(self, name: str, cell: str) -> str:
        """The address of a cell of a notebook, as VS Code gives it."""
        return f"{self.uri(name).replace('file:', 'vscode-notebook-cell:')}#{cell}"

    def open_notebook(self, name: str, cells: Mapping[str, tuple[str, str]]) -> None:
        """Open a notebook of cells by name, each with its language and source."""
        opened = types.NotebookDocument(
            self.uri(name), "jupyter-notebook", 1, [self._cell(name, each, cells[each][0]) for each in cells]
        )
        texts = [self._text(name, each, *cells[each]) for each in cells]
        self.client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(opened, texts))
        self._versions |= dict.fromkeys([name, *(f"{name}#{each}" for each in cells)], 1)

    def change_cell(self, name: str, cell: str, *changes: types.TextDocumentContentChangeEvent) -> int:
        """Change the source of a cell; the number of its new version."""
        self._versions[f"{name}#{cell}"] += 1
        version = self._versions[f"{name}#{cell}"]
        text = types.VersionedTextDocumentIdentifier(version=version, uri=self.cell(name, cell))
        self._change_notebook(name, text_content=[types.NotebookDocumentCellContentChanges(text, list(changes))])
        return version

    def replace_cells(
        self, name: str, start: int, gone: Sequence[str], new: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        """Put cells in the place of others, which begin at a number from 0."""
        new = new or {}
        structure = types.NotebookDocumentCellChangeStructure(
            types.NotebookCellArrayChange(start, len(gone), [self._cell(name, each, new[each][0]) for each in new]),
            [self._text(name, each, *new[each]) for each in new],
            [types.TextDocumentIdentifier(self.cell(name, each)) for each in gone],
        )
        self._versions |= dict.fromkeys((f"{name}#{each}" for each in new), 1)
        self._change_notebook(name, structure=structure)

    def ran(self, name: str, cell: str) -> None:
        """Tell the server that a cell was run, and is as it was."""
        summary = types.ExecutionSummary(execution_order=1, success=True)
        self._change_notebook(
            name, data=[types.NotebookCell(types.NotebookCellKind.Code, self.cell(name, cell), None, summary)]
        )

    def close_notebook(self, name: str, cells: Sequence[str]) -> None:
        texts = [types.TextDocumentIdentifier(self.cell(name, each)) for each in cells]
        notebook = types.NotebookDocumentIdentifier(self.uri(name))
        self.client.notebook_document_did_close(types.DidCloseNotebookDocumentParams(notebook, texts))

    def _cell(self, name: str, cell: str, language: str) -> types.NotebookCell:
        kind = types.NotebookCellKind.Markup if language == "markdown" else types.NotebookCellKind.Code
        return types.NotebookCell(kind, self.cell(name, cell))

    def _text(self, name: str, cell: str, language: str, source: str) -> types.TextDocumentItem:
        return types.TextDocumentItem(self.cell(name, cell), language, 1, source)

    def _change_notebook(self, name: str, **cells: Any) -> None:
        self._versions[name] += 1
        notebook = types.VersionedNotebookDocumentIdentifier(version=self._versions[name], uri=self.uri(name))
        change = types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(**cells))
        self.client.notebook_document_did_change(types.DidChangeNotebookDocumentParams(notebook, change))

    def saved(self, name: str) -> None:
        """Tell the server that a file which is not open has changed on the disk."""
        event = types.FileEvent(self.uri(name), types.FileChangeType.Changed)
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    def close(self, name: str) -> None:
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(self.uri(name)))
        )

    async def actions(
        self, name: str, diagnostics: Sequence[types.Diagnostic], *only: str
    ) -> Sequence[types.Command | types.CodeAction]:
        """What can be done about diagnostics, or about the whole file."""
        place = diagnostics[0].range if diagnostics else types.Range(types.Position(0, 0), types.Position(0, 0))
        context = types.CodeActionContext(diagnostics, only or None)
        asked = types.CodeActionParams(types.TextDocumentIdentifier(self.uri(name)), place, context)
        return await self.client.text_document_code_action_async(asked) or []

    async def hover(self, name: str, line: int, character: int) -> types.Hover | None:
        place = types.HoverParams(types.TextDocumentIdentifier(self.uri(name)), types.Position(line, character))
        return await self.client.text_document_hover_async(place)

    def shown(self, name: str) -> Sequence[types.Diagnostic] | None:
        """The diagnostics that the editor shows for a file now; None where none have come yet."""
        lists = [each.diagnostics for each in self.published if each.uri == self.uri(name)]
        return lists[-1] if lists else None

    async def until(
        self, name: str, fits: Callable[[Sequence[types.Diagnostic]], object]
    ) -> Sequence[types.Diagnostic]:
        """The diagnostics of a file as soon as they are as expected."""

        async def wait() -> Sequence[types.Diagnostic]:
            while True:
                self._news.clear()
                shown = self.shown(name)
                if shown is not None and fits(shown):
                    return shown
                await self._news.wait()

        return await asyncio.wait_for(wait(), PATIENCE)

    async def version(self, name: str, version: int) -> Sequence[types.Diagnostic]:
        """The diagnostics of one version of a file."""

        def arrived(_: object) -> bool:
            return any(each.uri == self.uri(name) and each.version == version for each in self.published)

        return await self.until(name, arrived)


def _converter() -> Converter:
    """pygls's converter, and what it lacks to read which notebooks a server takes: they are of no interest here."""
    converter = default_converter()
    for each in (types.NotebookDocumentSyncOptions, types.NotebookDocumentSyncRegistrationOptions):
        converter.register_structure_hook(each, lambda value, _: value)
    return converter


@contextlib.asynccontextmanager
async def editing(
    root: Path, *command: str, related: bool = True, encodings: Sequence[str] | None = None
) -> AsyncIterator[Editor]:
    """An editor with a server that ``command`` starts in ``root``; it has to end well."""
    client = BaseLanguageClient("editor", "1", converter_factory=_converter)
    editor = Editor(client, root)
    await client.start_io(*command, cwd=root)
    published = types.PublishDiagnosticsClientCapabilities(related_information=related, code_description_support=True)
    capabilities = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(publish_diagnostics=published),
        notebook_document=types.NotebookDocumentClientCapabilities(types.NotebookDocumentSyncClientCapabilities()),
        workspace=types.WorkspaceClientCapabilities(
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        ),
        general=types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind(each) for each in encodings] if encodings else None
        ),
    )
    parameters = types.InitializeParams(capabilities=capabilities, root_uri=root.as_uri())
    await asyncio.wait_for(client.initialize_async(parameters), PATIENCE)
    client.initialized(types.InitializedParams())
    yield editor
    await asyncio.wait_for(client.shutdown_async(None), PATIENCE)
    client.exit(None)
    process = client._server
    assert process is not None
    assert process.stderr is not None
    errors = (await asyncio.wait_for(process.stderr.read(), PATIENCE)).decode()
    await asyncio.wait_for(client.stop(), PATIENCE)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
