"""Finds the files of the program's own modules as Python would find them, and runs nothing for it."""

from __future__ import annotations

import glob
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tfgradlint.files.sources import Unreadable, decode

#: What is larger was written by a program: it holds data and not what trains on it.
LARGEST = 1_000_000
#: The state of a path where nothing is; of a folder; of a file that was not read.
MISSING, FOLDER, FILE = "", "folder", "file"
#: Modules that Python has loaded before it looks into any folder: a file of that name never takes their place.
_LOADED = frozenset(sys.builtin_module_names) | frozenset(
    "abc codecs encodings genericpath io os posixpath ntpath site stat zipimport".split()
)
#: Packages that programs of this kind have installed. A folder of that name beside them is no package, if it has no
#: ``__init__``, and inside of a package the name means the installed one.
_INSTALLED = frozenset(
    "absl cv2 datasets einops flask gym gymnasium h5py jax jaxlib keras matplotlib mlflow numpy pandas PIL pytest "
    "scipy seaborn six skimage sklearn sonnet tensorboard tensorflow tensorflow_addons tensorflow_datasets "
    "tensorflow_hub tensorflow_probability tf_agents tf_keras torch torchvision tqdm transformers tree "
    "wandb yaml".split()
)


class CannotRead(Exception):
    """A module that is there cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Located:
    """A module of the program: its file ("" for a package without an ``__init__``), and the folder that the modules
    of a package are in ("" for a module that is no package).
    """

    path: str
    folder: str


@dataclass(frozen=True)
class Project:
    """Where a text belongs: the path of its file, folders from which the program imports besides its own, installed
    packages that are read as if they were the program's, and the texts of files that are open in an editor, by their
    absolute paths.
    """

    path: str
    sources: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


class Resolver:
    """Finds and reads the modules that one file imports.

    Args:
        project: where the file belongs that is judged.
        inserted: folders that the file itself puts first in Python's search path.
    """

    def __init__(self, project: Project, inserted: Sequence[str] = ()) -> None:
        self.path = os.path.abspath(project.path)
        self._own = os.path.dirname(self.path)
        self._texts = project.texts
        self._follow = frozenset(project.follow)
        #: What was looked at: each path with its state, which is a digest of what was read.
        self.seen: dict[str, str] = {}
        root = self._package_root()
        #: Run as a script, its own folder is where Python looks first; imported as a part of a package, it is not.
        self._in_package = root != self._own
        roots = [*inserted, *([] if self._in_package else [self._own]), root, *map(os.path.abspath, project.sources)]
        self._roots = tuple(dict.fromkeys(map(os.path.normpath, roots)))
        self._found: dict[tuple[str, str], Located | None] = {}

    @property
    def looked_at(self) -> tuple[tuple[str, str], ...]:
        """The paths that were looked at, each with its state."""
        return tuple(sorted(self.seen.items()))

    @property
    def roots(self) -> tuple[str, ...]:
        """The folders that modules are imported from."""
        return self._roots

    def locate(self, importer: str, level: int, dotted: str) -> list[Located]:
        """The modules that an import names, from the outermost package in: ``a``, ``a.b``, ``a.b.c``.

        They end where one cannot be found; there are none where the program has no such module, or nobody can tell
        which of two is meant. A relative import begins with the package that its dots name.
        """
        parts = dotted.split(".") if dotted else []
        if level:
            folder = os.path.dirname(importer)
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            found = [self._package(folder)]
        elif parts:
            first = self._top_level(parts[0])
            if first is None:
                return []
            found, parts = [first], parts[1:]
        else:
            return []
        for part in parts:
            inner = self.submodule(found[-1], part)
            if inner is None:
                break
            found.append(inner)
        return found

    def submodule(self, package: Located, name: str) -> Located | None:
        """The module of this name in a package."""
        return self._in_folder(package.folder, name) if package.folder else None

    def read(self, path: str) -> str:
        """The text of a module.

        Raises:
            CannotRead: it is too large, or cannot be read.
        """
        open_ = self._texts.get(path)
        if open_ is not None:
            self.seen[path] = digest(open_.encode("utf-8", "surrogatepass"))
            return open_
        try:
            size = os.stat(path).st_size
            if size > LARGEST:
                self.seen[path] = f"{FILE} of {size} bytes"
                raise CannotRead(f"it has {size} bytes, and no more than {LARGEST} are read")
            with open(path, "rb") as file:
                data = file.read(LARGEST + 1)
        except OSError as error:
            self.seen[path] = MISSING
            raise CannotRead(error.strerror or str(error)) from None
        self.seen[path] = digest(data)
        try:
            return decode(data, path)
        except Unreadable as error:
            raise CannotRead(str(error).removeprefix(f"{path}: ")) from None

    # -- where modules are

    def _package_root(self) -> str:
        """The first folder above the file that is no package."""
        folder = self._own
        while self._package(folder).path and os.path.dirname(folder) != folder:
            folder = os.path.dirname(folder)
        return folder

    def _top_level(self, name: str) -> Located | None:
        if name in _LOADED:
            return None
        standard = of_others(name)
        found = self._first(name, standard)
        if found is None and name in self._follow:
            return self._installed(name)
        if not self._in_package or (standard and found is None):
            return found
        own = self._in_folder(self._own, name)
        if own is None or not own.path or standard:
            return found
        # What stands beside it is found if it is run as a script, what stands at the root if it is imported.
        return own if found is None or not found.path or found == own else None

    def _first(self, name: str, standard: bool) -> Located | None:
        """The first of that name in Python's search path; a folder without an ``__init__`` if there is nothing else."""
        folder: Located | None = None
        for root in self._roots:
            found = self._in_folder(root, name)
            if found is not None and found.path:
                return found
            folder = folder or found
        return None if standard else folder

    def _installed(self, name: str) -> Located | None:
        """A package that is installed beside this one, or where the project keeps what it has installed."""
        for folder in installed(self._roots):
            found = self._in_folder(folder, name)
            if found is not None:
                return found
        return None

    def _in_folder(self, folder: str, name: str) -> Located | None:
        key = (folder, name)
        if key not in self._found:
            self._found[key] = self._look(folder, name)
        return self._found[key]

    def _look(self, folder: str, name: str) -> Located | None:
        inner = os.path.join(folder, name)
        if self._is(inner, FOLDER):
            package = self._package(inner)
            if package.path:
                return package
        file = f"{inner}.py"
        if self._is(file, FILE):
            return Located(file, "")
        return Located("", inner) if self.seen.get(inner) == FOLDER else None

    def _package(self, folder: str) -> Located:
        init = os.path.join(folder, "__init__.py")
        return Located(init if self._is(init, FILE) else "", folder)

    def _is(self, path: str, kind: str) -> bool:
        if kind == FILE and path in self._texts:
            return True
        there = os.path.isdir(path) if kind == FOLDER else os.path.isfile(path)
        self.seen.setdefault(path, kind if there else MISSING)
        return there


