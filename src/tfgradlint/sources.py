"""Reads what is to be judged, tells what need not be, and honours ``# noqa``."""

from __future__ import annotations

import io
import os
import re
import tokenize
from collections.abc import Iterable, Sequence

from tfgradlint.results import Finding

#: Names of directories that are never entered, as is customary. A directory named by the user always is.
EXCLUDED = frozenset(
    {
        ".bzr",
        ".direnv",
        ".eggs",
        ".git",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        "CVS",
        "__pycache__",
        "__pypackages__",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "venv",
    }
)

_WORDS = ("gradient", "jacobian", "hessians")
_REQUEST = re.compile(r"\.\s*(?:gradient|(?:batch_)?jacobian)\s*\(|\b(?:gradients|hessians)\s*\(")


class Unreadable(Exception):
    """A path that cannot be read. The text is one line that names the path and says why."""


def relevant(text: str) -> bool:
    """Whether a file can contain a request for gradients at all, by its text alone."""
    if "GradientTape" in text:
        return True
    # plain substrings first: they cost far less than the pattern, and few files get past them
    return any(word in text for word in _WORDS) and _REQUEST.search(text) is not None


def decode(data: bytes, path: str) -> str:
    """The text of a Python source as Python reads it: coding line, byte-order mark, newlines."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{path}: line {line} is not {error.encoding}; name the encoding in a coding line") from None
    except (SyntaxError, LookupError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def content(path: str) -> bytes:
    """The bytes of the file at ``path``."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from None


def read(path: str) -> str:
    """The text of the file at ``path``."""
    return decode(content(path), path)


def find(paths: Iterable[str]) -> tuple[list[str], list[Unreadable]]:
    """The Python files that ``paths`` name, sorted, each once; and what of ``paths`` cannot be read.

    A file is taken as it is named, whatever its suffix; a directory stands for the ``*.py`` and ``*.ipynb`` files
    below it.
    """
    files: set[str] = set()
    missing: list[Unreadable] = []
    for path in paths:
        if os.path.isdir(path):
            files.update(_below(path, missing))
        elif os.path.exists(path):
            files.add(path)
        else:
            missing.append(Unreadable(f"{path}: No such file or directory"))
    return sorted(files), missing


def _below(directory: str, missing: list[Unreadable]) -> Iterable[str]:
    def refuse(error: OSError) -> None:
        missing.append(Unreadable(f"{error.filename}: {error.strerror or error}"))

    for folder, folders, names in os.walk(directory, onerror=refuse):
        folders[:] = [name for name in folders if name not in EXCLUDED]
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith((".py", ".ipynb")) and os.path.isfile(path):
                yield path


def without_noqa(path: str, text: str, findings: Sequence[Finding]) -> list[Finding]:
    """The findings that no ``# noqa`` comment in the text silences. flake8 itself is the judge."""
    if not findings or "noqa" not in text.lower():
        return list(findings)
    import argparse

    from flake8.defaults import INDENT_SIZE, MAX_LINE_LENGTH
    from flake8.processor import FileProcessor
    from flake8.violation import Violation

    options = argparse.Namespace(
        disable_noqa=False,
        hang_closing=False,
        indent_size=INDENT_SIZE,
        max_doc_length=None,
        max_line_length=MAX_LINE_LENGTH,
        verbose=0,
    )
    lines = list(io.StringIO(text))
    processor = FileProcessor(path, options, lines)
    if processor.should_ignore_file():
        return []

    def silenced(finding: Finding) -> bool:
        line, column = finding.position.line, finding.position.column
        physical = processor.noqa_line_for(line)
        if physical is None:  # the text has no tokens: a syntax error
            physical = lines[line - 1] if line <= len(lines) else ""
        violation = Violation(finding.code, path, line, column, finding.message, physical)
        return bool(violation.is_inline_ignored(False))

    return [finding for finding in findings if not silenced(finding)]
