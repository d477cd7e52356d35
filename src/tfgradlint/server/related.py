"""What open documents have to do with each other: one imports another, and leads to a break in it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from pygls.uris import to_fs_path
from pygls.workspace import TextDocument, Workspace

from tfgradlint.analysis.results import Finding
from tfgradlint.files import sources
from tfgradlint.files.selecting import without_noqa
from tfgradlint.project.resolver import digest
from tfgradlint.server.judging import Judged


def text_of(document: TextDocument) -> str:
    """The text of a document with the line ends that Python reads."""
    return document.source.replace("\r\n", "\n").replace("\r", "\n")


def path_of(uri: str) -> str:
    """The absolute path of a document."""
    return os.path.abspath(to_fs_path(uri) or uri)


def texts(workspace: Workspace) -> Mapping[str, str]:
    """The texts of all open files of Python, by their paths: they stand before what is on the disk."""
    return {
        path_of(each.uri): text_of(each)
        for each in workspace.text_documents.values()
        if each.language_id in (None, "", "python") and workspace.get_notebook_document(cell_uri=each.uri) is None
    }


def as_on_disk(uri: str, text: str) -> bool:
    """Whether a file has the text that the client shows."""
    try:
        return sources.read(path_of(uri)) == text.replace("\r\n", "\n").replace("\r", "\n")
    except sources.Unreadable:
        return False


def depends(judged: Judged | None, path: str) -> bool:
    """Whether what is known of a document may be another thing when this file changes; it may if it is on its way."""
    return judged is None or path in judged.read


def findings(judged: Judged, others: Iterable[Judged]) -> list[Finding]:
    """The findings to be shown in a document: its own, and those that other open documents lead to in it."""
    document, settings = judged.document, judged.settings
    found = {(each.code, each.position): each for each in judged.findings}
    if document.notebook is None and settings is not None:
        path = os.path.abspath(document.path)
        more = list(chain.from_iterable(_led_to(each, path, document.text) for each in others if each is not judged))
        for each in without_noqa(document.path, document.text, more):
            if settings.reports(each.code, document.path):
                found.setdefault((each.code, each.position), each)
    return sorted(found.values(), key=lambda each: (each.position, each.code))


def _led_to(other: Judged, path: str, text: str) -> Iterator[Finding]:
    """What another document led to in this file, if the text that it read is the one that is shown."""
    if path in other.led_to and other.read.get(path) == digest(text.encode("utf-8", "surrogatepass")):
        yield from other.led_to[path]