def of_others(name: str) -> bool:
    """Whether a module of that name comes with Python, or is one that programs of this kind have installed."""
    return name in sys.stdlib_module_names or name in _INSTALLED


def installed(roots: Sequence[str]) -> Iterator[str]:
    """The folders in which packages are installed: the project's own, those that are active, and those of this run."""
    places = [os.path.join(root, name) for root in roots for name in (".venv", "venv")]
    for place in (*places, os.environ.get("VIRTUAL_ENV", "")):
        if place and os.path.isdir(place):
            yield from sorted(glob.glob(os.path.join(glob.escape(place), "lib", "python3*", "site-packages")))
            yield os.path.join(place, "Lib", "site-packages")
    yield from (os.path.abspath(each) for each in sys.path if each)


def digest(data: bytes) -> str:
    """What tells one content from another."""
    return hashlib.sha256(data).hexdigest()


def changed(seen: Mapping[str, str]) -> Iterator[str]:
    """Of paths that were looked at those that are not any more what they were."""
    for path, state in seen.items():
        if _state(path, state) != state:
            yield path


def _state(path: str, was: str) -> str:
    try:
        if was in (MISSING, FOLDER):
            return FOLDER if os.path.isdir(path) else FILE if os.path.isfile(path) else MISSING
        if was == FILE:
            return FILE if os.path.isfile(path) else MISSING
        size = os.stat(path).st_size
        if size > LARGEST:
            return f"{FILE} of {size} bytes"
        with open(path, "rb") as file:
            return digest(file.read(LARGEST + 1))
    except (OSError, ValueError):
        return MISSING
