"""What a request is: its tape, its kind, its target, and the leaves of its sources."""

from __future__ import annotations

from typing import NamedTuple

from tfgradlint.flow.graph.nodes import (
    Node,
)
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.walk import leaves_of


class Request(NamedTuple):
    """One evaluation of a request: ``kind`` is the method's name, ``zeros`` asks for zeros instead of None."""

    tape: Tape
    kind: str
    target: Value
    zeros: bool


class Given(NamedTuple):
    """What a compiled function was given, of which a tape from outside of it knows nothing.

    ``tensors``: the arguments. ``held``: what lists and dictionaries among them hold; these very tensors may be reached
    in another way too.
    """

    tensors: frozenset[Node] = frozenset()
    held: frozenset[Node] = frozenset()


def flatten(value: Value, label: str) -> list[tuple[str, Value]]:
    """The leaves of a nest, in TensorFlow's order, each with a name for the reader.

    What is nested without end, or holds more than anyone writes down, is one leaf of which nothing is known.
    """
    found = leaves_of(value, label)
    return found if found is not None else [(label, value)]
