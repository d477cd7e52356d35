"""In which way a step leaves the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.nodes import Site


class Way(Enum):
    """What was computed by hand, or what rounding takes away."""

    #: The logarithm of a sigmoid, and of one minus it.
    SIGMOID = auto()
    NOT_SIGMOID = auto()
    #: The same of a softmax.
    SOFTMAX = auto()
    NOT_SOFTMAX = auto()
    #: The logarithm of one minus the square of a hyperbolic tangent.
    NOT_TANH_SQUARED = auto()
    #: The logarithm of a sum of exponentials, of one and an exponential, and exponentials divided by their sum.
    LOG_SUM_EXP = auto()
    SOFTPLUS = auto()
    EXP_BY_SUM = auto()
    #: A small number is added to the difference of two others, which a graph adds to the first of them.
    FOLDED = auto()
    #: A small number is added to one that is too large for it; or a bound of a clip is the number next to it.
    ABSORBED = auto()
    BOUND = auto()
    #: A number is less than the smallest of its format.
    VANISHED = auto()
    #: A function without a slope at zero of what a ``relu`` has made zero.
    BEHIND_RELU = auto()
    #: Zero is written out; variables begin with it; a value is taken from itself; one of all pairs is an element and
    #: itself; a mask makes it.
    ZERO_WRITTEN = auto()
    ZERO_AT_FIRST = auto()
    ITSELF = auto()
    PAIRS = auto()
    MASKED = auto()
    #: The standard deviation of one element.
    OF_ONE = auto()
    #: All that is bounded begins beyond the bound; both factors begin with zeros.
    BEYOND = auto()
    BOTH_ZERO = auto()


@dataclass(frozen=True, slots=True)
class Unstable(Detail):
    """A step is no number for some inputs: ``inner`` is where that has its cause, ``limit`` what the input is beyond.

    ``dtype`` is the format in which it is computed. For what rounding takes away, ``limit`` is the number that is lost.
    """

    way: Way
    inner: Site
    limit: float
    dtype: str
