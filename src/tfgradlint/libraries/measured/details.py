"""What edges say of operations: one object for each, shared by all edges."""

from __future__ import annotations

from functools import lru_cache

from tfgradlint.flow.graph.details import Curvature, Operation, Raises, SecondDerivative

#: What is called so, in whatever library, takes the shape or the length of its argument alone.
_FORMS = frozenset({"shape", "shape_n", "size", "rank", "len", "ndim"})
#: The names come from the data, and a few (methods of arrays, functions of other libraries) from the program.
_MANY = 4096
_CURVATURES = {"flows": Curvature.CURVED, "none": Curvature.STRAIGHT, "zero": Curvature.FLAT}


@lru_cache(maxsize=_MANY)
def operation(name: str, raised: str = "", output: str = "", argument: str = "") -> Operation:
    """The operation of this name; ``output`` and ``argument`` are those of :class:`Operation`.

    All libraries call ``..._like`` what takes the form of its argument alone.
    """
    form_only = name.endswith("_like") or name.rpartition(".")[2] in _FORMS
    return Operation(name, form_only, raised=raised, output=output, argument=argument)


@lru_cache(maxsize=_MANY)
def second_derivative(name: str, own: str, above: str) -> SecondDerivative:
    """What the measured data says of the gradient of an operation's gradient, in its words."""
    return SecondDerivative(operation(name), _outcome(own), _outcome(above))


def _outcome(word: str) -> Curvature | Raises | None:
    if word.startswith("raises"):
        return Raises(word.partition(":")[2])
    return _CURVATURES.get(word, Curvature.UNKNOWN) if word else None
