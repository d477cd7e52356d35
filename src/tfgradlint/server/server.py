"""The server itself: what the client tells, and what it is told."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Container, Iterable

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from tfgradlint import __version__
from tfgradlint.analysis.results import Finding
from tfgradlint.server import cells, hover, related, repairs
from tfgradlint.server.diagnostics import Ranges, diagnostics
from tfgradlint.server.judging import Document, Judged, Part, judged
from tfgradlint.server.runs import Runs
from tfgradlint.settings.settings import FILE

#: How long, in seconds, nobody may have typed before a text is judged.
PAUSE = 0.3


class Server(LanguageServer):
    """Serves one client. Texts are sent whole: it and Python then agree on what a line is."""

    def __init__(self) -> None:
        super().__init__("tfgradlint", __version__, types.TextDocumentSyncKind.Full, cells.SYNC)
        self._runs = Runs(judged, self._show, PAUSE)
        self._told = ""
        #: The files that each document led to a finding in, by its address.
        self._led: dict[str, frozenset[str]] = {}
        #: The document that was last asked for repairs, and these.
        self._proposed: tuple[Judged, list[Finding]] | None = None
        self.feature(types.TEXT_DOCUMENT_DID_OPEN)(_opened)
        self.feature(types.TEXT_DOCUMENT_DID_CHANGE)(_changed)
        self.feature(types.TEXT_DOCUMENT_DID_SAVE)(_saved)
        self.feature(types.TEXT_DOCUMENT_DID_CLOSE)(_closed)
        self.feature(types.TEXT_DOCUMENT_HOVER)(_hover)
        self.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(repairs.KINDS))(_repairs)
        self.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)(_notebook_opened)
        self.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)(_notebook_changed)
        self.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)(_notebook_saved)
        self.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)(_notebook_closed)
        self.feature(types.INITIALIZED)(_initialized)
        self.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(_configured)

    def shutdown(self) -> None:
        """End, and leave no work behind."""
        self._runs.end()
        super().shutdown()  # type: ignore[no-untyped-call]

    async def watch(self) -> None:
        """Ask to be told of changes of the configuration and of modules, where the client can."""
        workspace = self.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace is not None else None
        if watched is None or not watched.dynamic_registration:
            return
        what = types.DidChangeWatchedFilesRegistrationOptions(
            [types.FileSystemWatcher(each) for each in (f"**/{FILE}", "**/*.py")]
        )
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        registration = types.Registration(id="configuration", method=method, register_options=what)
        await self.client_register_capability_async(types.RegistrationParams([registration]))

    def judge_all(self) -> None:
        """Judge every open document anew."""
        for uri in self._open():
            self.judge(uri, at_once=True)

    def _open(self) -> list[str]:
        """The addresses of all open documents."""
        texts = [each.uri for each in self.workspace.text_documents.values()]
        texts = [uri for uri in texts if self.workspace.get_notebook_document(cell_uri=uri) is None]
        return texts + [each.uri for each in self.workspace.notebook_documents.values()]

    def changed(self, uri: str, *, at_once: bool) -> None:
        """A document has another text: it is judged anew, and so is what imports it."""
        self.judge(uri, at_once=at_once)
        self.judge_importers(uri)

    def judge_importers(self, uri: str) -> None:
        """Judge the open documents anew that depend on a file."""
        path, known = related.path_of(uri), self._runs.known()
        for other in self._open():
            if other != uri and related.depends(known.get(other), path):
                self.judge(other, at_once=False)

    def is_open(self, uri: str) -> bool:
        """Whether the client holds the text of a file."""
        return uri in self.workspace.text_documents

    def forget(self, uri: str, parts: Iterable[str]) -> None:
        """A document is closed: nothing is told of its parts any longer."""
        self._runs.closed(uri)
        self.clear(parts)
        self._show_in(self._led.pop(uri, frozenset()))
        self.judge_importers(uri)

    def clear(self, parts: Iterable[str]) -> None:
        """Take back what was told of these."""
        for uri in parts:
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def _document(self, uri: str) -> Document | None:
        notebook = self.workspace.get_notebook_document(notebook_uri=uri)
        if notebook is not None:
            return cells.document(self.workspace, notebook)
        document = self.workspace.get_text_document(uri)
        if document.language_id not in (None, "", "python"):
            return None
        return Document(uri, to_fs_path(uri) or uri, document.version, related.text_of(document))

    def judge(self, uri: str, *, at_once: bool) -> None:
        """Judge a document anew, after a pause or at once."""
        document = self._document(uri)
        if document is not None:
            document = dataclasses.replace(document, others=related.texts(self.workspace))
            self._runs.changed(document, at_once=at_once)

    def _show(self, result: Judged) -> None:
        if result.error and result.error != self._told:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"tfgradlint: {result.error}"))
        self._told = result.error
        self._publish(result)
        uri, led = result.document.uri, frozenset(result.led_to)
        self._show_in(led | self._led.get(uri, frozenset()))
        self._led[uri] = led

    def _show_in(self, paths: Container[str]) -> None:
        """Show anew what is found in open files, as others may have led to more or less there."""
        for each in list(self._runs.known().values()):
            if os.path.abspath(each.document.path) in paths:
                self._publish(each)

    def _publish(self, result: Judged) -> None:
        found = related.findings(result, self._runs.known().values())
        result = dataclasses.replace(result, findings=tuple(found))
        parts = result.document.parts
        ranges = {number: self._ranges(part) for number, part in parts.items()}
        for number, shown in diagnostics(result, ranges, related=self._shows_related()):
            told = types.PublishDiagnosticsParams(parts[number].uri, shown, parts[number].version)
            self.text_document_publish_diagnostics(told)

    def _ranges(self, part: Part) -> Ranges:
        return Ranges(part.lines, self.workspace.position_codec)

    def _shows_related(self) -> bool:
        documents = self.client_capabilities.text_document
        published = documents.publish_diagnostics if documents is not None else None
        return bool(published is not None and published.related_information)

    async def repairs(self, asked: types.CodeActionParams) -> list[types.CodeAction]:
        """What can be done about the findings asked about."""
        uri, wanted = asked.text_document.uri, asked.context.only
        notebook = self.workspace.get_notebook_document(cell_uri=uri)
        result = await self._runs.result(uri if notebook is None else notebook.uri)
        if result is None or not result.findings:
            return []
        ranges = {number: self._ranges(part) for number, part in result.document.parts.items()}
        actions: list[types.CodeAction] = []
        if wanted is not None and any(_covers(each, repairs.FIX_ALL) for each in wanted):
            actions += await self._runs.off_the_loop(lambda: repairs.everything(result, ranges))
        quick = wanted is None or any(_covers(each, types.CodeActionKind.QuickFix) for each in wanted)
        if quick and any(each.source == "tfgradlint" for each in asked.context.diagnostics):
            if self._proposed is None or self._proposed[0] is not result:
                self._proposed = result, await self._runs.off_the_loop(lambda: repairs.proposals(result))
            actions += repairs.quick_fixes(result, self._proposed[1], ranges, asked)
        return actions

    async def hover(self, uri: str, position: types.Position) -> types.Hover | None:
        """What is told of the place."""
        notebook = self.workspace.get_notebook_document(cell_uri=uri)
        result = await self._runs.result(uri if notebook is None else notebook.uri)
        if result is None:
            return None
        document = result.document
        number = next((number for number, part in document.parts.items() if part.uri == uri), None)
        if number is None:
            return None
        ranges = self._ranges(document.parts[number])
        row, column = ranges.characters(position)
        line = document.line(number, row)
        if line is None:
            return None
        told = await self._runs.off_the_loop(lambda: hover.told(result, line, column))
        if told is None:
            return None
        ((first, start), (last, end)), words = told
        content = types.MarkupContent(types.MarkupKind.Markdown, words)
        return types.Hover(content, ranges.between(document.place(first)[1], start, document.place(last)[1], end))


async def _opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    uri = params.text_document.uri
    ls.judge(uri, at_once=True)
    if not related.as_on_disk(uri, params.text_document.text):
        ls.judge_importers(uri)


async def _changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    ls.changed(params.text_document.uri, at_once=False)


async def _saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    ls.judge(params.text_document.uri, at_once=True)


async def _initialized(ls: Server, params: types.InitializedParams) -> None:
    await ls.watch()


async def _configured(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    if any(each.uri.endswith(FILE) for each in params.changes):
        ls.judge_all()
        return
    for change in params.changes:
        if not ls.is_open(change.uri):
            ls.judge_importers(change.uri)


async def _closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    ls.forget(params.text_document.uri, [params.text_document.uri])


async def _notebook_opened(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    cells.opened(ls.workspace, params.cell_text_documents)
    ls.judge(params.notebook_document.uri, at_once=True)


async def _notebook_changed(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    change = params.change.cells
    if change is not None and cells.changed(ls.workspace, change):  # else it was run, and has new outputs
        gone = change.structure.did_close if change.structure is not None else None
        ls.clear(each.uri for each in gone or [])
        ls.judge(params.notebook_document.uri, at_once=False)


async def _notebook_saved(ls: Server, params: types.DidSaveNotebookDocumentParams) -> None:
    ls.judge(params.notebook_document.uri, at_once=True)


async def _notebook_closed(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    ls.forget(params.notebook_document.uri, [each.uri for each in params.cell_text_documents])


async def _repairs(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    return await ls.repairs(params)


def _covers(asked: str, kind: str) -> bool:
    """Whether a kind of actions that is asked for is this one, or a wider one."""
    return kind == asked or kind.startswith(f"{asked}.")


async def _hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    return await ls.hover(params.text_document.uri, params.position)
