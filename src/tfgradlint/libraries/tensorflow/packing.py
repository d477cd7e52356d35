"""Functions that make one tensor of a list."""

from __future__ import annotations

from tfgradlint.flow.graph.origins import Kind, Origin
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Value, Variable
from tfgradlint.flow.values.walk import nest_parts, walk

_PACKING = frozenset({"tf.stack", "tf.convert_to_tensor", "keras.ops.stack", "keras.ops.convert_to_tensor"})
_PACKED = Origin(Kind.MADE, "packed keras variables")


def call(interp: Context, path: str, args: list[Value]) -> Value | None:
    """A list of Keras' variables made a tensor; None for anything else."""
    if path not in _PACKING or not args or isinstance(args[0], Variable):
        return None
    if any(isinstance(each, Variable) and each.library == "keras" for each in walk(args[0], nest_parts)):
        # TensorFlow packs no variables of Keras 3: it raises AttributeError.
        return interp.opaque_result_of(_PACKED, args)
    return None
