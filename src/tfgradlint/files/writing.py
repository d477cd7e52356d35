"""Writes files so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile


class Unwritable(Exception):
    """A path that cannot be written. The text is one line that names the path and says why."""


def check_folder(path: str) -> None:
    """Refuse a path in a folder that does not exist, before any work is done for it."""
    if not path:
        raise Unwritable("an empty path: name a file")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise Unwritable(f"{path}: there is no folder {folder}; make it first")
    if os.path.isdir(path):
        raise Unwritable(f"{path}: it is a folder; name a file in it")


def replace(path: str, data: bytes, before: bytes | None = None) -> None:
    """Put a file with this content in the place of the one at ``path``, which keeps its permissions.

    ``before`` is the content that the file must still have: who saved it in between shall lose nothing.
    A device or a pipe is no file that could be replaced: it is written to.
    """
    target = os.path.realpath(path)
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "wb") as file:
                file.write(data)
            return
        handle, name = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".tfgradlint-", suffix=".partial")
        try:
            with open(handle, "wb") as file:
                file.write(data)
            if os.path.exists(target):
                shutil.copymode(target, name)
            else:
                os.chmod(name, 0o666 & ~_umask())
            if before is not None:
                with open(target, "rb") as file:
                    if file.read() != before:
                        raise Unwritable(f"{path}: it was changed in the meantime; nothing was written")
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise Unwritable(f"{path}: {error.strerror or error}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
