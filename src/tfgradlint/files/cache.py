"""Keeps what was found in a text, so that the same text need not be judged again. Nothing in it is needed."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import re
import sys
import tempfile
import time
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfgradlint import __version__
from tfgradlint.analysis.results import Analysis

FOLDER = ".tfgradlint_cache"
_DAY = 24 * 60 * 60
#: How long, in seconds, an entry is kept that no run has read.
KEPT = 30 * _DAY
#: Its time of change is when the folder was last looked through for such entries.
_MARK = "pruned"
_ENTRY = re.compile(r"[0-9a-f]{62}\.json|\w+\.partial", re.ASCII)
_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This file marks a folder that tfgradlint made, and that may be deleted at any time.
"""


class CacheUnwritable(Exception):
    """Nothing can be kept there. The text is one line that names the folder and says why."""


class Cache:
    """Analyses in a folder, one file each, under a digest of all that they depend on.

    Several processes may use it at the same time: a file is put in its place whole, and what is no whole entry is
    none.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def prepare(self) -> None:
        """Make the folder, marked for backup programs and for git.

        Raises:
            CacheUnwritable: it cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "# made by tfgradlint\n*\n")):
                if not (self._folder / name).exists():
                    _write(self._folder / name, text)
            with tempfile.TemporaryFile(dir=self._folder):
                pass
        except OSError as error:
            raise CacheUnwritable(f"nothing is cached: {self._folder}: {error.strerror or error}") from None

    def get(self, key: str) -> Analysis | None:
        """What was kept under a key; None where there is nothing, or nothing that can be read."""
        path = self._path(key)
        try:
            entry = json.loads(path.read_text("utf-8"))
            if entry["key"] != key:
                return None
            found = _load(Analysis, entry["analysis"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        assert isinstance(found, Analysis)
        with contextlib.suppress(OSError):
            if _age(path) > _DAY:  # the time of change tells when it was last of use
                os.utime(path)
        return found

    def put(self, key: str, analysis: Analysis) -> None:
        """Keep an analysis. Where that cannot be done nothing happens: the next run will judge again."""
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            _write(path, json.dumps({"key": key, "analysis": dataclasses.asdict(analysis)}))

    def prune(self) -> None:
        """Remove the entries that no run has read for long, once a day. What cannot be removed stays."""
        mark = self._folder / _MARK
        with contextlib.suppress(OSError):
            if 0 <= _age(mark) < _DAY:
                return
        with contextlib.suppress(OSError):
            mark.touch()  # first, so that of several runs one does the work
            for folder in self._folder.glob("[0-9a-f][0-9a-f]"):
                _remove_old(folder)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key[2:]}.json"


def _age(path: Path | os.DirEntry[str]) -> float:
    """The seconds since a file was changed."""
    return time.time() - path.stat().st_mtime


def _remove_old(folder: Path) -> None:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            # the folder may be anybody's: what has not the name of an entry is not ours
            with contextlib.suppress(OSError):
                if _ENTRY.fullmatch(entry.name) and entry.is_file() and _age(entry) > KEPT:
                    os.unlink(entry)


def key(data: bytes, *options: object) -> str:
    """The digest of a file's content, of the options it is judged by, and of the program that judges it."""
    digest = hashlib.sha256(json.dumps([_program(), *options]).encode())
    digest.update(b"\0" + data)
    return digest.hexdigest()


@functools.cache
def _program() -> list[str]:
    """The versions of all that has a part in an analysis, and the state of this package's files."""
    from importlib.metadata import version

    package = Path(__file__).parents[1]
    files = hashlib.sha256()
    for path in sorted(_files(package)):
        state = path.stat()
        files.update(f"{path.relative_to(package)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return [__version__, sys.version, version("libcst"), files.hexdigest()]


def _files(folder: Path) -> Iterator[Path]:
    for suffix in ("py", "json", "txt"):
        yield from folder.rglob(f"*.{suffix}")


def _write(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".partial")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _load(kind: Any, value: Any) -> Any:
    """A value of a type made of dataclasses, tuples, and plain values; ``TypeError`` where it is none."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        types = _types(kind)
        if set(value) != set(types):
            raise TypeError(kind)
        return kind(**{name: _load(types[name], each) for name, each in value.items()})
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise TypeError(kind)
        if arguments[-1] is Ellipsis:
            return tuple(_load(arguments[0], each) for each in value)
        return tuple(_load(type_, each) for type_, each in zip(arguments, value, strict=True))
    for each in arguments if isinstance(value, dict) else ():  # one that may be missing
        if dataclasses.is_dataclass(each):
            return _load(each, value)
    if not isinstance(value, arguments or kind):
        raise TypeError(kind)
    return value


@functools.cache
def _types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
