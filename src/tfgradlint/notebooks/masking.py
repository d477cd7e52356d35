"""Makes Python of a cell: lines that only IPython understands are masked, all others keep their line and column."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: What IPython itself puts in the place of a magic; to the analysis a call of which nothing is known.
_OPAQUE = "get_ipython()"
#: No statement of Python begins with one of these.
_ESCAPES = ("%", "!", "?", ",", ";", "/")
_HELP = re.compile(r"\s*%{0,2}[\w.*\[\]]+\s*\?{1,2}\s*;?\s*(?:#.*)?")
_ASSIGNED = re.compile(r"(\s*[\w.,\s*\[\]]+=\s*)[%!]\s*\S.*")
_MAGIC = re.compile(r"%\s*([\w.]+)(\s*)")
#: Line magics that run the rest of their line as Python where the other cells run.
_RUN_THE_LINE = ("time", "prun")
#: Line magics that may bind any name.
_BIND_ANYTHING = ("run", "store")
#: Cell magics whose body is Python, run where the other cells run.
_RUN_THE_CELL = ("capture", "debug", "ipytest", "memit", "prun", "time", "timeit")
_INTEREST = re.compile(r"\"\"\"|'''|[\"'#()\[\]{}]|\\$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the module: where it stands in the notebook, and what stands there if it was masked.

    ``line`` is 0 where nothing stands there.
    """

    text: str
    cell: int
    line: int
    masked: str | None = None


def lines(source: str, cell: int, bound: Sequence[str] = ()) -> list[Line] | None:
    """The lines of a cell, or None where it is not Python. ``bound`` are the names that may be bound before."""
    texts = source.split("\n")
    start = next((number for number, text in enumerate(texts) if text.strip()), len(texts))
    found = [Line(text, cell, number) for number, text in enumerate(texts[:start], 1)]
    while start < len(texts) and texts[start].startswith("%%"):
        name, *words = texts[start][2:].split() or [""]
        if name not in _RUN_THE_CELL:
            return None
        kept = [word for word in words if word.isidentifier()] if name == "capture" else []
        found.append(_mask(texts[start], cell, start + 1, f"{kept[-1]} = {_OPAQUE}" if kept else "pass"))
        start += 1
    if _indented(texts[start:]):  # IPython takes the indentation away
        found.append(Line("if True:", cell, 0))
    return found + list(_body(texts, start, cell, bound))


def _indented(texts: Sequence[str]) -> bool:
    filled = [text for text in texts if text.strip() and not text.lstrip().startswith("#")]
    return bool(filled) and all(text[0] in " \t" for text in filled)


def _body(texts: Sequence[str], start: int, cell: int, bound: Sequence[str]) -> Iterator[Line]:
    scanner = _Scanner()
    position = start
    while position < len(texts):
        text = texts[position]
        if not scanner.between_statements or not (mask := _replacement(texts, position, bound)):
            scanner.feed(text)
            yield Line(text, cell, position + 1)
            position += 1
            continue
        for replacement in mask:
            yield _mask(texts[position], cell, position + 1, replacement)
            position += 1


def _mask(text: str, cell: int, line: int, replacement: str) -> Line:
    # the remark makes the line unlike any other, so that it is found again in a text that was changed
    return Line(f"{replacement}  # <masked {cell}.{line}>", cell, line, text)


def _replacement(texts: Sequence[str], position: int, bound: Sequence[str]) -> list[str]:
    """What to write instead of the statement that begins there, line by line; nothing if it is Python's."""
    text = texts[position]
    bare = text.lstrip()
    indent = text[: len(text) - len(bare)]
    if assigned := _ASSIGNED.fullmatch(text):
        return _over(texts, position, assigned.group(1) + _OPAQUE)
    if _HELP.fullmatch(text):
        return [f"{indent}pass"]
    if not bare.startswith(_ESCAPES):
        return []
    magic = _MAGIC.match(bare)
    if magic is None:
        return _over(texts, position, indent + _OPAQUE)
    if magic.group(1) in _RUN_THE_LINE and (kept := _kept(texts, position, len(indent) + magic.end())):
        return kept
    opaque = _OPAQUE
    if magic.group(1) in _RUN_THE_LINE + _BIND_ANYTHING:
        opaque = " = ".join([*bound, _OPAQUE])
    return _over(texts, position, indent + opaque)


def _over(texts: Sequence[str], position: int, first: str) -> list[str]:
    """``first`` and an empty line for each line that a backslash joins to it."""
    replaced = [first]
    while texts[position].endswith("\\") and position + 1 < len(texts):
        position += 1
        replaced.append("")
    return replaced


def _kept(texts: Sequence[str], position: int, column: int) -> list[str]:
    """The statement behind a magic where it stands, if it is a simple one on one line."""
    text = texts[position]
    before, statement = text[:column], text[column:]
    try:
        body = ast.parse(statement).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    if not body or any(hasattr(each, "body") for each in body):
        return []
    indent = before[: len(before) - len(before.lstrip())]
    return [f"{indent}pass;".ljust(column) + statement]


class _Scanner:
    """Tells whether a line begins a statement, or stands inside a string or brackets."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._joined = False

    @property
    def between_statements(self) -> bool:
        return not (self._depth or self._quote or self._joined)

    def feed(self, line: str) -> None:
        position = 0
        self._joined = False
        while position < len(line):
            if self._quote:
                position = self._string(line, position)
                continue
            token = _INTEREST.search(line, position)
            if token is None or token.group() == "#":
                break
            position = token.end()
            if token.group() in "([{":
                self._depth += 1
            elif token.group() in ")]}":
                self._depth = max(0, self._depth - 1)
            elif token.group() == "\\":
                self._joined = True
            else:
                self._quote = token.group()
        if len(self._quote) == 1 and not line.endswith("\\"):
            self._quote = ""

    def _string(self, line: str, position: int) -> int:
        """Where the string that is open ends on this line, or the line."""
        for found in re.finditer(rf"\\.|{self._quote}", line[position:]):
            if found.group() == self._quote:
                self._quote = ""
                return position + found.end()
        return len(line)


def names_bound(found: Sequence[Line]) -> list[str]:
    """The names that the statements of a cell bind, for magics that may bind them anew."""
    try:
        tree = ast.parse("\n".join(line.text for line in found))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    inside = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    targets = [
        node.id
        for statement in tree.body
        if not isinstance(statement, inside)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return list(dict.fromkeys(targets))
