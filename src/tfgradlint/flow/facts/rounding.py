"""The floating-point formats: what they round to what, and where they end."""

from __future__ import annotations

import math
import struct
from typing import NamedTuple


class Format(NamedTuple):
    """A format: the ``bits`` of its fraction, its smallest normal and its largest number.

    TensorFlow's kernels take what is smaller than the smallest normal number for zero; not so in half precision.
    """

    name: str
    bits: int
    smallest: float
    largest: float

    @property
    def half_step(self) -> float:
        """What is added to one and does not exceed it is lost."""
        return 2.0 ** -(self.bits + 1)

    @property
    def log_largest(self) -> float:
        """The exponential function overflows above."""
        return math.log(self.largest)

    @property
    def log_smallest(self) -> float:
        """The exponential function gives zero below, or a number whose reciprocal is none."""
        return -min(-math.log(self.smallest) if self.smallest < 2.0**-100 else math.inf, self.log_largest)

    @property
    def log_half_step(self) -> float:
        """A sigmoid is one as soon as its input is above the negative of this."""
        return math.log(self.half_step)

    def rounded(self, value: float) -> float:
        """The nearest number of the format."""
        if math.isnan(value) or math.isinf(value):
            return value
        if self.bits == _DOUBLE:
            return value
        if self.bits in _PACKED:
            try:
                number: float = struct.unpack(_PACKED[self.bits], struct.pack(_PACKED[self.bits], value))[0]
            except OverflowError:  # the largest number and a bit
                return math.copysign(math.inf, value)
            return number
        fraction, exponent = math.frexp(value)
        scale = 2.0 ** (self.bits + 1)
        number = math.ldexp(round(fraction * scale) / scale, exponent)
        return number if abs(number) <= self.largest else math.copysign(math.inf, value)


_DOUBLE = 52
_PACKED = {23: "f", 10: "e"}

FLOAT32 = Format("float32", 23, 2.0**-126, (2 - 2.0**-23) * 2.0**127)
FORMATS = {
    "float16": Format("float16", 10, 2.0**-14, 65504.0),
    "bfloat16": Format("bfloat16", 7, 2.0**-126, (2 - 2.0**-7) * 2.0**127),
    "float32": FLOAT32,
    "float64": Format("float64", _DOUBLE, 2.0**-1022, (2 - 2.0**-52) * 2.0**1023),
}


def format_of(dtype: str | None) -> Format | None:
    """The format of a dtype; None where it has none that is known."""
    return FORMATS.get(dtype or "")
