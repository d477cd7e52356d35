"""Replaces the sources of some cells in the text of a notebook. All other text stays as it is, byte for byte."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_DECODER = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
#: A character that JSON could have held as it is, written as an escape. Control characters always are.
_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\u(?!00[01])[0-9a-fA-F]{4}")


class CannotReplace(Exception):
    """The text has no such cell, or it is none of a notebook. The text is one line."""


def replace_sources(data: bytes, sources: Mapping[int, str]) -> bytes:
    """A notebook, in format 4, with the sources of some cells of code replaced, by number from 1.

    Outputs, metadata, the order of keys, indentation, line ends, the end of the file and escapes stay as they are;
    so does every line of a source that does not change.

    Raises:
        CannotReplace: ``data`` is no notebook with these cells.
    """
    try:
        text = data.decode("utf-8")
        spans = _Scan(text).sources()
    except (ValueError, IndexError, RecursionError) as error:
        raise CannotReplace(f"no notebook: {error}") from None
    missing = [number for number in sources if number not in spans]
    if missing:
        raise CannotReplace(f"no cell {missing[0]} with a source")
    for number in sorted(sources, reverse=True):
        start, end = spans[number]
        text = text[:start] + _written(text, start, end, sources[number]) + text[end:]
    return text.encode("utf-8")


def rows(text: str) -> dict[int, dict[int, int]]:
    """For each cell of code, by number, the line of the file on which each line of its source stands."""
    scan = _Scan(text)
    found: dict[int, dict[int, int]] = {}
    for number, (start, end) in scan.sources().items():
        found[number] = {}
        line = 1
        for first, last in scan.strings(start) if text[start] == "[" else [(start, end)]:
            row = text.count("\n", 0, first) + 1
            breaks = json.loads(text[first:last], strict=False).count("\n")
            found[number].update(dict.fromkeys(range(line, line + breaks + 1), row))
            line += breaks
    return found


@dataclass(slots=True)
class _Scan:
    """Walks a notebook's JSON and notes where the sources of its cells of code start and end."""

    text: str

    def sources(self) -> dict[int, tuple[int, int]]:
        """Start and end of the value of the source of each cell of code."""
        cells: list[int] = []
        found: dict[int, tuple[int, int]] = {}

        def note(key: str, start: int, end: int) -> None:
            if key == "cells":
                cells[:] = [start]

        self._object(self._skip(self.text.startswith("\ufeff")), note)
        if not cells:
            return {}
        number = 0
        for cell in self._elements(cells[0]):
            members: dict[str, tuple[int, int]] = {}

            def note_member(key: str, start: int, end: int, members: dict[str, tuple[int, int]] = members) -> None:
                members[key] = start, end

            self._object(cell, note_member)
            start, end = members.get("cell_type", (0, 0))
            if self.text[start:end] != '"code"':
                continue
            number += 1
            if "source" in members:
                found[number] = members["source"]
        return found

    def _skip(self, position: int) -> int:
        found = _SPACE.match(self.text, position)
        assert found is not None
        return found.end()

    def _expect(self, position: int, characters: str) -> str:
        if self.text[position] not in characters:
            raise ValueError(f"{characters!r} expected at character {position}")
        return self.text[position]

    def _object(self, position: int, note: Callable[[str, int, int], None]) -> None:
        """Tell ``note`` the key of each member, and where its value starts and ends."""
        self._expect(position, "{")
        position = self._skip(position + 1)
        while self._expect(position, '"}') == '"':
            key, position = _DECODER.raw_decode(self.text, position)
            position = self._skip(position)
            self._expect(position, ":")
            start = self._skip(position + 1)
            _, end = _DECODER.raw_decode(self.text, start)
            note(key, start, end)
            position = self._after(end, "}")

    def _elements(self, position: int) -> list[int]:
        """Where the elements of an array start."""
        self._expect(position, "[")
        position = self._skip(position + 1)
        starts = []
        while self.text[position] != "]":
            starts.append(position)
            position = self._after(_DECODER.raw_decode(self.text, position)[1], "]")
        return starts

    def _after(self, end: int, closing: str) -> int:
        """Where the next element starts, or the bracket that closes."""
        position = self._skip(end)
        return self._skip(position + 1) if self._expect(position, "," + closing) == "," else position

    def strings(self, start: int) -> list[tuple[int, int]]:
        """Start and end of the strings in an array of them."""
        return [(position, _DECODER.raw_decode(self.text, position)[1]) for position in self._elements(start)]


def _written(text: str, start: int, end: int, source: str) -> str:
    """A source as the value at this place is written: a string, or an array of lines."""
    ascii_only = _ascii_only(source, text[start:end], text)
    if text[start] != "[":
        return json.dumps(source, ensure_ascii=ascii_only)
    old = _Scan(text).strings(start)
    lines = source.splitlines(keepends=True)
    opening, between, closing = _layout(text, start, end, old)
    written = _lines([text[first:last] for first, last in old], lines, ascii_only)
    return f"[{opening}{between.join(written)}{closing}]" if written else "[]"


def _lines(old: Sequence[str], new: Sequence[str], ascii_only: bool) -> list[str]:
    """The new lines as JSON, those that were there before in the same letters as before."""
    written: list[str] = []
    before = [json.loads(each, strict=False) for each in old]
    for kind, start, end, first, last in difflib.SequenceMatcher(None, before, new, autojunk=False).get_opcodes():
        if kind == "equal":
            written += old[start:end]
        else:
            written += [json.dumps(line, ensure_ascii=ascii_only) for line in new[first:last]]
    return written


def _layout(text: str, start: int, end: int, old: Sequence[tuple[int, int]]) -> tuple[str, str, str]:
    """What stands before the first element of an array, between two, and behind the last."""
    if not old:  # as deep as its key, and one step of the file's indentation more
        line = text[text.rfind("\n", 0, start) + 1 : start]
        indent = line[: len(line) - len(line.lstrip())]
        step = re.match(r"\s*\{(\r?\n)([ \t]+)", text.lstrip("\ufeff"))
        if step is None:
            return "", ", " if ": " in line[-3:] else ",", ""
        newline, one = step.groups()
        return f"{newline}{indent}{one}", f",{newline}{indent}{one}", f"{newline}{indent}"
    opening, closing = text[start + 1 : old[0][0]], text[old[-1][1] : end - 1]
    if len(old) > 1:
        return opening, text[old[0][1] : old[1][0]], closing
    if "\n" in opening:
        return opening, f",{opening}", closing
    return opening, ", " if text[start - 1] == " " else ",", closing


def _ascii_only(source: str, *texts: str) -> bool:
    """Whether characters beyond ASCII are written as escapes: as in the old source, else as in the file."""
    if any("\ud800" <= character <= "\udfff" for character in source):  # half a character is not UTF-8
        return True
    for text in texts:
        if not text.isascii():
            return False
        if _ESCAPED.search(text):
            return True
    return False
