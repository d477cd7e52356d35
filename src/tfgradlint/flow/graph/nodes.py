"""The flow graph: which value was computed from which, and what a gradient does on the way back."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Curvature, Detail, EdgeNote, SecondDerivative
from tfgradlint.flow.graph.forms import Form, Mode
from tfgradlint.flow.graph.origins import MORE_THAN_FOLLOWED, Origin
from tfgradlint.flow.graph.shape import ANY_SHAPE, Shape

if TYPE_CHECKING:
    import libcst as cst


class Recording(Protocol):
    """What the graph knows of a tape: that it is one, and has a state."""

    fields: dict[Any, Any]


class Stored(Protocol):
    """What the graph knows of a variable: its state, the node of its present content, and when it was made."""

    fields: dict[Any, Any]
    birth: int

    @property
    def node(self) -> Node: ...


class Effect(IntEnum):
    """What a gradient does on an edge, on its way from a result to one of its inputs."""

    FLOWS = 0
    #: The gradient function returns zeros.
    ZERO = 1
    #: No gradient: the break, told by the edge's cause.
    NONE = 2
    #: Asking for the gradient raises.
    RAISES = 3
    #: Not known.
    UNKNOWN = 4
    #: Ordinary Python data: carries no gradient, but did not break one either.
    PLAIN = 5
    #: A gradient, never None and no exception; whether all of it is zero is a matter of the numbers.
    ARRIVES = 6


class Edge(NamedTuple):
    """One input of a step: ``node`` is what it was computed from.

    ``detail``: the kind of its cause, where it has one, else what is to be known of it besides its effect.
    """

    node: Node
    effect: Effect = Effect.FLOWS
    cause: Cause | None = None
    detail: Detail | SecondDerivative | EdgeNote | None = None

    @property
    def kind(self) -> Detail | None:
        """The kind of its cause, where it has one."""
        return self.detail if isinstance(self.detail, Detail) else None


class Interaction(NamedTuple):
    """How the inputs of a step act together: on what the gradient across it depends, besides the gradient behind it.

    ``factors`` are the places of the edges whose inputs are multiplied with each other. Their product, with all other
    inputs added, goes through what has this ``curvature``. ``elementwise``: each element of the result comes from one
    of the inputs.
    """

    factors: frozenset[int]
    curvature: Curvature
    elementwise: bool = False


class Site(NamedTuple):
    """Where a step stands: the expression, and the statement that holds it (positions start there).

    ``via``: for a step of an imported module, the step in the judged one that led to it.
    """

    statement: cst.CSTNode | None
    expression: cst.CSTNode | None
    via: Any = None


NOWHERE = Site(None, None)

Operand: TypeAlias = "Node | float"


class Formula(NamedTuple):
    """What a step computes: ``form`` of the operands. It is there where it is certain, and says nothing of gradients.

    ``options`` are what else decides its value: axes, and the like.
    """

    form: Form
    operands: tuple[Operand, ...]
    options: tuple[object, ...] = ()
    mode: Mode = Mode.UNKNOWN


#: A step computed from its edges.
OP = "op"
#: One of the alternatives that its edges name, depending on the branch taken.
PHI = "phi"
#: A value with no history: a constant, or a variable's content.
LEAF = "leaf"
#: A value of which nothing is known: it may be, or depend on, anything older than itself, or than its last change.
OPAQUE = "opaque"

NON_TRAINABLE = frozenset({"bool", "string", "resource", "variant"})


def trainable(dtype: str | None) -> bool:
    """Whether a tape follows tensors of this dtype. An unknown dtype is taken to be floating."""
    return dtype is None or not (dtype in NON_TRAINABLE or "int" in dtype)


class GraphLoop:
    """A loop that is one step of a compiled function's graph: all that it takes gets a gradient back, if of zeros.

    ``inputs`` are the older nodes that its steps read, True where more than their shape; ``real``: it is certainly no
    loop of Python's.
    """

    __slots__ = ("inputs", "open", "parent", "real", "start")

    def __init__(self, start: int, parent: GraphLoop | None, real: bool) -> None:
        self.start = start
        self.parent = parent
        self.real = real
        self.open = True
        self.inputs: dict[Node, bool] = {}


class Node:
    """One value in the graph.

    Attributes:
        recorded: for each tape whether it recorded the step: 2 certainly, 1 perhaps; a missing tape did not.
        apart: it was computed in a thread of its own.
        active: the tapes that were recording when the step was taken, and whether each certainly was.
        stopped: the tapes that were told to stop for a while.
        variable: the variable whose content this is.
        rebinds: for a tensor bound to the name that held a variable before: where.
        loose: the step may be no operation at all: ``a + b`` or ``a[0]`` of unknown values may be done on lists,
            which no tape has to record.
        level: above 0 for what a compiled function computed.
        loop: the loop of a graph that the step was taken in.
        maybe_alias: what of the arguments the call may have handed through instead of making something new.
        placeholder: it stands for what a model will be given, and has no content yet.
        as_target: what a request with this very integer as its target gives, where that is not None.
        joint: how its inputs act together, where that is known.
        sparse: the gradient across it may be made of slices, which is no tensor.
        sliced: towards a variable it certainly is.
        changed: for a value of which nothing is known: when code that is not followed ran last before it was read; it
            may be an object that holds something else since.
        dense: certainly one tensor, array or number, if all that it was computed from is; not several tensors in one.
        called_at: for a step of a model made of inputs and outputs: where that was called.
        origin: where the value comes from, where nothing or not all is known of it.
        formula: what it computes, where that is known.
        uses: how many steps were computed from it so far.
        shape: how many elements it has along its axes, as far as that is known.
        within: the run of a function in which the step was taken.
    """

    __slots__ = (
        "active",
        "apart",
        "as_target",
        "called_at",
        "changed",
        "dense",
        "dtype",
        "edges",
        "formula",
        "joint",
        "kind",
        "level",
        "loop",
        "loose",
        "maybe_alias",
        "origin",
        "placeholder",
        "rebinds",
        "recorded",
        "seq",
        "shape",
        "site",
        "sliced",
        "sparse",
        "stopped",
        "uses",
        "variable",
        "within",
    )

    def __init__(
        self,
        kind: str,
        seq: int,
        site: Site,
        edges: tuple[Edge, ...] = (),
        dtype: str | None = None,
        active: tuple[tuple[Recording, bool], ...] = (),
    ) -> None:
        self.kind = kind
        self.seq = seq
        self.site = site
        self.edges = edges
        self.dtype = dtype
        self.active = active
        self.recorded: dict[Recording, int] = {}
        self.stopped: tuple[Recording, ...] = ()
        self.variable: Stored | None = None
        self.rebinds: Site | None = None
        self.origin: Origin | None = None
        self.formula: Formula | None = None
        self.uses = 0
        self.shape: Shape = ANY_SHAPE
        self.within: object = None
        self.as_target: Effect | None = None
        self.level = 0
        self.loop: GraphLoop | None = None
        self.joint: Interaction | None = None
        self.loose = False
        self.apart = False
        self.sparse = False
        self.sliced = False
        self.changed = 0
        self.dense = False
        self.called_at: Site | None = None
        self.placeholder = False
        self.maybe_alias: tuple[Node, ...] | None = None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.seq} {self.dtype or ''} {self.origin or ''}>"


class Beyond(Node):
    """Stands for all nodes that a bounded walk did not come to: it may be any of them, of whatever age."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(OPAQUE, sys.maxsize, NOWHERE)
        self.origin = MORE_THAN_FOLLOWED


def cut_off(nodes: Iterable[Node]) -> bool:
    """Whether these are not all: a bound cut off the walk that found them."""
    return any(isinstance(node, Beyond) for node in nodes)
