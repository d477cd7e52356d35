"""Where a generator stands in its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import libcst as cst

from tfgradlint.flow.values.base import Value


class At(NamedTuple):
    """A place: in a suite or line before one of its parts, or in a compound statement whose body is running."""

    kind: str
    node: cst.CSTNode
    part: int = 0


#: Where a generator stands: what it is in, the innermost last. Empty: it has ended.
Place = tuple[At, ...]


class Places(frozenset[Place]):
    """The places in one of which a generator stands."""

    __slots__ = ()

    @staticmethod
    def joined(alternatives: Iterable[Places]) -> Places:
        """Any of the places of any of these."""
        return Places(place for places in alternatives for place in places)


#: The field of an iterator that says where its generator stands.
PLACES = "places"
#: Where a generator stands that has ended.
OVER = Places({()})


class Yielded(NamedTuple):
    """What a generator yields, or None where it ends, and where it stands then."""

    value: Value | None
    place: Place


class Exits(tuple[Callable[[], Any], ...]):
    """What leaving a ``with`` does."""

    __slots__ = ()


class Running:
    """Which generators are running, and which statements yield."""

    def __init__(self) -> None:
        self.now: list[Value] = []
        self.counted: Counter[cst.CSTNode] = Counter()
        self._yielding: dict[cst.CSTNode, bool] = {}

    def yields(self, node: cst.CSTNode) -> bool:
        """Whether a statement yields, apart from what is defined in it."""
        known = self._yielding.get(node)
        if known is None:
            known = self._yielding[node] = has_yield(node)
        return known


def has_yield(node: cst.CSTNode) -> bool:
    """Whether there is a ``yield`` in it, apart from what is defined in it."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, cst.Yield):
            return True
        if not isinstance(each, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            waiting.extend(each.children)
    return False


def behind(place: Place) -> Place:
    """The place behind a part of a suite or line: behind the last one it is that behind the suite."""
    last = place[-1]
    if last.part + 1 < len(last.node.body):  # type: ignore[attr-defined]
        return (*place[:-1], last._replace(part=last.part + 1))
    return place[:-1]


def loop_around(place: Place) -> int:
    """Where in a place the innermost loop stands, -1 for none."""
    return next((i for i in range(len(place) - 1, -1, -1) if place[i].kind in ("for", "while")), -1)


def pending(entries: Place) -> Place:
    """What is left to do when control leaves these early."""
    return tuple(entry for entry in entries if entry.kind in ("with", "finally"))
