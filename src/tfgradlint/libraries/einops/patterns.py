"""What a pattern says by itself: ``b (h w) c -> b h w c``."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: The axes of one side, in groups: one name, or what stands in parentheses. A 1 is a group of no axis.
Side = list[tuple[str, ...]]

_PART = re.compile(r"\(([^()]*)\)|([^\s()]+)")
#: Any number of axes; in parentheses they become one.
_ELLIPSIS, _JOINED = "...", "(...)"


def sides(pattern: str) -> tuple[Side, Side] | None:
    """Both sides of a pattern; None where it has not two."""
    both = pattern.replace("…", _ELLIPSIS).split("->")
    return (_groups(both[0]), _groups(both[1])) if len(both) == 2 else None


def _groups(text: str) -> Side:
    parts = (
        (match[1] or "").replace(_ELLIPSIS, _JOINED).split() or [match[2] or "1"] for match in _PART.finditer(text)
    )
    return [tuple(axis for axis in part if axis != "1") for part in parts]


def named(side: Side) -> list[str]:
    """The axes of one side in order, each but the ellipsis."""
    return [axis for group in side for axis in group if axis not in (_ELLIPSIS, _JOINED)]


def reshapes(side: Side) -> bool:
    """Whether a tensor with the axes of one side is certainly reshaped: some are one, or one is none."""
    return any(len(group) > 2 or (len(group) != 1 and _JOINED not in group) for group in side)


def drops(pattern: str) -> bool:
    """Whether an axis is certainly reduced."""
    both = sides(pattern)
    return both is not None and not {*named(both[0])} <= {*named(both[1])}


def moves(pattern: str) -> bool:
    """Whether there is certainly something to do, besides reducing axes."""
    both = sides(pattern)
    return both is not None and (named(both[0]) != named(both[1]) or any(map(reshapes, both)))


def stays(pattern: str) -> bool:
    """Whether there is certainly nothing to do, so that the tensor itself is handed through."""
    both = sides(pattern)
    return both is not None and both[0] == both[1] and all(len(group) == 1 and group != (_JOINED,) for group in both[0])


def in_order(pattern: str) -> bool | None:
    """Whether the axes to be reduced come last already, so that the tensor itself is reduced; None: perhaps."""
    both = sides(pattern)
    if both is None or reshapes(both[0]):
        return None if both is None else False
    left = [axis for group in both[0] for axis in group]
    kept = [_ELLIPSIS if axis == _JOINED else axis for group in both[1] for axis in group]
    order = [axis for axis in kept if axis in left] + [axis for axis in left if axis not in kept]
    if order == left:
        return True
    one, other = ([axis for axis in axes if axis != _ELLIPSIS] for axes in (order, left))
    return None if one == other else False


def axes(pattern: str) -> Iterator[str]:
    """The names in a pattern of one side, such as ``parse_shape`` takes."""
    return (axis for axis in named(_groups(pattern)) if axis != "_" and not axis.isdigit())
