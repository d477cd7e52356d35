"""What is known of a layer of Keras, as a page of plain text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from tfgradlint.knowledge import Param
from tfgradlint.knowledge.layers import LayerFacts, Switch
from tfgradlint.knowledge.lookup import FoundLayer
from tfgradlint.reports.operation import entry, limited, narrow, word
from tfgradlint.reports.text import table

_HEADER = ("gradient towards", "is", "there", "in inference", "in training")
_OTHER = {"weights": "other weights", "gradients": "other gradients", "passes": "its input itself in another mode"}


def pages(found: Sequence[FoundLayer], width: int) -> Iterator[str]:
    """The lines of the pages, no longer than a terminal of ``width`` columns where words can be parted."""
    width = limited(width)
    for number, one in enumerate(found):
        if number:
            yield ""
        yield from _page(one, width)


def _page(found: FoundLayer, width: int) -> Iterator[str]:
    facts = found.facts
    heading = f"keras.layers.{facts.name} in Keras {found.keras} with TensorFlow {found.tensorflow}"
    yield from textwrap.wrap(heading, width, break_long_words=False)
    yield ""
    if found.aliases:
        yield from entry("also", ", ".join(f"keras.layers.{alias}" for alias in found.aliases), width)
    yield from entry("takes", _signature(facts.params), width)
    yield from entry("is given", _signature(facts.call), width)
    told = [f"the same in {', '.join(found.same)}"]
    told += [f"otherwise in {', '.join(found.differing)}"] if found.differing else []
    told += [f"nothing is known of it in {', '.join(found.missing)}"] if found.missing else []
    yield from entry("versions", "; ".join(told), width)
    rows = list(_rows(facts))
    if rows:
        yield ""
        lines = list(table(_HEADER, rows))
        yield from lines if max(map(len, lines)) <= width else narrow(_HEADER, rows, width)
    remarks = list(_remarks(facts))
    if remarks:
        yield ""
    for remark in remarks:
        yield from textwrap.wrap(remark, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _signature(params: Sequence[Param]) -> str:
    return ", ".join(f"{each.name}={each.default}" if each.default else each.name for each in params) or "nothing"


def _rows(facts: LayerFacts) -> Iterator[tuple[str, ...]]:
    for name, words in facts.inputs.items():
        yield name, "input", "", word(words.inference), word(words.training)
    for weight in facts.weights:
        words = weight.words
        yield weight.name, "weight", _condition(weight.switch), word(words.inference), word(words.training)
    for name in facts.frozen:
        yield name, "frozen weight", "always", "", ""


def _condition(switch: Switch | None) -> str:
    if switch is None:
        return "always"
    value = "" if switch.value is None else f"={switch.value!r}"
    return f"{'without' if switch.reverse else 'with'} {switch.param}{value}"


def _remarks(facts: LayerFacts) -> Iterator[str]:
    if facts.wraps:
        yield f"It holds what is given as {facts.wraps}: the weights are those of an example."
    for param, form in facts.returns.items():
        yield f"{f'With {param} it' if param else 'It'} returns: {form}."
    if facts.dtype:
        yield f"What it returns is {facts.dtype}."
    if facts.passes:
        yield f"It returns its very input {'always' if facts.passes == 'always' else f'in {facts.passes}'}."
    if facts.seeds.number:
        params = (" and " if facts.seeds.all else " or ").join(facts.seeds.params)
        number = facts.seeds.number
        yield f"It keeps {number} state{'s' * (number > 1)} of random numbers{params and f', with {params}'}."
    for aspect, told in _OTHER.items():
        labels = [label for label, own in facts.other.items() if own == aspect]
        if labels:
            yield f"It has {told} with: {', '.join(labels)}."
    if facts.untried:
        yield f"Not tried: {', '.join(sorted(facts.untried))}."
