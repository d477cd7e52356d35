"""Where a value comes from of which nothing, or not all, is known: typed, so that decisions never depend on words.

An origin without a name is a constant, one with a name (of a function, an attribute) is made by a function. Decisions
compare with a constant or ask for the kind. What only one library needs is defined there, of these kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import ParamSpec


class Kind(Enum):
    """The kinds of origin.

    Whether a value may depend on more than its edges say is not told by the kind: an opaque node may, a step may not.
    """

    #: From outside of what is interpreted: a parameter, an import, a name that others may bind.
    OUTSIDE = auto()
    #: One of the elements of what its edges lead to, or of something that is not known where it has no edges.
    ELEMENT = auto()
    #: Another part of what its edges lead to, or of something that is not known: an attribute, an entry, a slice.
    PART = auto()
    #: Made by a step that is not described, or not for what it was given: a call, an operator, a statement.
    MADE = auto()
    #: In a place where code that is not seen, or not seen in its order, may have put anything.
    ANYTHING = auto()
    #: Interpreting it was given up: recursion, depth, size.
    GIVEN_UP = auto()
    #: In Python there is no value: the program would raise, or does not come here.
    UNREACHED = auto()
    #: In place of another value of which all is known, such as an argument inside a compiled function.
    REPRESENTS = auto()
    #: Not of a value: what leaves a request undecided.
    UNDECIDED = auto()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from. ``text`` is for people, in statistics; nothing is decided by it."""

    kind: Kind
    text: str

    def __str__(self) -> str:
        return self.text


# -- with a name

_Named = ParamSpec("_Named")

#: Beyond so many names the oldest are made anew, which costs time only: an editor's server runs for days.
_NAMES = 4096


def _once(make: Callable[_Named, Origin]) -> Callable[_Named, Origin]:
    """Make an origin once for each name, and keep the checking of arguments that ``lru_cache`` gives up."""
    return lru_cache(maxsize=_NAMES)(make)  # type: ignore[return-value]


@_once
def name_in_library(path: str) -> Origin:
    """A name of a library that is not described."""
    return Origin(Kind.OUTSIDE, path)


@_once
def argument_from(path: str) -> Origin:
    """What a library hands to a function of the program."""
    return Origin(Kind.OUTSIDE, f"argument from {path}")


@_once
def element_of(origin: Origin | None) -> Origin:
    """An element of an unknown value that comes from ``origin``."""
    return Origin(Kind.ELEMENT, f"element of {origin or 'unknown'}")


@_once
def attribute(name: str) -> Origin:
    """An attribute of an unknown object."""
    return Origin(Kind.PART, f".{name}")


@_once
def member(name: str) -> Origin:
    """What a known object of a library has under a name."""
    return Origin(Kind.PART, name)


@_once
def call_of(path: str) -> Origin:
    """A call of something known that is not described, or not for these arguments."""
    return Origin(Kind.MADE, f"call of {path}")


@_once
def call_of_unknown(callee: Origin | str | None) -> Origin:
    """A call of an unknown value, by its origin, or of a value of a class that cannot be called."""
    return Origin(Kind.MADE, f"call of unknown ({callee or ''})")


@_once
def returned_by(name: str) -> Origin:
    """What a function returned, or left behind where it is there to change things."""
    return Origin(Kind.MADE, name)


@_once
def method(name: str) -> Origin:
    """What a method returned."""
    return Origin(Kind.MADE, f".{name}()")


@_once
def method_of(name: str, argument: str) -> Origin:
    """What a method returned for an argument for which it is not described."""
    return Origin(Kind.MADE, f".{name}() of {argument}")


@_once
def operator(name: str) -> Origin:
    """The result of an operator."""
    return Origin(Kind.MADE, f"operator {name}")


@_once
def expression(name: str) -> Origin:
    """An expression of a kind that is not interpreted."""
    return Origin(Kind.MADE, name)


