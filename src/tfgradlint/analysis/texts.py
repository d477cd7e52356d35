"""Texts that were parsed are kept: the files of a project import the same modules, and each is judged by itself too."""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from tfgradlint.analysis.outline import Outline, outline
from tfgradlint.analysis.parsing import parse

_Made = TypeVar("_Made")

#: Characters of texts whose trees of Python are kept: these take some 50 bytes for each.
_CHARACTERS = 1_000_000


class Kept(Generic[_Made]):
    """What was made of texts, those that were asked for last, of so many characters together."""

    def __init__(self, characters: int) -> None:
        self._most = characters
        self._made: OrderedDict[str, _Made] = OrderedDict()
        self._characters = 0

    def get(self, text: str, make: Callable[[], _Made]) -> _Made:
        """What was made of a text before, or is made now. Nothing is kept of what raises."""
        if text in self._made:
            self._made.move_to_end(text)
            return self._made[text]
        made = self._made[text] = make()
        self._characters += len(text)
        while self._characters > self._most and len(self._made) > 1:
            self._characters -= len(self._made.popitem(last=False)[0])
        return made


class Text:
    """A text, and what Python makes of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree: ast.Module = parse(text)
        self._outlined: _Outlined | None = None

    def outline(self, own: Callable[[str], bool]) -> Outline:
        """What it does when it is imported; ``own`` says whether the program has a module of that name at the top."""
        known = self._outlined
        if known is None or any(own(name) is not answer for name, answer in known.asked.items()):
            asked: dict[str, bool] = {}

            def ask(name: str) -> bool:
                asked[name] = own(name)
                return asked[name]

            known = self._outlined = _Outlined(outline(self.text, self.tree, ask), asked)
        return known.outline


class _Outlined(NamedTuple):
    """An outline, and what was asked for it."""

    outline: Outline
    asked: dict[str, bool]


_KEPT: Kept[Text] = Kept(_CHARACTERS)


def kept_text(text: str) -> Text:
    """What Python makes of a text.

    Raises:
        SyntaxError: Python's own parser refuses the text.
        ValueError, MemoryError, RecursionError: it fails in another way.
    """
    return _KEPT.get(text, lambda: Text(text))
