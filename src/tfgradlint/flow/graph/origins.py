"""Where a value comes from of which nothing, or not all, is known: typed, so that decisions never hang on words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """The kinds of origin."""

    #: It comes from outside of what is interpreted: a parameter, an import, a name that somebody may bind anew.
    OUTSIDE = auto()
    #: One of the elements of something of which nothing is known.
    ELEMENT = auto()
    #: Another part of something: an attribute, a slice.
    PART = auto()
    #: What a step made that is not described: a call, an operator, a statement.
    MADE = auto()
    #: It is known what made it, but not how the result depends on what that was given.
    SOMEHOW = auto()
    #: Interpreting it was given up: recursion, depth, too many alternatives.
    GIVEN_UP = auto()
    #: It stands for another value of which all is known, such as an argument inside a compiled function.
    STANDS_FOR = auto()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from. ``text`` is for people, in statistics; nothing is decided by it."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        return self.text
