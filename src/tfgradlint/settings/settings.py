"""The settings in force for each file: flags, else the nearest ``[tool.tfgradlint]``, else the defaults."""

from __future__ import annotations

import fnmatch
import functools
import glob
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tfgradlint.files.sources import EXCLUDED
from tfgradlint.settings import codes as config
from tfgradlint.settings.codes import SEPARATION, ConfigError, Options
from tfgradlint.settings.gradients import Gradients

if sys.version_info >= (3, 11):
    import tomllib
else:  # a package with the same content
    import tomli as tomllib

#: Folders from which modules are imported, besides the file's own and that of its outermost package.
SOURCES = (".", "src")
FILE, TABLE = "pyproject.toml", "tool.tfgradlint"
DEFAULT, FLAG = "default", "command line"
#: The keys that choose codes.
_OF_CODES = ("select", "extend-select", "ignore", "per-file-ignores")


@dataclass(frozen=True)
class Settings:
    """Everything that can be set, under the names of the table's keys. ``None``: nobody said anything.

    ``root`` is the folder to which patterns are relative; ``origins`` tells for each key that was set, where.
    """

    root: str
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: tuple[str, ...] = tuple(sorted(EXCLUDED))
    extend_exclude: tuple[str, ...] = ()
    tensorflow_version: str | None = None
    keras: int | None = None
    assume: str = SEPARATION
    src: tuple[str, ...] = SOURCES
    follow: tuple[str, ...] = ()
    jobs: int | None = None
    gradients: Gradients = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    @functools.cached_property
    def described(self) -> Gradients:
        """What is said of functions of the user's own."""
        return {**self.gradients, **self.models}

    @functools.cached_property
    def options(self) -> Options:
        """Which codes are reported."""
        select = ("TFG",) if self.select is None else self.select
        return config.chosen(select + self.extend_select, self.ignore)

    @property
    def sources(self) -> tuple[str, ...]:
        """The folders of ``src``."""
        return tuple(os.path.normpath(os.path.join(self.root, each)) for each in self.src)

    @functools.cached_property
    def _excluded(self) -> tuple[frozenset[str], re.Pattern[str] | None]:
        patterns = self.exclude + self.extend_exclude
        names = frozenset(each for each in patterns if not set(each) & set("*?[/"))
        return names, _pattern((each for each in patterns if each not in names), self.root)

    def excludes(self, path: str) -> bool:
        """Whether a file or folder is left out: by its name, or by its path below the root."""
        names, pattern = self._excluded
        name = os.path.basename(path)
        if name in names:
            return True
        if pattern is None:
            return False
        return pattern.fullmatch(name) is not None or pattern.fullmatch(_slashed(os.path.abspath(path))) is not None

    def excludes_named(self, path: str) -> bool:
        """The same for what the user names: also by one of the folders it lies in, up to the root."""
        path = os.path.abspath(path)
        while True:
            if self.excludes(path):
                return True
            above = os.path.dirname(path)
            if above == path or path == self.root:
                return False
            path = above

    @functools.cached_property
    def _ignored(self) -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
        patterns = ((_pattern([each], self.root), codes) for each, codes in self.per_file_ignores.items())
        return tuple((pattern, codes) for pattern, codes in patterns if pattern is not None)

    def reports(self, code: str, path: str) -> bool:
        """Whether findings with this code are wanted in this file."""
        if not self.options.reports(code):
            return False
        where, name = _slashed(os.path.abspath(path)), os.path.basename(path)
        return not any(
            code.startswith(codes) and (pattern.fullmatch(name) or pattern.fullmatch(where))
            for pattern, codes in self._ignored
        )


def _pattern(patterns: Iterable[str], root: str) -> re.Pattern[str] | None:
    """Matches names and absolute paths. A pattern is a name, or a path relative to the root."""
    ways = []
    for each in patterns:
        each = each.rstrip("/")
        if "/" not in each:
            ways.append(fnmatch.translate(each))
        ways.append(fnmatch.translate(glob.escape(_slashed(root.rstrip(os.sep))) + "/" + each.removeprefix("./")))
    return re.compile("|".join(ways)) if ways else None


def _slashed(path: str) -> str:
    return path.replace(os.sep, "/")


