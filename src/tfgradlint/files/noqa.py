"""Comments that silence findings, as flake8 reads them: it is asked itself wherever it can be."""

from __future__ import annotations

import argparse
import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Sequence

from flake8 import defaults
from flake8.processor import FileProcessor
from flake8.violation import Violation

from tfgradlint.analysis.results import Edit, Finding, Fix, Position
from tfgradlint.settings.codes import UNUSED_NOQA

OURS = "TFG"

_OPTIONS = argparse.Namespace(
    disable_noqa=False,
    hang_closing=False,
    indent_size=defaults.INDENT_SIZE,
    max_doc_length=None,
    max_line_length=defaults.MAX_LINE_LENGTH,
    verbose=0,
)
#: The pattern has lost a letter of its name between flake8's versions.
_COMMENT = getattr(defaults, "NOQA_INLINE_REGEX", None) or defaults.NOQA_INLINE_REGEXP


class NoqaComments:
    """The ``noqa`` comments of one text."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._lines = list(io.StringIO(text))
        self._processor = FileProcessor(path, _OPTIONS, list(self._lines))
        self._text = text

    def whole_file(self) -> bool:
        """Whether ``# flake8: noqa`` stands on a line of its own."""
        return bool(self._processor.should_ignore_file())

    def silences(self, finding: Finding) -> bool:
        """Whether a comment on its line, or on the lines that flake8 takes for one with it, silences a finding."""
        return self._silenced(finding, self._seen(finding.position.line))

    def unused(self, findings: Sequence[Finding], selected: Callable[[str], bool]) -> list[Finding]:
        """A finding for each of our codes in a comment that silences none of ``findings``.

        Codes that are not ``selected`` may well be needed when they are.
        """
        if self.whole_file():
            return []
        return [
            Finding(Position(line, column, line, column + len(code)), UNUSED_NOQA, _message(code), fix=fix)
            for line, column, code, fix in self._codes()
            if code.upper().startswith(OURS)
            and not UNUSED_NOQA.startswith(code.upper())
            and _wanted(code.upper(), selected)
            and not any(
                self._seen(finding.position.line) is self._seen(line) and self._silenced(finding, f"# noqa: {code}")
                for finding in findings
            )
        ]

    def span(self, line: int) -> tuple[int, int]:
        """The first and last of the lines that flake8 takes for one with this one."""
        seen = self._processor.noqa_line_for(line)
        first = last = line
        if seen is not None:
            while first > 1 and self._processor.noqa_line_for(first - 1) is seen:
                first -= 1
            while self._processor.noqa_line_for(last + 1) is seen:
                last += 1
        return first, last

    def insertion(self, line: int, codes: Sequence[str]) -> tuple[int, int, str]:
        """Line, offset in it, and the text to insert there, to silence these codes on a line."""
        first, last = self.span(line)
        found = _COMMENT.search("".join(self._lines[first - 1 : last]))
        if found is not None and found["codes"]:
            before = found.string[: found.start("codes")] + found["codes"].rstrip(", \t\n")
            return first + before.count("\n"), len(before) - before.rfind("\n") - 1, "".join(f", {c}" for c in codes)
        text = self._lines[last - 1].rstrip("\n")
        return last, len(text.rstrip()), f"  # noqa: {', '.join(codes)}"

    def _silenced(self, finding: Finding, seen: str) -> bool:
        line, column = finding.position.line, finding.position.column
        return bool(Violation(finding.code, self._path, line, column, finding.message, seen).is_inline_ignored(False))

    def _seen(self, line: int) -> str:
        """What flake8 looks into for a comment; the line alone where the text has no tokens: a syntax error."""
        seen: str | None = self._processor.noqa_line_for(line)
        if seen is None:
            return self._lines[line - 1] if line <= len(self._lines) else ""
        return seen

    def _codes(self) -> Iterator[tuple[int, int, str, Fix | None]]:
        """Every code in a comment that counts, where it stands, and how it is taken out."""
        try:
            tokens = list(tokenize.generate_tokens(iter(self._lines).__next__))
        except (tokenize.TokenError, SyntaxError):
            return
        for token in tokens:
            if token.type != tokenize.COMMENT:
                continue
            line = token.start[0]
            first, _ = self.span(line)
            before = sum(map(len, self._lines[first - 1 : line - 1]))
            found = _COMMENT.search(self._seen(line))
            if found is None or not found["codes"] or found.start() < before + token.start[1]:
                continue
            column = found.start("codes") - before
            for part in _parts(found["codes"]):
                yield line, column + part[0] + 1, part[1], self._without(part[1], line, found, before)

    def _without(self, code: str, line: int, found: re.Match[str], before: int) -> Fix | None:
        """Take a code out of a comment, and the comment with its last one; None where more is written in it."""
        text = self._lines[line - 1].rstrip("\n")
        start, end = found.start() - before, found.start("codes") - before + len(found["codes"].rstrip())
        others = [each for _, each in _parts(found["codes"]) if each != code]
        if others:
            start, new = found.start("codes") - before, ", ".join(others)
        elif text[end:].strip():
            return None
        else:
            start, end, new = len(text[:start].rstrip()), len(text), ""
        edit = Edit(Position(line, start + 1, line, end + 1), new)
        return Fix("safe", f"take {code} out of the comment", (edit,))


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The codes in a list, and their offsets."""
    at = 0
    for code in text.replace(",", " ").split():
        at = text.index(code, at)
        yield at, code
        at += len(code)


def _wanted(code: str, selected: Callable[[str], bool]) -> bool:
    from tfgradlint.rules import all_rules

    meant = [rule.code for rule in all_rules() if rule.code.startswith(code)]
    return not meant or any(map(selected, meant))


def _message(code: str) -> str:
    from tfgradlint.rules.tfg901_unused_noqa import UnusedNoqa

    return UnusedNoqa.about(code)


def added(path: str, text: str, findings: Sequence[Finding]) -> tuple[list[tuple[int, int, str]], list[Finding]]:
    """What to insert into a text so that comments silence the findings, and the findings that none can silence.

    An insertion is a line, an offset in it and a text. The program stays the same but for its comments.
    """
    comments = NoqaComments(path, text)
    spans: dict[int, list[Finding]] = {}
    for finding in findings:
        spans.setdefault(comments.span(finding.position.line)[1], []).append(finding)
    insertions, stubborn = [], []
    for line, ones in sorted(spans.items()):
        insertion = comments.insertion(line, sorted({one.code for one in ones}))
        after = inserted(text, [insertion])
        if _same_program(text, after) and all(map(NoqaComments(path, after).silences, ones)):
            insertions.append(insertion)
        else:
            stubborn += ones
    return insertions, stubborn


def inserted(text: str, insertions: Sequence[tuple[int, int, str]]) -> str:
    """The text with the insertions, whatever its line ends are."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line)
        at += 2 if text.startswith("\r\n", at) else 1
    for number, offset, new in sorted(insertions, reverse=True):
        at = starts[number - 1] + offset
        text = text[:at] + new + text[at:]
    return text


def _same_program(before: str, after: str) -> bool:
    from tfgradlint.analysis.parsing import parse

    try:
        return ast.dump(parse(before)) == ast.dump(parse(after))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