@_once
def arguments_of(name: str) -> Origin:
    """What a described function made of arguments it is not described for."""
    return Origin(Kind.MADE, f"arguments of {name}")


@_once
def result_of(name: str) -> Origin:
    """What a described function returned, of a kind that is not described."""
    return Origin(Kind.MADE, f"result of {name}")


@_once
def returns(name: str, kind: str) -> Origin:
    """What a described function returned, of a kind of which no more than its name is known."""
    return Origin(Kind.MADE, f"{name} returns {kind}")


@_once
def raised_by(name: str) -> Origin:
    """The result of a function that raises."""
    return Origin(Kind.UNREACHED, f"{name} raises")


# -- from outside

PARAMETER = Origin(Kind.OUTSIDE, "parameter")
IMPORT = Origin(Kind.OUTSIDE, "import")
UNDEFINED_NAME = Origin(Kind.OUTSIDE, "undefined name")
#: A name of the module that functions bind anew.
GLOBAL_NAME = Origin(Kind.OUTSIDE, "global name")
#: What a generator is sent.
SENT = Origin(Kind.OUTSIDE, "yield")
#: What is awaited together with others, or not known.
AWAITED = Origin(Kind.MADE, "await")
DERIVED_METHOD = Origin(Kind.OUTSIDE, "method of a derived class")

# -- parts

ELEMENT = Origin(Kind.ELEMENT, "element")
ATTRIBUTE = Origin(Kind.PART, "attribute")
CLASS_ATTRIBUTE = Origin(Kind.PART, "class attribute")
#: A model's or module's list of weights, by whatever name the program asks for it.
WEIGHTS = member("weights")
#: What a tape watches, where that is not known: perhaps nothing, and then nothing is asked for.
WATCHED_VARIABLES = Origin(Kind.PART, "watched variables")
SLICE = Origin(Kind.PART, "slice")
PAIR = Origin(Kind.PART, "pair")
DICTIONARY = Origin(Kind.PART, "dictionary")
#: What a pattern captures.
PATTERN = Origin(Kind.PART, "pattern")
SPREAD_ARGUMENTS = Origin(Kind.PART, "*args")
SPREAD_KEYWORDS = Origin(Kind.PART, "**kwargs")
#: What an iterator has left of which somebody took elements.
ITERATED_BEFORE = Origin(Kind.PART, "iterated before")

# -- made

#: What an unknown class made of what was assigned to an attribute.
ASSIGNED_ATTRIBUTE = Origin(Kind.MADE, "attribute")
#: A call of an object whose class says nothing of calls.
CALL_OF_OBJECT = call_of("an object")
ABSTRACT_METHOD = Origin(Kind.MADE, "abstract method")
CACHED_RESULT = Origin(Kind.MADE, "cached result")
CLASS_DECORATOR = Origin(Kind.MADE, "class decorator")
#: A class with methods that change what it means to make its objects or to reach their attributes.
CLASS_WITH_HOOKS = Origin(Kind.MADE, "class with hooks")
#: A context manager that changes what is recorded, or what variables are like, inside of it.
SCOPE_OF_OTHER_RULES = Origin(Kind.MADE, "scope of other rules")
CONTEXT_MANAGER = Origin(Kind.MADE, "context manager")
DESCRIPTOR = Origin(Kind.MADE, "descriptor")
#: What an ``except`` caught.
EXCEPTION = Origin(Kind.MADE, "exception")
#: An array that may hold objects, tensors among them, and no plain numbers.
ARRAY_OF_OBJECTS = Origin(Kind.MADE, "array of objects")
GRADIENT = Origin(Kind.MADE, "gradient")
GRADIENT_OF_GRADIENT = Origin(Kind.MADE, "gradient of a gradient")
GRADIENT_OF_SLICES = Origin(Kind.MADE, "gradient of slices")
GRADIENT_OF_COMPILED = Origin(Kind.MADE, "gradient of a compiled function")
#: A request to what may be no tape.
UNKNOWN_TAPE = Origin(Kind.MADE, "unknown tape")
PERHAPS_COMPILED = Origin(Kind.MADE, "compiled or not")
LOOP_UNDER_XLA = Origin(Kind.MADE, "loop under XLA")
BRANCH_UNDER_XLA = Origin(Kind.MADE, "branch under XLA")

