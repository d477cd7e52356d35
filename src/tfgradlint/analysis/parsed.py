"""A text and its trees: Python's own, for what it says by itself, and the one that is interpreted."""

from __future__ import annotations

import ast
import re
from functools import partial
from typing import NamedTuple

import libcst as cst

from tfgradlint.analysis.texts import Kept
from tfgradlint.flow.machine.prescan import Prescan
from tfgradlint.flow.machine.stacks import NoStack, on_another

#: libcst's native parser recurses on the C stack. Trees nested this deeply get a stack of their own; deeper ones
#: are not parsed.
_SHALLOW, _DEEPEST = 250, 3000
#: Brackets around a pattern are not in Python's tree, and libcst takes twice as long for each.
_BRACKETED_CASE = re.compile(r"^[ \t]*case\b[ \t]*(?:[(\[{][ \t\n]*){9}", re.MULTILINE)
_STACK = 256 * 1024 * 1024


class NotAnalysed(Exception):
    """The text is Python, but cannot be analysed; the message says why."""


class Parsed(NamedTuple):
    """A text and its trees. Nothing changes them: many runs may use them."""

    text: str
    tree: ast.Module
    module: cst.Module
    prescan: Prescan


def parsed(text: str, tree: ast.Module | None = None) -> Parsed:
    """Parse a text. ``tree`` is its syntax tree where the caller has parsed it already.

    Raises:
        SyntaxError: Python's own parser refuses the text.
        NotAnalysed: it is nested too deeply, or libcst cannot parse it.
    """
    if tree is None:
        tree = ast.parse(text)
    prescan = Prescan(tree)
    if prescan.depth > _DEEPEST or _BRACKETED_CASE.search(text):
        raise NotAnalysed("it is nested too deeply")
    try:
        module = cst.parse_module(text) if prescan.depth < _SHALLOW else _parse_deep(text)
    except cst.ParserSyntaxError as error:
        message = str(error.message).splitlines()[0]
        raise NotAnalysed(f"libcst cannot parse it: line {error.raw_line}: {message}") from error
    return Parsed(text, tree, module, prescan)


#: A tree of libcst takes some 300 bytes for each character.
_KEPT: Kept[Parsed] = Kept(600_000)


def kept(text: str, tree: ast.Module) -> Parsed:
    """The trees of a text, which are kept for the next file that needs them.

    In one run they stand for one module: what is in it is known by its nodes.

    Raises:
        NotAnalysed: it is nested too deeply, or libcst cannot parse it.
    """
    return _KEPT.get(text, lambda: parsed(text, tree))


def _parse_deep(text: str) -> cst.Module:
    """Parse on a stack that is large enough for deeply nested code."""
    try:
        return on_another(partial(cst.parse_module, text), _STACK)
    except NoStack as error:
        raise NotAnalysed("it is nested deeply, and there is no memory for the stack to parse it on") from error
