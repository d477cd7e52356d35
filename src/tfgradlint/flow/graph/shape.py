"""How many elements a value has along its axes, as far as the program says so."""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """The last axes of a value, and whether there may be more before them; None for a length that is not known."""

    dims: tuple[int | None, ...]
    open: bool = False

    def along(self, axis: int) -> int | None:
        """How many elements there are along an axis."""
        if axis >= 0 and self.open:
            return None
        return self.dims[axis] if -len(self.dims) <= axis < len(self.dims) else None

    @property
    def number(self) -> int | None:
        """How many elements there are."""
        number = 1
        for each in self.dims:
            if each is None:
                return None
            number *= each
        return None if self.open else number


#: Nothing is known of it.
ANY_SHAPE = Shape((), True)
#: A single number.
SCALAR = Shape(())
