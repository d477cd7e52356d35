"""Adds steps to the graph and says which tapes record them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from tfgradlint.flow.graph.details import EdgeNote
from tfgradlint.flow.graph.nodes import (
    LEAF,
    NOWHERE,
    OP,
    OPAQUE,
    PHI,
    Beyond,
    Edge,
    Effect,
    GraphLoop,
    Node,
    Site,
    trainable,
)
from tfgradlint.flow.graph.origins import Origin
from tfgradlint.flow.tape.tape import Active, Tape, Tapes, tracked
from tfgradlint.flow.values.base import Cell

#: What may be an object that code which is not followed has changed since it was made.
_CHANGING = frozenset({OPAQUE, PHI})


class Running(Protocol):
    """What is known here of a function that runs: which run of it this is."""

    @property
    def activation(self) -> object: ...


class Recorder:
    """Makes nodes, in the order of execution, under the tapes that are recording at that moment."""

    def __init__(self) -> None:
        self.tapes = Tapes()
        self.site: Site = NOWHERE
        #: The functions that are running, the innermost last; set by the interpreter.
        self.frames: Sequence[Running] = ()
        #: Set while a model runs off the tape: all its steps stand where it was called.
        self.pinned: Site | None = None
        #: Whether what runs has a thread of its own.
        self.apart = False
        #: How many compiled functions are being traced.
        self.level = 0
        #: The loop of a graph whose body is running.
        self.loop: GraphLoop | None = None
        self._seq = 0
        #: When code that is not followed ran last, which may have changed what it can reach.
        self._unseen = 0
        #: How the state is written; set by the interpreter.
        self.write: Callable[[Cell, Any, Any], None] | None = None

    def now(self) -> int:
        self._seq += 1
        return self._seq

    @property
    def within(self) -> object:
        """The run of a function that is going on."""
        return self.frames[-1].activation if self.frames else None

    @property
    def last_unseen(self) -> int:
        """When code that is not followed ran last."""
        return self._unseen

    def unseen(self) -> None:
        """Code that is not followed runs."""
        self._unseen = self.now()

    def look_into(self, nodes: Iterable[Node]) -> None:
        """Take note that what is read may have been changed by code that is not followed."""
        if self._unseen:
            for node in nodes:
                if (node.kind in _CHANGING or node.loose) and node.seq < self._unseen:
                    node.changed = self._unseen

    def leaf(self, dtype: str | None = None) -> Node:
        """A value without a history."""
        return Node(LEAF, self.now(), self.site, (), dtype, self.tapes.active)

    def opaque(self, origin: Origin, edges: Sequence[Edge] = ()) -> Node:
        """A value of which nothing is known."""
        self.look_into(edge.node for edge in edges)
        node = Node(OPAQUE, self.now(), self.site, tuple(edges), None, self.tapes.active)
        node.within = self.within
        node.origin = origin
        for tape, _ in node.active:
            node.recorded[tape] = 1
        return node

    def phi(self, nodes: Sequence[Node]) -> Node:
        """Any one of ``nodes``."""
        dtypes = {node.dtype for node in nodes}
        dtype = dtypes.pop() if len(dtypes) == 1 else None
        node = Node(PHI, self.now(), self.site, tuple(Edge(node) for node in nodes), dtype, self.tapes.active)
        node.placeholder = any(each.placeholder for each in nodes)
        node.level = min((each.level for each in nodes), default=0)
        return node

    def unless_skipped(self, after: Node, before: Node) -> Node:
        """What a loop leaves behind, ``after`` its turns or, where it makes none, from ``before``."""
        node = self.phi([after, before])
        node.edges = (Edge(after), Edge(before, detail=EdgeNote.WITHOUT_TURN))
        return node

    def plain(self, edges: Sequence[Edge], dtype: str | None = None) -> Node:
        """A step outside TensorFlow: no tape records it."""
        self.look_into(edge.node for edge in edges)
        node = Node(OP, self.now(), self.site, tuple(edges), dtype, self.tapes.active)
        node.dense = True
        node.within = self.within
        for edge in edges:
            edge.node.uses += 1
        if self.loop is not None:
            self._note_loop(node)
        return node

    def op(self, edges: Sequence[Edge], dtype: str | None = None, site: Site | None = None) -> Node:
        """A step computed from ``edges``. A tape records it if it follows one of the inputs at this moment."""
        tapes = self.tapes
        self.look_into(edge.node for edge in edges)
        node = Node(OP, self.now(), self.pinned or site or self.site, tuple(edges), dtype, tapes.active)
        node.level, node.apart, node.within = self.level, self.apart, self.within
        if self.loop is not None:
            self._note_loop(node)
        for edge in edges:
            edge.node.uses += 1
            node.placeholder = node.placeholder or edge.node.placeholder
        if tapes.stopped:
            node.stopped = tapes.stopped
        for tape, certain in tapes.active:
            status = _recording(tape, edges)
            if status:
                self._note_reads(tape, edges)
                node.recorded[tape] = status if certain else 1
        return node

    @contextmanager
    def in_thread(self) -> Iterator[None]:
        """What runs inside has a thread of its own: the tapes that record now do not follow there."""
        assert self.write is not None
        before, apart = self.tapes.active, self.apart
        self.write(self.tapes, "active", Active())
        self.apart = True
        try:
            yield
        finally:
            self.apart = apart
            self.write(self.tapes, "active", before)

    @contextmanager
    def looping(self, real: bool = True) -> Iterator[GraphLoop]:
        """What runs inside is the body of a loop of the graph that is being traced."""
        outer = self.loop
        loop = self.loop = GraphLoop(self.now(), outer, real)
        try:
            yield loop
        finally:
            self.loop = outer
            loop.open = False

    def _note_loop(self, node: Node) -> None:
        node.loop = loop = self.loop
        while loop is not None:
            for edge in node.edges:
                if edge.node.seq < loop.start and edge.effect is not Effect.PLAIN and trainable(edge.node.dtype):
                    loop.inputs[edge.node] = loop.inputs.get(edge.node, False) or trainable(node.dtype)
            loop = loop.parent

    def read(self, node: Node) -> None:
        """Take note that the tapes that record come to watch a variable."""
        for tape, _ in self.tapes.active:
            self._note_reads(tape, [Edge(node)])

    def _note_reads(self, tape: Tape, edges: Sequence[Edge]) -> None:
        """Remember which variables the tape came to watch by itself."""
        for edge in edges:
            variable = edge.node.variable
            read = tape.fields["read"]
            if (edge.node.kind == PHI or isinstance(edge.node, Beyond)) and self.write is not None:
                # It may stand for a variable: which ones were read is not known any more.
                self.write(tape, "read", None)
                continue
            if variable is not None and read is not None and variable not in read and self.write is not None:
                self.write(tape, "read", (*read, variable))


def _recording(tape: Tape, edges: Sequence[Edge]) -> int:
    best = 0
    for node, effect, _, _ in edges:
        if effect is Effect.PLAIN or not trainable(node.dtype):
            continue
        status = tracked(tape, node)
        if status and effect in (Effect.NONE, Effect.UNKNOWN):
            # Some operations without a gradient are recorded, others are not.
            status = 1
        if status > best:
            best = status
            if best == 2:
                break
    return best