class Configuration:
    """Finds the settings of each file, and reads every ``pyproject.toml`` once.

    ``flags`` are what the command line sets, by the names of the keys; ``known`` the codes that exist, None where
    codes are of no interest: what names them is not looked into then.
    """

    def __init__(self, known: Sequence[str] | None, flags: Mapping[str, Any] | None = None) -> None:
        self._known = known
        self._folders: dict[str, Settings] = {}
        self._flags = {} if flags is None else _checked(flags, known, lambda key: f"--{key}")
        self._default = Settings(os.getcwd(), **self._flags, origins=dict.fromkeys(self._flags, FLAG))

    def of(self, path: str) -> Settings:
        """The settings for a file, or for what lies in a folder."""
        return self.of_folder(path if os.path.isdir(path) else os.path.dirname(path))

    def of_folder(self, folder: str) -> Settings:
        """The settings for what lies in a folder."""
        folder = os.path.abspath(folder)
        passed = []
        while folder not in self._folders:
            passed.append(folder)
            found = self._read(folder)
            above = os.path.dirname(folder)
            if found is not None or above == folder:
                self._folders[folder] = found or self._default
                break
            folder = above
        for each in passed:
            self._folders[each] = self._folders[folder]
        return self._folders[folder]

    def excludes(self, path: str) -> bool:
        """Whether what was met in a folder is left out by the settings there."""
        return self.of_folder(os.path.dirname(path)).excludes(path)

    def excludes_named(self, path: str) -> bool:
        """Whether what the user named is left out, for ``--force-exclude``."""
        return self.of(path).excludes_named(path)

    def _read(self, folder: str) -> Settings | None:
        path = os.path.join(folder, FILE)
        table = read_table(path)
        if table is None:
            return None
        shown = shown_path(path)
        values = _checked(table, self._known, lambda key: f"{shown}: [{TABLE}] {key}")
        origins = dict.fromkeys(values, shown) | dict.fromkeys(self._flags, FLAG)
        return Settings(folder, **{**values, **self._flags}, origins=origins)


def read_table(path: str) -> Mapping[str, Any] | None:
    """The table in a ``pyproject.toml``; None where there is no such file, or no table in it."""
    try:
        with open(path, "rb") as file:
            tables = tomllib.load(file)
    except OSError as error:
        if not os.path.exists(path):  # nor is it there in a folder that may not be looked into
            return None
        raise ConfigError(f"{shown_path(path)}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:  # not TOML, or not UTF-8
        raise ConfigError(f"{shown_path(path)}: it is not TOML: {' '.join(str(error).split())}") from None
    tool = tables.get("tool")
    table = tool.get("tfgradlint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{shown_path(path)}: [{TABLE}] must be a table")
    return table


def shown_path(path: str) -> str:
    """A path as it is told: relative where it lies below the current folder."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _checked(table: Mapping[str, Any], known: Sequence[str] | None, where: Callable[[str], str]) -> dict[str, Any]:
    """The values of a table, or of flags, under the names of the fields."""
    checks: dict[str, Callable[[Any, str], Any]] = {
        "select": lambda value, at: config.codes(_strings(value, at), known or (), f"{at}: "),
        "extend-select": lambda value, at: config.codes(_strings(value, at), known or (), f"{at}: "),
        "ignore": lambda value, at: config.codes(_strings(value, at), known or (), f"{at}: "),
        "per-file-ignores": lambda value, at: dict(_per_file(value, known or (), at)),
        "exclude": _strings,
        "extend-exclude": _strings,
        "tensorflow-version": _version,
        "keras": config.keras,
        "assume": config.assume,
        "src": _strings,
        "follow": lambda value, at: config.packages(_strings(value, at), at),
        "jobs": _jobs,
        "gradients": lambda value, at: config.gradients(_table(value, at), at),
        "models": lambda value, at: config.models(_table(value, at), at),
    }
    values = {}
    for key, value in table.items():
        if key not in checks:
            at = where(key).removesuffix(f" {key}")
            raise ConfigError(f"{at}: unknown key {key!r}; the nearest is {config.nearest(key, list(checks))!r}")
        if known is not None or key not in _OF_CODES:
            values[key.replace("-", "_")] = checks[key](value, where(key))
    return values


def _strings(value: Any, at: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) and each for each in value):
        raise ConfigError(f'{at}: {value!r} is not a list of strings; write ["...", "..."]')
    return tuple(value)


def _table(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{at}: {value!r} is not a table; write [{TABLE}.{at.rpartition(' ')[2]}]")
    return value


def _per_file(value: Any, known: Sequence[str], at: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for pattern, named in _table(value, at).items():
        yield pattern, config.codes(_strings(named, f"{at}, {pattern!r}"), known, f"{at}, {pattern!r}: ")


def _version(value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f'{at}: {value!r} is not a string; write "{value}" in quotes')
    config.tensorflow_version(value, at)
    return value


def _jobs(value: Any, at: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{at}: {value!r} is no number of processes; write 1 or more")
    return value
