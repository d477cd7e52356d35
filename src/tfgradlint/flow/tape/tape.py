"""GradientTape's own semantics: what it watches, when it records, how often it answers."""

from __future__ import annotations

from typing import Any

from tfgradlint.flow.graph.details import EdgeNote
from tfgradlint.flow.graph.nodes import OPAQUE, PHI, Edge, Node, Stored, trainable
from tfgradlint.flow.values.base import Cell, HoldsNothing

NEW = "new"
LIVE = "live"
SPENT = "spent"


class Watched(dict[Any, bool]):
    """What a tape watches: a node or variable, and whether it certainly does. Never changed, only replaced."""

    @staticmethod
    def joined(alternatives: list[Watched]) -> Watched:
        keys = dict.fromkeys(key for each in alternatives for key in each)
        return Watched({key: all(each.get(key, False) for each in alternatives) for key in keys})


class Active(tuple[tuple["Tape", bool], ...]):
    """The tapes that are recording, and whether each certainly is."""

    __slots__ = ()

    @staticmethod
    def joined(alternatives: list[Active]) -> Active:
        tapes = dict.fromkeys(tape for each in alternatives for tape, _ in each)
        return Active((tape, all((tape, True) in each for each in alternatives)) for tape in tapes)


class Tape(HoldsNothing, Cell):
    """A tape.

    ``persistent`` and ``accessed`` (``watch_accessed_variables``) are True, False or None (unknown).
    ``fields``: ``life`` (new, live, spent; None: unknown), ``watched``, ``read`` (the variables read while it
    recorded), ``epoch`` (steps before it are forgotten), ``first_request`` (the site that used it up).
    ``level`` tells in which compiled function it was opened.
    """

    __slots__ = (
        "accessed",
        "block",
        "level",
        "persistent",
        "seq",
        "stopped_within",
        "watch_sites",
        "watch_times",
        "within",
    )

    def __init__(self, persistent: bool | None, accessed: bool | None, level: int, seq: int) -> None:
        super().__init__()
        self.persistent = persistent
        self.accessed = accessed
        self.level = level
        self.seq = seq
        #: Where each thing was watched; not undone with a branch, it only serves messages.
        self.watch_sites: dict[Any, Any] = {}
        self.watch_times: dict[Any, int] = {}
        #: The statement that entered it, and the runs of functions in which it was entered, and told to stop for a
        #: while; they serve messages too.
        self.block: Any = None
        self.within: object = None
        self.stopped_within: object = None
        self.fields = {"life": NEW, "watched": Watched(), "epoch": 0, "read": (), "escaped": False}


#: Stands among the tapes that were told to stop for a while where none records, not one that begins there either.
LIFTED = Tape(None, None, 0, 0)


class Tapes(HoldsNothing, Cell):
    """Which tapes are recording now, and which were told to stop for a while."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        #: ``others``: how many context managers are open of which nothing is known. ``ended``: whether the program has
        #: ended before; None where it depends on the branch taken. ``doubted``: whether a context manager is open that
        #: changes what is recorded, or what variables are like. ``eager``: whether compiled functions run step by step;
        #: None where that is not known.
        self.fields = {"active": Active(), "stopped": (), "others": 0, "ended": False, "doubted": False, "eager": False}
        #: Whether a scope is open in which variables may stand for something else.
        self.fields["replaced"] = False
        #: Whether the program has switched to graphs, for good.
        self.fields["graphs"] = False

    @property
    def active(self) -> Active:
        active: Active = self.fields["active"]
        return active

    @property
    def stopped(self) -> tuple[Tape, ...]:
        return self.fields["stopped"] or ()

    @property
    def blocks(self) -> dict[str, object]:
        """What the context managers that are open have made of it, by its fields."""
        return {name: self.fields[name] for name in ("others", "doubted", "replaced")}

    @property
    def outside(self) -> bool:
        """Whether nothing is open that may handle exceptions or have rules of its own, as a graph has."""
        return self.fields["others"] == 0 and self.fields["graphs"] is False


def tracked(tape: Tape, node: Node) -> int:
    """Whether the tape follows this value at this moment: 2 certainly, 1 perhaps, 0 no."""
    if not trainable(node.dtype):
        return 0
    variable = node.variable
    watched = tape.fields["watched"]
    if watched:
        certain = watched.get(node if variable is None else variable)
        if certain is not None:
            return 2 if certain else 1
    if variable is not None:
        return variable_tracked(tape, variable)
    status = recorded(tape, node)
    if status:
        return status
    if node.kind == PHI:
        return _any_of(tape, node)
    return 1 if node.kind == OPAQUE else 0


def _any_of(tape: Tape, node: Node) -> int:
    """The same of alternatives, each of which may be alternatives again: every one is looked at once."""
    found: set[int] = set()
    met = {node}
    waiting, without_turn = [*node.edges], list[Edge]()
    while len(found) < 2:
        if not waiting:
            if not without_turn or found == {2}:
                break
            waiting, without_turn = [Edge(edge.node) for edge in without_turn], []
        edge = waiting.pop()
        if edge.node in met:
            continue
        if edge.detail is EdgeNote.WITHOUT_TURN:
            without_turn.append(edge)
            continue
        met.add(edge.node)
        if _only_alternatives(tape, edge.node):
            waiting.extend(edge.node.edges)
        else:
            found.add(tracked(tape, edge.node))
    return found.pop() if len(found) == 1 else 1


def _only_alternatives(tape: Tape, node: Node) -> bool:
    """Whether the tape follows the node where it follows what that stands for."""
    if node.kind != PHI or node.variable is not None or not trainable(node.dtype):
        return False
    watched = tape.fields["watched"]
    return not (watched and node in watched) and not recorded(tape, node)


def variable_tracked(tape: Tape, variable: Stored) -> int:
    """Whether the tape watches the variable by itself when it is read."""
    wanted = variable.fields["trainable"]
    if tape.accessed is False or wanted is False:
        return 0
    return 2 if tape.accessed and wanted else 1


def recorded(tape: Tape, node: Node) -> int:
    """Whether the tape recorded the step that computed this value, and still remembers it."""
    status = node.recorded.get(tape, 0)
    if status:
        epoch = tape.fields["epoch"]
        if epoch is None:
            return 1
        if node.seq < epoch:
            status = 0
    if node.loop is not None and status < 2:
        status = max(status, _recorded_loop(tape, node))
    return 1 if node.loose and not status else status


def _recorded_loop(tape: Tape, node: Node) -> int:
    """A loop of a graph is a single step, which is recorded if the tape follows anything that is read in it."""
    status, loop = 0, node.loop
    while loop is not None and status < 2:
        if loop.real and not loop.open and (tape, True) in node.active and loop.start > (tape.fields["epoch"] or 0):
            followed = [tracked(tape, each) for each, read in loop.inputs.items() if read]
            status = max([status, *followed])
        loop = loop.parent
    return status
