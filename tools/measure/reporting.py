"""What the whole measurement tells besides the data: how much is covered, and which gradients are finite and wrong."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfgradlint.knowledge import versions as knowledge_versions
from tools.measure import writing

DOCS = writing.FOLDER.parents[2] / "docs"
_KINDS = {
    "straight-through": (
        "Flows though the value does not move",
        "The output does not change with the argument, and TensorFlow hands a gradient through all the same: what "
        "straight-through estimators are made of. Nothing is lost, but nothing is differentiated either.",
    ),
    "another at every run": (
        "Another at every run",
        "The same call gives another gradient each time: something in it was never computed.",
    ),
    "zero though the value moves": (
        "Zero though the value moves",
        "The output changes with the argument, and TensorFlow gives zeros.",
    ),
    "zero at some points only": (
        "Zero at the points that were tried first",
        "The gradient was zero there, but the output moves: the samples lay where the function is saturated, or does "
        "not use the argument. The data says nothing of these.",
    ),
    "wrong": (
        "Finite and wrong",
        "The gradient is another number than the slope of the function, at a point where the function has one.",
    ),
}
_HEAD = "<!-- Written by `python -m tools.measure`. -->\n"


@dataclass(frozen=True)
class Count:
    """The callables of one namespace."""

    floats: int
    measured: int
    others: int
    left_out: int

    def row(self, name: str) -> tuple[str, ...]:
        share = f"{100 * self.measured // self.floats} %" if self.floats else ""
        return name, str(self.floats), str(self.measured), share, str(self.others), str(self.left_out)


def namespace(name: str) -> str:
    """``tf.math`` of ``tf.math.abs``, and ``tf.Tensor`` of its members."""
    return name.rpartition(".")[0]


def counts(entries: Iterable[str], problems: Iterable[str], left_out: Iterable[str], floats: Iterable[str]) -> Any:
    """By namespace, and of all: what is measured."""
    takes = set(floats)
    table: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for column, names in (("measured", entries), ("problem", problems), ("left out", left_out)):
        for name in names:
            kind = column if column == "left out" else f"{column}, {name in takes}"
            for row in (namespace(name), "all"):
                table[row][kind] += 1
    return {
        name: Count(
            row["measured, True"] + row["problem, True"],
            row["measured, True"],
            row["measured, False"],
            row["left out"] + row["problem, False"],
        )
        for name, row in sorted(table.items(), key=lambda pair: (pair[0] == "all", pair[0]))
    }


def print_uncompared(uncompared: Mapping[str, str]) -> None:
    """Prints how many gradients could not be held against differences, and why."""
    print(f"{len(uncompared)} callables have a gradient that was not held against a difference")
    for name, reason in sorted(uncompared.items()):
        print(f"  {name}: {reason}")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def write_coverage(
    table: Mapping[str, Count], versions: Mapping[str, str], reasons: Mapping[str, str], newest: bool = True
) -> None:
    """Prints the table and writes it as a page; of an older version only the last line is written, beside others'."""
    print(f"{'namespace':34}{'take floats':>12}{'measured':>10}{'share':>7}{'others':>8}{'left out':>10}")
    for name, count in table.items():
        row = count.row(name)
        print(f"{row[0]:34}{row[1]:>12}{row[2]:>10}{row[3]:>7}{row[4]:>8}{row[5]:>10}")
    page = DOCS / "coverage.md"
    totals = {**_totals(page), versions["tensorflow"]: table["all"].row(versions["tensorflow"])}
    if not newest:
        before = page.read_text(encoding="utf-8").partition(_VERSIONS)[0]
        writing.replace(page, before + _by_version(totals))
        return
    lines = [_HEAD + "# What is measured", ""]
    told = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    lines += [f"Measured with {told}.", ""]
    lines += [
        "A callable counts as taking floats where it takes a floating-point or complex tensor, or where it could not",
        "be called and nobody knows. Left out is what calls back into the user's code, touches files, devices or the",
        "process, or cannot be called by itself; each name with its reason stands in",
        "`src/tfgradlint/knowledge/unmeasured.txt`.",
        "",
        "| namespace | take floats | of these measured | share | take none, measured | left out |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [f"| {' | '.join(count.row(name))} |" for name, count in table.items()]
    why = collections.Counter(reasons.values())
    lines += ["", "Why callables are left out:", "", "| reason | callables |", "| --- | ---: |"]
    lines += [f"| {reason} | {number} |" for reason, number in sorted(why.items(), key=lambda p: (-p[1], p[0]))]
    writing.replace(page, "\n".join(lines) + "\n" + _by_version(totals))


_VERSIONS = "\n## By version\n"


def _totals(page: Path) -> dict[str, tuple[str, ...]]:
    """The last line of the table of every version, as the page has them."""
    text = page.read_text(encoding="utf-8").partition(_VERSIONS)[2] if page.exists() else ""
    rows = [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in text.splitlines() if line[:3] == "| 2"]
    return {row[0]: row for row in rows}


def _by_version(totals: Mapping[str, tuple[str, ...]]) -> str:
    minors = {knowledge_versions.parse(text): row for text, row in sorted(totals.items())}
    lines = [_VERSIONS, "| TensorFlow | take floats | of these measured | share | take none, measured | left out |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: |")
    lines += [f"| {' | '.join(row)} |" for _, row in sorted(minors.items(), reverse=True)]
    return "\n".join(lines) + "\n"


def write_wrong(notes: Mapping[str, list[list[Any]]], uncompared: Mapping[str, str]) -> None:
    """Writes the gradients that do not agree with the slope: a plain file beside the data, and a page."""
    rows = sorted(
        (kind, name, argument, output, where, tape, slope)
        for name, found in notes.items()
        for output, argument, kind, where, tape, slope in found
    )
    plain = ["# Gradients that are not the slope: kind; callable; argument; output; where."]
    plain += [f"{kind}; {name}; {argument}; {output}; {where}" for kind, name, argument, output, where, *_ in rows]
    writing.replace(writing.FOLDER / "wrong_gradients.txt", "\n".join(plain) + "\n")
    lines = [_HEAD + "# Gradients that are not the slope", ""]
    lines += [
        "Each gradient was held against a numerical difference along one direction of the argument, at generic points",
        "and at points where one element is zero; where a function has a kink nothing is compared. Random functions",
        "and members of variables that change these are not compared either; what else could not be compared stands",
        "at the end. The slopes are rounded. Arguments that depend on each other, such as those of the gradients of",
        "other operations in `tf.raw_ops`, are taken as independent: the slope is a partial one.",
    ]
    for kind, (title, explanation) in _KINDS.items():
        own = [row for row in rows if row[0] == kind]
        lines += ["", f"## {title}", "", explanation, ""]
        if own:
            lines += [
                "| callable | argument | output | where | gradient | slope |",
                "| --- | --- | ---: | --- | ---: | ---: |",
            ]
        for _, name, argument, output, where, tape, slope in own:
            values = ("", "") if tape == slope else (f"{tape:g}", f"{slope:g}")
            lines.append(f"| `{name}` | `{argument}` | {output} | {where} | {values[0]} | {values[1]} |")
        lines += [] if own else ["None was found."]
    lines += ["", "## Not compared", "", f"{len(uncompared)} callables have a gradient that was not compared.", ""]
    lines += ["| callable | why |", "| --- | --- |"] if uncompared else []
    lines += [f"| `{name}` | {_cell(reason)} |" for name, reason in sorted(uncompared.items())]
    writing.replace(DOCS / "wrong-gradients.md", "\n".join(lines) + "\n")
