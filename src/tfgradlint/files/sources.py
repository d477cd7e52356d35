"""Reads what is to be judged, tells what need not be, and honours ``# noqa``."""

from __future__ import annotations

import io
import os
import tokenize
from collections.abc import Callable, Iterable

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
        ".tfgradlint_cache",
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


class Unreadable(Exception):
    """A path that cannot be read. The text is one line that names the path and says why."""


def decode(data: bytes, path: str) -> str:
    """The text of a Python source as Python reads it: coding line, byte-order mark, newlines."""
    text, _ = decode_exactly(data, path)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_exactly(data: bytes, path: str) -> tuple[str, str]:
    """The text with its own newlines, and the encoding that gives the same bytes again."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding), encoding
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{path}: line {line} is not {error.encoding}; name the encoding in a coding line") from None
    except (SyntaxError, LookupError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from None


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


def customary(path: str) -> bool:
    """Whether what lies in a directory is left out where nothing else is said."""
    return os.path.basename(path) in EXCLUDED


def find(paths: Iterable[str], excludes: Callable[[str], bool] = customary) -> tuple[list[str], list[Unreadable]]:
    """The Python files that ``paths`` name, sorted, each once; and what of ``paths`` cannot be read.

    A file is taken as it is named, whatever its suffix; a directory stands for the ``*.py`` and ``*.ipynb`` files
    below it, but for files and directories that ``excludes`` leaves out.
    """
    files: set[str] = set()
    missing: list[Unreadable] = []
    for path in paths:
        if os.path.isdir(path):
            files.update(_below(path, missing, excludes))
            continue
        try:
            os.stat(path)
            files.add(path)
        except (OSError, ValueError) as error:
            missing.append(Unreadable(f"{path}: {getattr(error, 'strerror', error)}"))
    return sorted(files), missing


def _below(directory: str, missing: list[Unreadable], excludes: Callable[[str], bool]) -> Iterable[str]:
    def refuse(error: OSError) -> None:
        missing.append(Unreadable(f"{error.filename}: {error.strerror or error}"))

    for folder, folders, names in os.walk(directory, onerror=refuse):
        folders[:] = [name for name in folders if not excludes(os.path.join(folder, name))]
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith((".py", ".ipynb")) and os.path.isfile(path) and not excludes(path):
                yield path
