"""What an execution is made of: functions, loops and attempts that are running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import libcst as cst

from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.state import Snapshot
from tfgradlint.flow.tape.activation import OUTERMOST, Activation
from tfgradlint.flow.values.base import Cell, Value
from tfgradlint.flow.values.functions import Function, Scope


class OutOfSteps(Exception):
    """The budget of steps is used up."""


class LeftOut(NamedTuple):
    """A part of the program that was not followed to its end: what it is called, where it stands, and why."""

    what: str
    site: Site
    why: str


class Frame:
    """A function being executed."""

    __slots__ = ("activation", "at_yield", "base", "conditions", "function", "mark", "returns", "scope")

    def __init__(
        self, function: Function | None, scope: Scope, mark: int, base: int, activation: Activation = OUTERMOST
    ) -> None:
        self.activation = activation
        self.function = function
        self.scope = scope
        self.mark = mark
        #: How many contexts (``with``, ``finally``) were open when it was entered.
        self.base = base
        #: The conditions on which what is being executed depends, in the text of the function.
        self.conditions: list[cst.BaseExpression] = []
        self.returns: list[tuple[Snapshot, Value]] = []
        #: What happens where it yields, if it manages a context.
        self.at_yield: Callable[[Value], Value] | None = None


class Loop:
    """A loop being executed: the ends of its alternatives that broke out or went on."""

    __slots__ = ("base", "breaks", "continues", "mark")

    def __init__(self, mark: int, base: int) -> None:
        self.mark = mark
        self.base = base
        self.breaks: list[Snapshot] = []
        self.continues: list[Snapshot] = []


class Attempt:
    """A ``try`` body being executed: the states in which something raised."""

    __slots__ = ("base", "mark", "raises")

    def __init__(self, mark: int, base: int) -> None:
        self.mark = mark
        self.base = base
        self.raises: list[Snapshot] = []


class Compiled(NamedTuple):
    """What TensorFlow traces: what its Python can read, and the place where its traces are kept."""

    reads: Sequence[Value]
    cell: Cell
    key: Any
    #: Whether a trace may serve for tensors of other shapes.
    relaxed: bool
    #: How many of what it is given have to match for that a trace may serve. None: all.
    compared: int | None = None
    #: Whether somebody out of sight may have thrown its traces away.
    doubtful: bool = False


@dataclass(slots=True)
class XlaContext:
    """What XLA compiles at the moment.

    ``active``: a function is running that it compiles. Of what ran in that under a tape, as steps of the graph: loops
    of a known length, all other loops, and branches.
    """

    active: bool = False
    bounded_loops: int = 0
    unbounded_loops: int = 0
    branches: int = 0
