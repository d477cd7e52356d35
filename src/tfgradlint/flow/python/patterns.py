"""The patterns of ``match``."""

from __future__ import annotations

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.comparing import compared
from tfgradlint.flow.values.base import Const, Value
from tfgradlint.flow.values.containers import Items


class Patterns:
    """Says whether a pattern matches, as far as known, and binds its names."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def could_match(self, pattern: cst.MatchPattern, subject: Value) -> bool | None:
        """True: certainly; False: certainly not; None: unknown."""
        if isinstance(pattern, cst.MatchAs):
            return True if pattern.pattern is None else self.could_match(pattern.pattern, subject)
        if isinstance(pattern, cst.MatchOr):
            answers = [self.could_match(part.pattern, subject) for part in pattern.patterns]
            return True if True in answers else (None if None in answers else False)
        if isinstance(pattern, (cst.MatchValue, cst.MatchSingleton)):
            value = self._interp.eval(pattern.value)
            if isinstance(value, Const) and isinstance(subject, Const):
                return bool(value.value == subject.value)
            if isinstance(pattern, cst.MatchValue):
                compared(self._interp, subject, [value])
            return None
        if isinstance(pattern, cst.MatchSequence):
            return self._sequence(pattern, subject)
        return None

    def _sequence(self, pattern: cst.MatchSequence, subject: Value) -> bool | None:
        content = subject.structure
        if not isinstance(content, Items) or any(isinstance(each, cst.MatchStar) for each in pattern.patterns):
            return None
        if len(content.items) != len(pattern.patterns):
            return False
        answers = [
            self.could_match(part.value, item)
            for part, item in zip(pattern.patterns, content.items, strict=True)
            if isinstance(part, cst.MatchSequenceElement)
        ]
        return False if False in answers else (None if None in answers else True)

    def bind(self, pattern: cst.MatchPattern, subject: Value) -> None:
        """Bind the names of a pattern that matched."""
        interp = self._interp
        if isinstance(pattern, cst.MatchAs):
            if pattern.pattern is not None:
                self.bind(pattern.pattern, subject)
            if pattern.name is not None:
                interp.statements.assign(pattern.name, subject)
        elif isinstance(pattern, cst.MatchSequence):
            content = subject.structure
            parts = pattern.patterns
            if isinstance(content, Items) and len(content.items) == len(parts):
                for part, item in zip(parts, content.items, strict=True):
                    if isinstance(part, cst.MatchSequenceElement):
                        self.bind(part.value, item)
                return
            for part in parts:
                self._bind_unknown(part, subject)
        else:
            for child in pattern.children:
                self._bind_unknown(child, subject)

    def _bind_unknown(self, node: cst.CSTNode, subject: Value) -> None:
        """Every name captured below is bound to something of which nothing is known."""
        interp = self._interp
        stack = [node]
        while stack:
            each = stack.pop()
            if isinstance(each, (cst.MatchAs, cst.MatchStar)) and each.name is not None:
                interp.statements.assign(each.name, interp.unknown(origins.PATTERN, subject))
            if isinstance(each, cst.MatchMapping) and each.rest is not None:
                interp.statements.assign(each.rest, interp.unknown(origins.PATTERN, subject))
            stack.extend(each.children)
