"""The names a random program has bound, by kind, and the choices and lines of the program being written.

Kinds of values, all of shape ``(3,)`` unless said otherwise, floating-point numbers of 32 bits:

``vec`` a tensor or a variable; ``var`` a variable for certain, never bound anew; ``sca`` a scalar tensor;
``arr`` an array; ``num`` a Python or NumPy number; ``int`` integers; ``index`` an integer; ``bool`` truths;
``flag`` one truth; ``gvec`` and ``gsca`` a gradient, perhaps None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Draw = Callable[..., Any]

#: What may be used where a kind is wanted.
USABLE = {"vec": ("vec", "var"), "int": ("int", "ivar")}


@dataclass
class Helper:
    """A function of the program: its parameters (name, kind, has a default, keyword only) and what it returns."""

    name: str
    params: tuple[tuple[str, str, bool, bool], ...]
    returns: str


@dataclass
class Container:
    """A list, tuple or dictionary: the text of each element's subscript with its kind."""

    type: str
    items: dict[str, str]


@dataclass
class Scope:
    """The names of one function, or of the module."""

    parent: Scope | None = None
    names: dict[str, str] = field(default_factory=dict)
    containers: dict[str, Container] = field(default_factory=dict)
    helpers: list[Helper] = field(default_factory=list)

    def chain(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def copy(self) -> Scope:
        """As it is now: what is bound in a branch does not outlive it."""
        containers = {name: Container(each.type, dict(each.items)) for name, each in self.containers.items()}
        return Scope(self.parent, dict(self.names), containers, list(self.helpers))


class Pen:
    """Draws choices and writes lines. Whatever is drawn, smaller choices make simpler programs."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.lines: list[str] = []
        self.depth = 0
        self.scope = Scope()
        self._counts: dict[str, int] = {}
        #: The tapes that are recording, by name, innermost last.
        self.recording: list[str] = []

    # -- choices

    def number(self, low: int, high: int) -> int:
        """A number from ``low`` to ``high``."""
        if low >= high:
            return low
        drawn: int = self._draw(st.integers(low, high))
        return drawn

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases; shrinks to False."""
        return self.number(0, 99) >= 100 - percent

    def one(self, values: Sequence[T]) -> T:
        """Any of the values; shrinks to the first."""
        return values[self.number(0, len(values) - 1)]

    def pick(self, *options: tuple[int, T]) -> T:
        """One of the options by weight; shrinks to the first. Options of weight 0 are left out."""
        drawn = self.number(0, sum(weight for weight, _ in options) - 1)
        for weight, value in options:
            if drawn < weight:
                return value
            drawn -= weight
        raise AssertionError("the weights add up")

    # -- lines

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """An indented block; empty ones get a ``pass``."""
        self.line(head)
        self.depth += 1
        before = len(self.lines)
        try:
            yield
        finally:
            if len(self.lines) == before:
                self.line("pass")
            self.depth -= 1

    @contextmanager
    def branch(self) -> Iterator[None]:
        """A part of the program whose new names are not to be relied on afterwards."""
        outer = self.scope
        self.scope = outer.copy()
        try:
            yield
        finally:
            self.scope = outer

    # -- names

    def fresh(self, stem: str) -> str:
        """A name that the program does not use yet."""
        count = self._counts.get(stem, 0)
        self._counts[stem] = count + 1
        return stem if count == 0 else f"{stem}{count + 1}"

    def bind(self, stem: str, kind: str) -> str:
        """A fresh name, bound from now on."""
        name = self.fresh(stem)
        self.scope.names[name] = kind
        return name

    def atoms(self, kind: str, *, own: bool = False) -> list[str]:
        """Names and elements of containers that may be used where ``kind`` is wanted, the latest first."""
        wanted = USABLE.get(kind, (kind,))
        found: dict[str, None] = {}
        hidden: set[str] = set()
        for scope in [self.scope] if own else self.scope.chain():
            for name, each in reversed(scope.names.items()):
                if each in wanted and name not in hidden:
                    found.setdefault(name)
            hidden.update(scope.names)
            for name, container in () if own else reversed(scope.containers.items()):
                for key, each in container.items.items():
                    if each in wanted:
                        found.setdefault(f"{name}{key}")
        return list(found)

    def helpers(self, returns: str) -> list[Helper]:
        return [each for scope in self.scope.chain() for each in scope.helpers if each.returns == returns]

    def containers(self) -> dict[str, Container]:
        found: dict[str, Container] = {}
        for scope in self.scope.chain():
            for name, container in scope.containers.items():
                found.setdefault(name, container)
        return found
