"""In which way a step leaves the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.nodes import Site


class Way(Enum):
    """What was computed by hand."""

    #: The logarithm of a sigmoid, and of one minus it.
    SIGMOID = auto()
    NOT_SIGMOID = auto()
    #: The same of a softmax.
    SOFTMAX = auto()
    NOT_SOFTMAX = auto()
    #: The logarithm of one minus the square of a hyperbolic tangent.
    NOT_TANH_SQUARED = auto()


@dataclass(frozen=True, slots=True)
class Unstable(Detail):
    """A step is no number for some inputs: ``inner`` is where that has its cause, ``limit`` what the input is beyond.

    ``dtype`` is the format in which it is computed.
    """

    way: Way
    inner: Site
    limit: float
    dtype: str
