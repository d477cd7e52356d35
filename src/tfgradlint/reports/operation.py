"""What is known of a callable, as a page of plain text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from tfgradlint.knowledge import Case, OperationFacts, Output
from tfgradlint.knowledge.differences import condition
from tfgradlint.knowledge.lookup import Found
from tfgradlint.reports.text import table

_WIDEST, _NARROWEST = 110, 40
_HEADER = ("is", "argument", "gradient", "second derivative", "of a variable", "of a complex tensor")
_KINDS = {
    "variable": "variable",
    "array": "NumPy array",
    "python": "Python value",
    "none": "None",
    "ragged": "ragged tensor",
    "sparse": "sparse tensor",
    "slices": "indexed slices",
    "list": "list of tensors",
    "other": "something else",
}


def pages(found: Sequence[Found], width: int) -> Iterator[str]:
    """The lines of the pages, no longer than a terminal of ``width`` columns where words can be parted."""
    width = limited(width)
    for number, one in enumerate(found):
        if number:
            yield ""
        yield from _page(one, width)


def limited(width: int) -> int:
    """The width of a page on a terminal of so many columns."""
    return max(_NARROWEST, min(width, _WIDEST))


def _page(found: Found, width: int) -> Iterator[str]:
    known = found.known
    yield from textwrap.wrap(f"{known.name} in TensorFlow {found.tensorflow}", width, break_long_words=False)
    yield ""
    if found.aliases:
        yield from entry("also", ", ".join(found.aliases), width)
    yield from entry("takes", signature(known), width)
    yield from _versions(found, width)
    yield from cases(known, width)


def cases(known: OperationFacts, width: int) -> Iterator[str]:
    """The tables of a callable, one for each condition, each below an empty line."""
    for case in known.cases:
        yield ""
        if case.when:
            yield from textwrap.wrap(f"Where {condition(case.when)}:", width, subsequent_indent="  ")
        yield from _case(case, width)


def entry(label: str, text: str, width: int) -> list[str]:
    """A line or more that begin with a label."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=f"{label:<10}",
        subsequent_indent=" " * 10,
        break_long_words=False,
        break_on_hyphens=False,
    )


def signature(known: OperationFacts) -> str:
    """The parameters as in a definition."""
    texts: list[str] = []
    star = False
    for parameter in known.params:
        mark = {"var_positional": "*", "var_keyword": "**"}.get(parameter.kind, "")
        if parameter.kind == "keyword" and not star:
            texts.append("*")
        star = star or parameter.kind in ("keyword", "var_positional")
        texts.append(f"{mark}{parameter.name}{'=' + parameter.default if parameter.default else ''}")
    return ", ".join(texts) or "nothing"


def _versions(found: Found, width: int) -> Iterator[str]:
    same = [version.tensorflow for version in found.versions if version.known and not version.changes]
    yield from entry("versions", f"the same gradients in {', '.join(same)}", width)
    for version in found.versions:
        if not version.known:
            yield from entry("", f"{version.tensorflow}: nothing is known of it", width)
        for change in version.changes:
            told = f"{version.tensorflow}: {change.what()}: {word(change.before)} instead of {word(change.after)}"
            yield from entry("", told, width)


def _case(case: Case, width: int) -> Iterator[str]:
    if case.returns.startswith("raises"):
        yield f"The call {word(case.returns)}."
        return
    told = [row for number, output in enumerate(case.outputs) for row in rows(case, number, output)]
    if not told:
        yield "It returns nothing that a gradient could be of."
        return
    if not any(any(row[2:]) for row in told):
        yield from textwrap.wrap(f"It returns: {', '.join(row[1] for row in told)}.", width)
        return
    yield from tabulated("output", told, width)
    yield from _remarks(case, width)


def tabulated(first: str, told: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    """The rows as a table, without columns in which nothing stands; ``first`` heads the first of them."""
    titles = (first, *_HEADER)
    filled = [column for column in range(len(titles)) if any(row[column] for row in told)]
    header = tuple(titles[column] for column in filled)
    cells = [tuple(row[column] for column in filled) for row in told]
    lines = list(table(header, cells))
    yield from lines if max(map(len, lines)) <= width else narrow(header, cells, width)


def _remarks(case: Case, width: int) -> Iterator[str]:
    """What holds for the whole call."""
    if case.single:
        yield from textwrap.wrap(f"Where {case.single} is a list of one tensor, that very tensor is returned.", width)
    if case.unwatched:
        names = " and ".join(case.unwatched)
        yield from textwrap.wrap(f"No tape comes to watch a variable that is given as {names}.", width)


def narrow(header: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> Iterator[str]:
    """The table as a list, for where it is too wide."""
    for row in rows:
        told = "; ".join(f"{label} {cell}" for label, cell in zip(header, row, strict=True) if cell)
        yield from textwrap.wrap(told, width, initial_indent="- ", subsequent_indent="  ")


def rows(case: Case, number: int, output: Output) -> Iterator[tuple[str, ...]]:
    """A row for each argument with a gradient; the output is named in the first of its rows."""
    name = case.fields[number] if case.fields else str(number) if len(case.outputs) > 1 else ""
    if case.returns == "sequence":
        name = "each"
    described = name, kind(output)
    arguments = list(dict.fromkeys((*output.effects, *output.of_variable, *output.of_complex)))
    for argument in arguments or [""]:
        first = word(output.effects.get(argument, ""))
        if argument in output.slices:
            first = f"{first}, may be IndexedSlices"
        others = (output.second, output.of_variable, output.of_complex)
        yield (*described, argument, first, *(word(one.get(argument, "")) for one in others))
        described = "", ""


def kind(output: Output) -> str:
    """What an output is, in a few words."""
    if output.kind == "tensor" and not output.dtype:
        what = "tensor"
    elif output.dtype.startswith("="):
        what = f"{_KINDS.get(output.kind, 'tensor')} of {output.dtype[1:]}'s dtype"
    else:
        what = f"{output.dtype} {_KINDS.get(output.kind, 'tensor')}".strip()
    if output.alias == "?":
        return f"{what}, at times an argument itself"
    return f"{what}, or {output.alias} itself" if output.alias else what


def word(outcome: str) -> str:
    """An outcome as it is printed: ``raises LookupError``."""
    return {"array": "a NumPy array comes out"}.get(outcome, outcome.replace("raises:", "raises "))
