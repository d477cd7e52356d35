"""What an edge says besides its effect and its cause: typed, so that decisions never hang on words.

The objects are shared by all edges that say the same, and never changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Curvature(Enum):
    """What differentiating the gradient across a step again gives, with respect to something the step was given."""

    #: A gradient: the one across the step depends on it.
    CURVED = auto()
    #: None: it does not.
    STRAIGHT = auto()
    #: Zeros: it is the same on both sides of a corner.
    FLAT = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Raises:
    """The same where asking for that raises."""

    exception: str


class Detail:
    """What kind of break it is, where a cause has kinds: an :class:`Operation`, or one of ``breaks``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Operation(Detail):
    """The break is that of one operation, function or method.

    ``form_only``: it takes the form of its input alone, and was hardly meant to carry a gradient. ``second``: only the
    derivative of a derivative meets the break. ``raised``: the exception, where its gradient is not registered.
    ``output``: which of several results breaks, as it is written behind the call (``.indices``, ``[1]``). ``argument``:
    the parameter for which there is no gradient, where there is one for another.
    """

    name: str
    form_only: bool = False
    second: bool = False
    raised: str = ""
    output: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True)
class SecondDerivative:
    """What becomes of the gradient across an edge where that is differentiated again.

    ``own``: with respect to the edge's own input; None where the step's :class:`Interaction` tells. ``above``: with
    respect to the gradient behind the step; None where that is handed on.
    """

    operation: Operation
    own: Curvature | Raises | None = None
    above: Curvature | Raises | None = None


class EdgeNote(Enum):
    """What some edges are marked with."""

    #: A gradient passes, unless the model trains: then it may be zero.
    UNLESS_TRAINING = auto()
    #: An alternative that only holds where a loop makes no turn. That counts against what is proven to be lost; that a
    #: gradient arrives is said of loops that make one.
    WITHOUT_TURN = auto()
    #: It leads from a dtype that is not known to the tensor that has it.
    OWN_DTYPE = auto()
