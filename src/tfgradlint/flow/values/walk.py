"""The one way to walk what values hold: without recursion, and what holds others is met once, even inside itself.

A walk is told what to go into: by a method of values, or a function of its own for what a library keeps. Where a
bound cuts a walk off, its result says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import methodcaller
from typing import TypeVar

from tfgradlint.flow.graph.nodes import Beyond, Node
from tfgradlint.flow.values.base import GraphValue, HoldsNothing, Member, Value, Variable
from tfgradlint.flow.values.containers import Items, Repeated

_Whole = TypeVar("_Whole")
_Made = TypeVar("_Made")

#: What a walk goes into: the parts of a value, None or none for a leaf.
Into = Callable[[Value], "Sequence[Value] | None"]

#: The same for a walk that minds how deep it is.
IntoAt = Callable[[_Whole, int], "Sequence[_Whole] | None"]

#: The choices that values offer, see :class:`Value`.
HELD: Into = methodcaller("held")
HANDED: Into = methodcaller("handed")

#: A step has an edge for each node that it reads, and each request follows them all. Lists that a loop fills are any
#: number of elements before they are as long: more than this only stands in lists that are put together by ``+``.
READ = 400
#: A value of which nothing is known has edges as well, to what it may be itself. A program makes very many of these
#: values, and hands each on to the next.
GIVEN = 40
#: Leaves of a nest are judged one by one and named for the reader: more than this nobody writes down. TensorFlow's
#: nests are trees, so that one that holds a part twice, many times over, has more leaves than any memory holds; one
#: that is so deep holds itself.
LEAVES, LEVELS = 2000, 20
#: A fold goes into a part as often as it stands somewhere, so a tuple that holds another twice, many times over, takes
#: for ever. No sequence that a program writes down, and none that a loop of it fills, has more parts than this.
FOLDED = 20_000


def walk(value: Value, into: Into = HELD) -> Iterator[Value]:
    """A value and all that is inside, in order; each before what it holds."""
    met: set[int] = set()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        parts = into(each)
        if parts:
            if id(each) in met:
                continue
            met.add(id(each))
            waiting.extend(reversed(parts))
        yield each


def nest_parts(value: Value) -> Sequence[Value] | None:
    """What TensorFlow takes for the parts of a nest. To go into: who wants leaves by name asks for ``leaves_of``."""
    parts = value.nested()
    return None if parts is None else [part for _, part in parts]


def elements_of(value: Value) -> Iterator[Value]:
    """The elements of a sequence that is known, and of those in it; any other value itself."""
    for each in walk(value, _known_sequence):
        if not isinstance(each.structure, Items):
            yield each


def _known_sequence(value: Value) -> Sequence[Value]:
    content = value.structure
    return content.items if isinstance(content, Items) else ()


def nodes_of(value: Value, most: int = READ) -> list[Node]:
    """The nodes of all that a step reads which is given ``value``; behind ``most`` of them one for all others."""
    if isinstance(value, (GraphValue, Variable)):
        return [value.node]
    found: list[Node] = []
    for each in walk(value):
        if isinstance(each, (GraphValue, Variable)):
            if len(found) == most:
                return [*found, Beyond()]
            found.append(each.node)
        elif not isinstance(each, HoldsNothing) and each.held() is None:
            found.append((each.node if isinstance(each, Member) else None) or Beyond())
    return found


def leaves_of(value: Value, label: str = "") -> list[tuple[str, Value]] | None:
    """The leaves of a nest in TensorFlow's order, each with a name for the reader. None: there are too many.

    A list of any number of elements is one leaf.
    """
    found: list[tuple[str, Value]] = []
    waiting = [(label, value, 0)]
    visits = 0
    while waiting:
        name, each, level = waiting.pop()
        visits += 1
        if level > LEVELS or visits > LEAVES:
            return None
        parts = each.nested()
        if parts is None:
            leaf = each.structure
            found.append((f"{name}[...]" if isinstance(leaf, Repeated) else name, leaf))
        else:
            waiting.extend((f"{name}[{key!r}]", part, level + 1) for key, part in reversed(parts))
    return found


def pairs(old: Value, new: Value) -> Iterator[tuple[Value, Value]]:
    """Two values, and the parts that stand in the same place in both, as far as they are of the same kinds."""
    met: set[tuple[int, int]] = set()
    waiting = [(old, new)]
    while waiting:
        one, other = waiting.pop()
        yield one, other
        parts = other.keyed() if type(one) is type(other) else None
        if parts and (id(one), id(other)) not in met:
            met.add((id(one), id(other)))
            before = one.keyed()
            waiting.extend([(before[key], part) for key, part in parts.items() if key in before][::-1])


def fold(
    whole: _Whole,
    into: IntoAt[_Whole],
    leaf: Callable[[_Whole], _Made],
    combine: Callable[[_Whole, list[_Made]], _Made],
    known: dict[int, _Made] | None = None,
) -> _Made:
    """What ``combine`` makes of a whole and of what was made of its parts, from the leaves up and in order.

    What it does not go into, also because there is more than anybody writes down, or because it holds itself, is
    given to ``leaf``: that says of what has parts that it is not known. ``known``: what was made of a whole, by its
    identity, where one that is met again is the same.
    """
    if known is None and into(whole, 0) is None:
        return leaf(whole)
    open_: list[tuple[_Whole, Sequence[_Whole], list[_Made]]] = []
    inside: set[int] = set()
    visits, current = 0, whole
    while True:
        visits += 1
        if known is not None and id(current) in known:
            made = known[id(current)]
        else:
            parts = into(current, len(open_)) if visits <= FOLDED and id(current) not in inside else None
            if parts:
                open_.append((current, parts, []))
                inside.add(id(current))
                current = parts[0]
                continue
            made = leaf(current) if parts is None else combine(current, [])
        while open_:
            holder, parts, done = open_[-1]
            done.append(made)
            if len(done) < len(parts):
                current = parts[len(done)]
                break
            open_.pop()
            inside.discard(id(holder))
            made = combine(holder, done)
            if known is not None:
                known[id(holder)] = made
        else:
            return made


def known_tuple(value: Value, level: int) -> Sequence[Value] | None:
    """Goes into tuples of known length, which nobody changes; a list is an object of its own."""
    return value.items if isinstance(value, Items) else None


def shallow(levels: int, most: int) -> IntoAt[Value]:
    """Goes into sequences that are known, of at most so many elements and nested at most so deep."""

    def into(value: Value, level: int) -> Sequence[Value] | None:
        content = value.structure
        return content.items if isinstance(content, Items) and level < levels and len(content.items) <= most else None

    return into


def rebuilt(holder: Value, parts: list[Value]) -> Value:
    """For a fold that makes values of the same kinds."""
    return holder.with_held(parts)
