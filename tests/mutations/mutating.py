"""Breaks programs a little: most mutants are still Python, as only those reach the interpreter."""

from __future__ import annotations

import ast
import io
import random
import tokenize
import warnings
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

#: Mutants that Python refuses are tried again, but for one in so many.
_BROKEN = 10
_TRIES = 12
_LAYOUT = frozenset(
    {tokenize.ENCODING, tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER}
)

Span = tuple[int, int]


class Source:
    """A program and where its tokens and lines stand."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens, self.names, self.statements = [], [], []  # type: tuple[list[Span], list[Span], list[Span]]
        self.lines: list[Span] = []
        begin = 0
        for line in io.StringIO(text, newline=""):
            self.lines.append((begin, begin + len(line)))
            begin += len(line)
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in _LAYOUT:
                continue
            span = self._at(token.start), self._at(token.end)
            self.tokens.append(span)
            if token.type == tokenize.NAME:
                self.names.append(span)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.stmt) and node.end_lineno is not None:
                self.statements.append((self.lines[node.lineno - 1][0], self.lines[node.end_lineno - 1][1]))
        self.statements.sort()

    def _at(self, place: tuple[int, int]) -> int:
        line, column = place
        return self.lines[line - 1][0] + column if line <= len(self.lines) else len(self.text)


@lru_cache(maxsize=2048)
def _source(text: str) -> Source:
    """The same program is taken apart once."""
    return Source(text)


def mutant(text: str, chance: random.Random) -> tuple[str, list[str]]:
    """A mutant of the text, and what was done to it."""
    wanted = chance.randrange(_BROKEN) > 0
    changed, done = text, ["nothing"]
    for _ in range(_TRIES):
        changed, done = _several(text, chance)
        if not wanted or parses(changed):
            break
    return changed, done


def parses(text: str) -> bool:
    """Whether Python takes the text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _several(text: str, chance: random.Random) -> tuple[str, list[str]]:
    done: list[str] = []
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
        try:
            source = _source(text)
        except (SyntaxError, ValueError, tokenize.TokenError):
            break
        name = chance.choice(list(_CHANGES))
        if source.tokens and source.names and source.statements:
            text = _CHANGES[name](source, chance)
            done.append(name)
    return text, done


def _without(text: str, span: Span) -> str:
    return text[: span[0]] + text[span[1] :]


def _exchanged(text: str, one: Span, other: Span) -> str:
    """The text with two spans swapped, if neither holds the other."""
    (a, b), (c, d) = sorted((one, other))
    return text if b > c else text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


def _drop_token(source: Source, chance: random.Random) -> str:
    return _without(source.text, chance.choice(source.tokens))


def _double_token(source: Source, chance: random.Random) -> str:
    begin, end = chance.choice(source.tokens)
    return source.text[:end] + " " + source.text[begin:end] + source.text[end:]


def _swap_neighbours(source: Source, chance: random.Random) -> str:
    pairs = list(pairwise(source.tokens))
    return _exchanged(source.text, *chance.choice(pairs)) if pairs else source.text


def _swap_tokens(source: Source, chance: random.Random) -> str:
    return _exchanged(source.text, chance.choice(source.tokens), chance.choice(source.tokens))


def _swap_names(source: Source, chance: random.Random) -> str:
    return _exchanged(source.text, chance.choice(source.names), chance.choice(source.names))


def _overwrite_name(source: Source, chance: random.Random) -> str:
    (begin, end), (first, last) = chance.choice(source.names), chance.choice(source.names)
    return source.text[:begin] + source.text[first:last] + source.text[end:]


def _overwrite_token(source: Source, chance: random.Random) -> str:
    begin, end = chance.choice(source.tokens)
    return source.text[:begin] + chance.choice(_STRANGE) + source.text[end:]


def _cut_line(source: Source, chance: random.Random) -> str:
    return _without(source.text, chance.choice(source.lines))


def _double_line(source: Source, chance: random.Random) -> str:
    begin, end = chance.choice(source.lines)
    return source.text[:end] + source.text[begin:end] + source.text[end:]


def _cut_lines(source: Source, chance: random.Random) -> str:
    first = chance.randrange(len(source.lines))
    last = min(first + chance.randrange(1, 12), len(source.lines) - 1)
    return _without(source.text, (source.lines[first][0], source.lines[last][1]))


def _cut_end(source: Source, chance: random.Random) -> str:
    return source.text[: chance.choice(source.tokens)[1]]


def _cut_statement(source: Source, chance: random.Random) -> str:
    return _without(source.text, chance.choice(source.statements))


def _swap_statements(source: Source, chance: random.Random) -> str:
    return _exchanged(source.text, chance.choice(source.statements), chance.choice(source.statements))


def _copy_statement(source: Source, chance: random.Random) -> str:
    begin, end = chance.choice(source.statements)
    place = chance.choice(source.statements)[0]
    return source.text[:place] + source.text[begin:end] + source.text[place:]


#: What no one would write in the place of a token.
_STRANGE = (
    "None", "...", "0", "-1", "1e999", "''", "b''", "()", "[]", "{}", "lambda: 0", "not", "*", "**", "@", ":=", "await",
    "yield", "self", "tf", "np", "tape", "tf.GradientTape()", "tape.gradient", "tape.gradient(loss, tape)", "[*w]",
    "super()", "int", "range(3)", "x[::]", "f'{x}'", "global x", "del", "return", "is", "in", "==", "(yield)",
)  # fmt: skip
_CHANGES: dict[str, Callable[[Source, random.Random], str]] = {
    "a token dropped": _drop_token,
    "a token doubled": _double_token,
    "neighbouring tokens swapped": _swap_neighbours,
    "two tokens swapped": _swap_tokens,
    "two names swapped": _swap_names,
    "a name over another": _overwrite_name,
    "a strange token": _overwrite_token,
    "a line cut": _cut_line,
    "a line doubled": _double_line,
    "some lines cut": _cut_lines,
    "the end cut": _cut_end,
    "a statement cut": _cut_statement,
    "two statements swapped": _swap_statements,
    "a statement copied": _copy_statement,
}
