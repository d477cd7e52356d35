"""Makes Python of a cell: lines that only IPython understands are masked, all others keep their line and column."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tfgradlint.analysis.parsing import parse

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
#: Cell magics whose body is no Python, or is Python that runs elsewhere. IPython's own, and those of its
#: `documentation <https://ipython.readthedocs.io/en/stable/interactive/magics.html>`_ that extensions bring.
_OTHER_PROGRAMS = frozenset(
    "! HTML R SVG appendfile bash bigquery cmd cython file html javascript js julia latex markdown md mermaid perl pypy"
    " python python2 python3 ruby rust script sh shell sql svg sx system writefile zsh".split()
)
#: Line magics and aliases that people write without their ``%``, as IPython lets them.
_AUTOMAGICS = frozenset("apt cat cd clear conda cp env git ll ls mamba man mkdir mv pip pip3 rm rmdir uv wget".split())
_AUTOMAGIC = re.compile(r"\s*(\w+)\s+[^\s=,].*")
_NAME = re.compile(r"[^\W\d]\w*")
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
    """The lines of a cell, or None where it is another program's. ``bound`` are the names that may be bound before.

    What stands under a cell magic that is not known is taken for Python where it can be parsed as that.
    """
    texts = source.split("\n")
    described = True
    start = next((number for number, text in enumerate(texts) if text.strip()), len(texts))
    found = [Line(text, cell, number) for number, text in enumerate(texts[:start], 1)]
    while start < len(texts) and texts[start].startswith("%%"):
        name, *words = texts[start][2:].split() or [""]
        if name in _OTHER_PROGRAMS:
            return None
        known = name in _RUN_THE_CELL
        described = described and known
        kept = [word for word in words if word.isidentifier()] if name == "capture" else []
        instead = f"{kept[-1]} = {_OPAQUE}" if kept else "pass" if known else _OPAQUE
        found.append(_mask(texts[start], cell, start + 1, instead))
        start += 1
    if _indented(texts[start:]):  # IPython takes the indentation away
        found.append(Line("if True:", cell, 0))
    found += _body(texts, start, cell, bound)
    return found if described or broken(found) is None else None


def broken(found: Sequence[Line]) -> SyntaxError | None:
    """Why the lines of a cell are not Python; None where they are."""
    try:
        parse("\n".join(line.text for line in found))
    except SyntaxError as error:
        return error
    except (ValueError, MemoryError, RecursionError) as error:
        return SyntaxError(str(error) or type(error).__name__)
    return None


def opaque(found: Sequence[Line], bound: Sequence[str], defined: Sequence[str]) -> list[Line]:
    """A cell that is not Python, as a call that may have changed, or bound anew, each name in it.

    ``bound`` are the variables that may be bound before, ``defined`` the functions, classes and imports. A name that
    is only called, indexed or asked for an attribute stays bound to its object.
    """
    text = "\n".join(_original(line) for line in found)
    mentioned = [name for name in dict.fromkeys(_NAME.findall(text)) if name in bound or name in defined]
    anew = [name for name in mentioned if re.search(rf"(?<![\w.]){name}\b(?!\s*[.(\[])", text)]
    call = _bound_anew(anew, [name for name in mentioned if name in bound])
    own = [line for line in found if line.line]
    first = next((at for at, line in enumerate(own) if line.text.strip()), 0)
    return [
        _mask(_original(line), line.cell, line.line, call if at == first else "pass") for at, line in enumerate(own)
    ]


def _original(line: Line) -> str:
    return line.text if line.masked is None else line.masked


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
        return _over(texts, position, indent + _OPAQUE) if _automagic(bare) else []
    magic = _MAGIC.match(bare)
    if magic is None:
        return _over(texts, position, indent + _OPAQUE)
    if magic.group(1) in _RUN_THE_LINE and (kept := _kept(texts, position, len(indent) + magic.end())):
        return kept
    opaque = _OPAQUE
    if magic.group(1) in _RUN_THE_LINE + _BIND_ANYTHING:
        opaque = _bound_anew(bound)
    return _over(texts, position, indent + opaque)


def _bound_anew(names: Sequence[str], handed: Sequence[str] = ()) -> str:
    """Statements on one line that may bind these names to anything, each to something of its own."""
    call = f"{_OPAQUE}({', '.join(handed)})" if handed else _OPAQUE
    return "; ".join([f"{names[0]} = {call}", *(f"{name} = {_OPAQUE}" for name in names[1:])] if names else [call])


def _automagic(bare: str) -> bool:
    """Whether a line is a magic without its ``%``: such a line is never a statement of Python."""
    word = _AUTOMAGIC.fullmatch(bare)
    if word is None or word.group(1) not in _AUTOMAGICS:
        return False
    try:
        ast.parse(bare)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return not bare.rstrip().endswith(("(", "[", "{", ","))
    return False


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


def names_bound(found: Sequence[Line]) -> tuple[list[str], list[str]]:
    """The variables that the statements of a cell bind, and the functions, classes and imports."""
    try:
        tree = ast.parse("\n".join(line.text for line in found))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [], []
    variables: dict[str, None] = {}
    others: dict[str, None] = {}
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            others[statement.name] = None
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                variables[node.id] = None
            elif isinstance(node, ast.alias):
                others[(node.asname or node.name).partition(".")[0]] = None
    return list(variables), list(others)
