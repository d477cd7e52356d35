"""The table of proven outcomes on the page of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tfgradlint.evidence.programs import Program, Versions
from tfgradlint.evidence.prove import examples, told
from tfgradlint.knowledge import versions
from tfgradlint.knowledge.layers import keras_of
from tfgradlint.rules.base import Rule
from tools.prove_rules import Record, digest, number, read

MODES = {"eager": "eager", "function": "`tf.function`", "jit": "XLA"}
NOT_RUN = "not run"

_SECTION = """
## Proven outcomes
What TensorFlow gives for the two programs: a request's sources are parted by commas, requests by strokes. The words are
told in the [index](index.md#how-to-read-a-page).

{table}
"""


def section(rule: Rule) -> str:
    """The section, empty for a rule that speaks of no outcome."""
    programs = examples(rule)
    if programs is None:
        return ""
    known = [version for version in shown() if version != newest()]
    rows = ["| program | mode | " + " | ".join([newest(), *known]) + " |", "| --- " * (len(known) + 3) + "|"]
    for name, program in zip(("Example", "Use instead"), programs, strict=True):
        for mode in program.modes:
            cells = [observed(program, mode, version) for version in (newest(), *known)]
            if cells[0] == NOT_RUN:
                cells[0] = claimed(program, mode, newest())
            rows.append(f"| {name} | {MODES[mode]} | " + " | ".join(cells) + " |")
    return _SECTION.format(table="\n".join(rows))


def newest() -> str:
    """The version under which the tests hold what the comments of the examples say."""
    return versions.name(versions.available()[-1])


def shown() -> list[str]:
    """The versions that were tried, the newest first."""
    return sorted({*_record(), newest()}, key=number, reverse=True)


def claimed(program: Program, mode: str, version: str) -> str:
    """What the comments say of a version; a test fails where the installed TensorFlow does something else."""
    parsed = versions.parse(version)
    claims = program.specification(mode, Versions(parsed, keras_of("keras.", parsed)))
    return _cell(told(claims.outcomes.values(), claims.training.values(), claims.raises.values()))


def observed(program: Program, mode: str, version: str) -> str:
    seen: Mapping[str, str] = _record()[version].get(digest(program), {})
    return _cell(seen[mode]) if mode in seen else NOT_RUN


def _cell(words: str) -> str:
    """Equal neighbours are told once, and sources that all get the same are counted."""
    cell: list[str] = []
    for word in words.replace("trains raises:", "the update raises ").replace("raises:", "").split(" / "):
        short = " then ".join(map(_counted, word.split(" | ")))
        if short not in cell[-1:]:
            cell.append(short)
    return " / ".join(cell)


def _counted(words: str) -> str:
    each = words.split(", ")
    return f"{len(each)} × {each[0]}" if len(each) > 2 and len(set(each)) == 1 else words


@cache
def _record() -> Record:
    return read()
