"""The program's own words, as messages quote them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from tfgradlint.analysis.positions import Places
from tfgradlint.analysis.results import CALLS, RESULTS, Assumed
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.verdict.judgements import ARRIVING

#: What is longer is cut short: a message is one line.
_WIDTH = 60
#: What is no longer than the dots that would stand for it.
_DOTS = 3
#: What does not stand at the end of what is quoted.
_SIGNS = frozenset("+ - * / // @ ** % = < > <= >= == != & | ^ and or not in is if else for lambda -=  += *= /=".split())
#: Attributes under which an object has its weights.
_WEIGHTS = ("trainable_variables", "trainable_weights", "variables", "weights")


class Wording:
    """Quotes a program."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def text(self, node: cst.CSTNode) -> str:
        """An expression or a statement on one line, without comments, cut short where it is long."""
        lines = self.code(node).splitlines()
        return shortened(" ".join(" ".join(_without_comment(line).split()) for line in lines))

    def code(self, node: cst.CSTNode) -> str:
        """The same as it is written."""
        return self._places.code(node)

    def where(self, site: Site) -> str:
        """The line of a step, and its file where that is not the judged one."""
        line, path = self._places.position(site).line, self._places.path(site)
        return f"in {self._places.relative(path)}:{line}" if path else f"on line {line}"


def shortened(text: str) -> str:
    """A text on one line, as short as messages want it."""
    text = text.replace("( ", "(").replace(" )", ")").replace("[ ", "[").replace(" ]", "]").strip()
    while len(text) > _WIDTH:
        elided = _elided(text)
        if elided is None:
            return f"{_whole_words(text)} ..."
        text = elided
    return text


def _elided(text: str) -> str | None:
    """A text with dots in the place of what stands last between two brackets: where the least has to go."""
    groups: list[tuple[int, int]] = []
    opened: list[int] = []
    for at, character in _outside_strings(text):
        if character in "([{":
            opened.append(at)
        elif character in ")]}" and opened:
            start = opened.pop() + 1
            if at - start > _DOTS:
                groups.append((start, at))
    if not groups:
        return None
    enough = [(start, end) for start, end in groups if len(text) - (end - start) + _DOTS <= _WIDTH]
    start, end = (
        min(enough, key=lambda each: each[1] - each[0]) if enough else max(groups, key=lambda each: each[1] - each[0])
    )
    room = _WIDTH - len(text) + (end - start) - _DOTS
    kept = [at for at in _commas(text[start:end]) if at + 2 <= room]
    return f"{text[:start]}{text[start : start + kept[-1]] + ', ' if kept else ''}...{text[end:]}"


def _commas(text: str) -> Iterator[int]:
    """Where a text has commas that stand in no brackets of its own."""
    depth = 0
    for at, character in _outside_strings(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            yield at


def _whole_words(text: str) -> str:
    """As many words of a text as fit, with all brackets closed and without a sign at the end."""
    depth, end, shown = 0, 0, text[: _WIDTH - 4]
    for at, character in _outside_strings(shown):
        depth += (character in "([{") - (character in ")]}")
        if character == " " and not depth:
            end = at
    found = shown[:end].rstrip()
    while found and found.rpartition(" ")[2] in _SIGNS:
        found = found.rpartition(" ")[0]
    return found or shown


def _outside_strings(text: str) -> Iterator[tuple[int, str]]:
    """The characters that stand in no string, each with its place."""
    quote = ""
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        else:
            yield at, character


def under_assumptions(assumed: Assumed, source: str) -> str:
    """A verdict on a source, and when it holds: ``flows if model and loss_fn pass gradients``."""
    names = assumed.assumes
    if assumed.verdict in ARRIVING:
        return f"{assumed.verdict} if {_passing(names)}"
    verdict = "None" if assumed.verdict == "none" else assumed.verdict
    if assumed.part:
        verdict, source = f"None for {assumed.part}", assumed.part
    if assumed.about == CALLS:
        return f"{verdict} unless {listed(names, 'or')} {_many(names, 'reads')} {owner(source)} in another way"
    return f"{verdict} unless {_another_name(assumed, source)}"


def rests_on(assumed: Assumed, source: str) -> str:
    """What a message says behind ``returns None``: `` unless loss_fn() reads the weights of model in another way``."""
    if assumed.verdict in ARRIVING:
        return f" if {_passing([f'{name}()' for name in assumed.assumes])}"
    return f"{f' for {assumed.part}' if assumed.part else ''} unless {_unless(assumed, assumed.part or source)}"


def _passing(names: Sequence[str]) -> str:
    return f"{listed(names, 'and')} {'passes' if len(names) == 1 else 'pass'} gradients"


def _unless(assumed: Assumed, source: str) -> str:
    whose = owner(source)
    what = whose if whose == source else f"the weights of {whose}"
    names = [f"{name}()" for name in assumed.assumes]
    if assumed.about == CALLS:
        return f"{listed(names, 'or')} {_many(names, 'reads')} {what} in another way"
    return _another_name(assumed, source)


def _another_name(assumed: Assumed, source: str) -> str:
    whose = owner(source)
    what = whose if whose == source else f"a weight of {whose}"
    if assumed.about == RESULTS:
        return f"{listed([f'{name}()' for name in assumed.assumes], 'or')} returned {what}"
    return f"{listed(assumed.assumes, 'or')} is {what}"


def _many(names: Sequence[str], verb: str) -> str:
    return verb if len(names) == 1 else verb.removesuffix("s")


def owner(source: str) -> str:
    """Whose weights a source stands for, where it is a list of them: ``model`` of ``model.trainable_variables``."""
    name, dot, attribute = source.rpartition(".")
    return name if dot and attribute.partition("[")[0] in _WEIGHTS else source


def listed(names: Sequence[str], word: str) -> str:
    """Names in a sentence: ``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last


def _without_comment(line: str) -> str:
    """A line of an expression without the comment behind it. A ``#`` inside a string stays with its string."""
    before, hash_, _ = line.partition("#")
    return line if not hash_ or before.count('"') % 2 or before.count("'") % 2 else before