# -- anything

#: An element of a container that an unknown function was given to fill.
FILLED = Origin(Kind.ANYTHING, "filled")
#: An attribute of an object whose dictionary is in somebody's hands.
LAID_OPEN = Origin(Kind.ANYTHING, "__dict__")
#: An attribute under a name that two classes use, each for its own.
PRIVATE_ATTRIBUTE = Origin(Kind.ANYTHING, "private attribute")

# -- given up

RECURSION = Origin(Kind.GIVEN_UP, "recursion")
#: What was not followed to its end: it takes more steps than the budget allows, or is nested too deeply.
LEFT_OUT = Origin(Kind.GIVEN_UP, "not judged in full")
#: What a loop does not stop changing.
LOOP = Origin(Kind.GIVEN_UP, "loop")
HANDLED = Origin(Kind.GIVEN_UP, "state in a try")
MANY_ALTERNATIVES = Origin(Kind.GIVEN_UP, "many alternatives")
NESTED_SOURCES = Origin(Kind.GIVEN_UP, "sources nested without end")
NESTED_ARGUMENT = Origin(Kind.GIVEN_UP, "argument that holds itself")
#: What lies beyond the bound of a walk.
MORE_THAN_FOLLOWED = Origin(Kind.GIVEN_UP, "more than is followed")
ANOTHER_OF_MANY = Origin(Kind.GIVEN_UP, "another of many")
GRADIENT_ACROSS_MANY = Origin(Kind.GIVEN_UP, "gradient across very many steps")

# -- no value

NOT_REACHED = Origin(Kind.UNREACHED, "not reached")
#: Any of no alternatives.
NOTHING = Origin(Kind.UNREACHED, "nothing")
#: An element of a list without elements.
EMPTY_LIST = Origin(Kind.UNREACHED, "empty list")
INDEX_OUT_OF_RANGE = Origin(Kind.UNREACHED, "index out of range")
#: The value of a key that a dictionary does not hold.
MISSING_KEY = Origin(Kind.UNREACHED, "key")
UNPACKING = Origin(Kind.UNREACHED, "unpacking")
UNBOUND_LOCAL = Origin(Kind.UNREACHED, "unbound local")
#: A call with arguments that the function does not take.
ARGUMENTS = Origin(Kind.UNREACHED, "arguments")

# -- in place of another value

#: An argument of a compiled function.
ARGUMENT = Origin(Kind.REPRESENTS, "argument")
#: A variable inside a compiled function, which gets a tensor for it.
COPIED_ARGUMENT = Origin(Kind.REPRESENTS, "copied argument")

# -- what leaves a request undecided

TAPE = Origin(Kind.UNDECIDED, "tape")
TAPE_OF_CALLER = Origin(Kind.UNDECIDED, "tape of a caller")
TRACED_FOR_OTHERS = Origin(Kind.UNDECIDED, "traced for other variables")
SOURCE = Origin(Kind.UNDECIDED, "source")
#: A target of a kind that is not judged.
TARGET = Origin(Kind.UNDECIDED, "target of another kind")
INTEGER_TARGET = Origin(Kind.UNDECIDED, "integer target")
MAY_RAISE = Origin(Kind.UNDECIDED, "may raise")
MAYBE_HANDED_THROUGH = Origin(Kind.UNDECIDED, "handed through or not")
ALTERNATIVES = Origin(Kind.UNDECIDED, "alternatives")
#: A step of which not all effects on a gradient are known.
EFFECT_NOT_KNOWN = Origin(Kind.UNDECIDED, "effect not known")
