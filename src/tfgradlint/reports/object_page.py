"""What is known of a class of TensorFlow Probability, or of a method of one, as a page of plain text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from tfgradlint.knowledge.objects import OF_SAMPLE, FoundObject
from tfgradlint.reports.operation import cases, entry, limited, rows, signature, tabulated

_READ = {"later": "whenever a method is called", "now": "when it is made", "number": "was tried as a number only"}

_SILENT = "Nothing is known of arguments that are not listed."


def pages(found: Sequence[FoundObject], width: int) -> Iterator[str]:
    """The lines of the pages, no longer than a terminal of ``width`` columns where words can be parted."""
    width = limited(width)
    for number, one in enumerate(found):
        if number:
            yield ""
        yield from _page(one, width)


def _page(found: FoundObject, width: int) -> Iterator[str]:
    measured = found.measured
    library = f"TensorFlow Probability {measured['tensorflow-probability']} with TensorFlow {measured['tensorflow']}"
    yield from textwrap.wrap(f"{found.known.name} in {library}", width, break_long_words=False)
    yield ""
    yield from entry("takes", signature(found.known), width)
    if not found.methods:
        yield from cases(found.known, width)
        yield ""
        yield from textwrap.wrap(_SILENT, width)
        return
    for when, told in _READ.items():
        parameters = [one.name for one in found.known.params if found.reads.get(one.name) == when]
        if parameters:
            yield from entry("reads" if when != "number" else "", f"{', '.join(parameters)}: {told}", width)
    same = [name for name, known in found.methods.items() if known.cases[0].outputs[0].alias == name]
    if same:
        yield from entry("has", f"{', '.join(same)}: the very tensors or variables that it was given", width)
    yield ""
    yield from tabulated(
        "method", [row for name in found.methods if name not in same for row in _rows(found, name)], width
    )
    yield ""
    yield from textwrap.wrap(_SILENT, width)
    if found.remembers:
        told = f"Where the same tensor is given again, another tape may get no gradient towards {found.remembers}."
        yield from textwrap.wrap(told, width)
    for name, known in found.methods.items():
        if len(known.cases) > 1:
            yield from textwrap.wrap(f"With other options of {name} than usual: see {known.name}.", width)
    for name, why in found.unmeasured.items():
        yield from textwrap.wrap(f"{name} was not measured: {why}", width, subsequent_indent="  ")


def _rows(found: FoundObject, method: str) -> Iterator[tuple[str, ...]]:
    """The rows of a method's usual call; it is named in the first of them."""
    name = f"{method.removesuffix(OF_SAMPLE)} of its draw" if method.endswith(OF_SAMPLE) else method
    case = found.methods[method].cases[-1]
    for output in case.outputs:
        for _, *cells in rows(case, 0, output):
            yield (name, *cells)
            name = ""
