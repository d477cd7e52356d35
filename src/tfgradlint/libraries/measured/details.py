"""What edges say of operations: one object for each, shared by all edges."""

from __future__ import annotations

from functools import lru_cache

from tfgradlint.flow.graph.details import Curvature, Operation, Raises, SecondDerivative

#: The names come from the data, and a few (methods of arrays, functions of other libraries) from the program.
_MANY = 4096
_CURVATURES = {"flows": Curvature.CURVED, "none": Curvature.STRAIGHT, "zero": Curvature.FLAT}


@lru_cache(maxsize=_MANY)
def operation(name: str, raised: str = "") -> Operation:
    """The operation of this name. All libraries call ``..._like`` what takes the form of its argument alone."""
    return Operation(name, name.endswith("_like"), raised=raised)


@lru_cache(maxsize=_MANY)
def second_derivative(name: str, own: str, above: str) -> SecondDerivative:
    """What the measured data says of the gradient of an operation's gradient, in its words."""
    return SecondDerivative(operation(name), _outcome(own), _outcome(above))


def _outcome(word: str) -> Curvature | Raises | None:
    if word.startswith("raises"):
        return Raises(word.partition(":")[2])
    return _CURVATURES.get(word, Curvature.UNKNOWN) if word else None
