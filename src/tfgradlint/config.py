"""What is asked for: which codes are reported. Flags give it now."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Codes that are reported only where they are selected by name or prefix.
OPT_IN = ("TFG9",)


class ConfigError(Exception):
    """A setting that cannot be obeyed. The text is one line that says what to write instead."""


@dataclass(frozen=True, slots=True)
class Options:
    """The codes to report, as prefixes: the longest one that fits a code decides, ``ignore`` wins a tie."""

    select: tuple[str, ...] = ("TFG",)
    ignore: tuple[str, ...] = OPT_IN

    def reports(self, code: str) -> bool:
        """Whether findings with this code are wanted."""
        return _longest(self.select, code) > _longest(self.ignore, code)


def _longest(prefixes: Iterable[str], code: str) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)


def options(
    select: Sequence[str] | None,
    ignore: Sequence[str] | None,
    extend_select: Sequence[str] | None,
    known: Sequence[str],
) -> Options:
    """The options that flags of comma-separated codes ask for; ``known`` are the codes that exist.

    As in flake8, a ``select`` replaces the defaults: what it names is reported, opt-in or not.
    """
    asked = codes(select, known) if select is not None else ("TFG",)
    default_ignore = OPT_IN if select is None else ()
    return Options(
        select=asked + codes(extend_select, known),
        ignore=default_ignore + codes(ignore, known),
    )


def tensorflow_version(text: str | None) -> None:
    """Refuse what ``--tensorflow-version`` gives and is no version."""
    if text is not None:
        from tfgradlint.knowledge import versions  # flake8 loads this module for every project

        try:
            versions.parse(text)
        except versions.VersionError as error:
            raise ConfigError(f"--tensorflow-version: {error}") from error


def codes(values: Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    """The codes and prefixes that flags name, each of them the beginning of a known code."""
    named = [code for value in values or () for code in re.split(r"[,\s]+", value) if code]
    for code in named:
        if not any(one.startswith(code) for one in known):
            near = difflib.get_close_matches(code.upper(), known, n=1, cutoff=0.0)
            raise ConfigError(f"no rule has a code like {code!r}; the nearest is {near[0] if near else 'none'}")
    return tuple(named)
