"""The functions that steps compute, as mathematics: what operators, functions and layers of all libraries share."""

from __future__ import annotations

from enum import Enum, auto


class Form(Enum):
    """The functions that numbers are known of."""

    #: Literal numbers: the smallest and the largest.
    LITERAL = auto()
    ADD = auto()
    SUBTRACT = auto()
    MULTIPLY = auto()
    DIVIDE = auto()
    POWER = auto()
    NEGATIVE = auto()
    ABS = auto()
    SQUARE = auto()
    EXP = auto()
    LOG = auto()
    LOG1P = auto()
    SQRT = auto()
    RSQRT = auto()
    RECIPROCAL = auto()
    MAXIMUM = auto()
    MINIMUM = auto()
    #: Of what is clipped, and its two bounds.
    CLIP = auto()
    RELU = auto()
    RELU6 = auto()
    SIGMOID = auto()
    TANH = auto()
    SOFTPLUS = auto()
    LOG_SIGMOID = auto()
    SOFTMAX = auto()
    LOG_SOFTMAX = auto()
    #: Of values between minus one and one, whatever it is given: sine, cosine, the error function, normalised vectors.
    UNIT = auto()
    #: Normalised vectors: their products are cosines.
    NORMALISED = auto()
    MATMUL = auto()
    SUM = auto()
    MEAN = auto()
    MAX = auto()
    MIN = auto()
    VARIANCE = auto()
    DEVIATION = auto()
    NORM = auto()
    #: The same values, or some of them, in another order or form.
    SAME = auto()
    #: Some of the values.
    PART = auto()
    #: Chosen element by element from the second and the third, by the first.
    WHERE = auto()
    #: The elements of all that it is given.
    JOIN = auto()
    #: The first, times the logarithm of the second.
    XLOGY = auto()
    #: Of a real and an imaginary part.
    COMPLEX = auto()
    GREATER = auto()
    LESS = auto()


class Mode(Enum):
    """How a step runs. Those of a graph are simplified together before they do."""

    EAGER = auto()
    GRAPH = auto()
    XLA = auto()
    UNKNOWN = auto()
