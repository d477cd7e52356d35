"""What the command line names: the settings, the files, and what came of them."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from tfgradlint import notebooks
from tfgradlint.cli.parser import KEYS
from tfgradlint.cli.telling import complain
from tfgradlint.files import running, sources
from tfgradlint.files.cache import Cache, CacheUnwritable
from tfgradlint.files.running import Job, Judged
from tfgradlint.files.together import together
from tfgradlint.knowledge import versions
from tfgradlint.settings import codes as config
from tfgradlint.settings.codes import LOSS_FUNCTION, ConfigError
from tfgradlint.settings.settings import Configuration


def configuration(options: argparse.Namespace) -> Configuration:
    """The settings in force: from the files' configuration, and from flags."""
    from tfgradlint.rules import all_rules

    flags: dict[str, Any] = {}
    for key in KEYS:
        value = getattr(options, key.replace("-", "_"), None)
        if value is None:
            continue
        if key == "per-file-ignores":
            value = dict(map(_pattern_and_codes, value))
        elif key == "gradients":
            value = config.gradients_of_text(value, "--gradients")
        elif key == "models":
            value = config.models_of_text(value, "--models")
        elif key in ("jobs", "keras") and value.isdecimal():
            value = int(value)
        flags[key] = value
    return Configuration([rule.code for rule in all_rules()], flags)


def _pattern_and_codes(value: str) -> tuple[str, list[str]]:
    pattern, colon, codes = value.rpartition(":")
    if not colon or not pattern:
        raise ConfigError(f"--per-file-ignores: {value!r} is not of the form PATTERN:CODES")
    return pattern, re.split(r"[,\s]+", codes.strip())


class Files:
    """The files that the command line names, read and judged; says what could not be read."""

    def __init__(self, options: argparse.Namespace, settings: Configuration) -> None:
        self._options = options
        self._settings = settings
        self.failed = False
        #: The real paths of the files that are judged together.
        self.judged: frozenset[str] = frozenset()

    def __iter__(self) -> Iterator[Judged]:
        paths: list[str] = self._options.paths
        found, missing = sources.find([path for path in paths if path != "-"], self._settings.excludes)
        for error in missing:
            self._refuse(str(error))
        if not found and not self.failed and "-" not in paths:
            complain(f"no Python files in {', '.join(paths)}")
        if not notebooks.can_read():
            found = self._without_notebooks(found)
        if self._options.force_exclude:
            found = [path for path in found if not self._settings.excludes_named(path)]
        cache = self._cache() if found else None
        jobs = [self._job(path, cache) for path in found]
        self.judged = frozenset(map(os.path.realpath, found))
        for judged in together([*running.judge_all(jobs, self._processes(paths[0]))]):
            yield from self._told(judged)
        if cache is not None:
            Cache(cache).prune()  # behind the work: what it read is of use
        if "-" in paths:
            if sys.stdin is None:
                raise sources.Unreadable("standard input: it is closed")
            job, data = self._job(self._options.stdin_filename, None), sys.stdin.buffer.read()
            yield from self._told(dataclasses.replace(running.judge_file(job, data), data=data))

    def _without_notebooks(self, found: list[str]) -> list[str]:
        """What is left of the files where notebooks cannot be read: of those only what was named."""
        unread = {path for path in found if notebooks.is_notebook(path)} - set(self._options.paths)
        if unread:
            complain(f"{len(unread)} notebooks were not read: {notebooks.INSTALL}")
        return [path for path in found if path not in unread]

    def _job(self, path: str, cache: str | None) -> Job:
        settings = self._settings.of(path)
        version = versions.name(versions.choose(settings.tensorflow_version))
        keras = versions.choose_keras(settings.keras)
        losses = settings.reports(LOSS_FUNCTION, path)
        return Job(
            path, version, settings.described, cache, losses, keras, settings.assume, settings.sources, settings.follow
        )

    def _cache(self) -> str | None:
        if self._options.no_cache:
            return None
        try:
            Cache(self._options.cache_dir).prepare()
        except CacheUnwritable as error:
            complain(str(error))
            return None
        return str(self._options.cache_dir)

    def _processes(self, path: str) -> int:
        return self._settings.of("." if path == "-" else path).jobs or running.cores()

    def _told(self, judged: Judged) -> Iterator[Judged]:
        if judged.error:
            self._refuse(judged.error)
            return
        if self._options.verbose:
            notebook = judged.notebook
            analysis = judged.analysis if notebook is None else notebook.located(judged.analysis)
            for what in analysis.gave_up:
                complain(f"{judged.path}: {what}")
            for cause, count in analysis.unknowns:
                complain(f"{judged.path}: unknown: {cause} ({count})")
        yield judged

    def _refuse(self, error: str) -> None:
        self.failed = True
        complain(error)
