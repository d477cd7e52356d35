"""Between which bounds values lie, and whether these are taken."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum


class Reach(IntEnum):
    """Whether an end is taken, by values that may be anything in the other direction."""

    #: Not known, or only approached.
    OPEN = 0
    #: At single points.
    POINTS = 1
    #: By all that lies beyond: ``relu``, a clip, and what rounding makes of a sigmoid.
    MASS = 2


@dataclass(frozen=True, slots=True)
class Interval:
    """All values lie between ``low`` and ``high``, both included, if they are numbers at all."""

    low: float = -math.inf
    high: float = math.inf
    at_low: Reach = Reach.OPEN
    at_high: Reach = Reach.OPEN

    @property
    def single(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    def within(self, low: float, high: float) -> bool:
        """Whether all values lie between the two."""
        return low <= self.low and self.high <= high


ANYTHING = Interval()


def single(value: float) -> Interval:
    """One number."""
    return Interval(value, value, Reach.POINTS, Reach.POINTS) if not math.isnan(value) else ANYTHING


def hull(one: Interval, other: Interval) -> Interval:
    """What holds for values of either: at the same end the weaker reach."""
    low, at_low = _end(one.low, one.at_low, other.low, other.at_low, lower=True)
    high, at_high = _end(one.high, one.at_high, other.high, other.at_high, lower=False)
    return Interval(low, high, at_low, at_high)


def _end(one: float, at_one: Reach, other: float, at_other: Reach, lower: bool) -> tuple[float, Reach]:
    if one == other:
        return one, min(at_one, at_other)
    # Which of the two it is decides whether the end is taken.
    return (min if lower else max)(one, other), Reach.OPEN
