"""What tensors and variables have: facts that carry no gradient, parts of what is no plain tensor, methods."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.details import EdgeNote
from tfgradlint.flow.graph.nodes import Edge, Effect
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import is_dense
from tfgradlint.flow.values.base import (
    Composite,
    Const,
    Scalar,
    Symbol,
    Tensor,
    UnknownMember,
    Value,
    Variable,
)
from tfgradlint.knowledge import OperationFacts
from tfgradlint.libraries.keras.state import MAKE
from tfgradlint.libraries.measured.apply import apply
from tfgradlint.libraries.session import Session
from tfgradlint.libraries.tensorflow import composites, modes

#: Methods of arrays that tensors do not have, unless TensorFlow is told to give them NumPy's behavior.
OF_ARRAYS = frozenset(
    "all any argmax argmin argsort astype clip conj copy cumprod cumsum diagonal dot fill flatten max mean min nonzero "
    "prod ravel repeat round sort std sum swapaxes take trace transpose var view".split()
)
ASSIGNING = frozenset({"assign", "assign_add", "assign_sub"}) | frozenset(
    f"scatter_{kind}" for kind in ("add", "div", "max", "min", "mul", "sub", "update", "nd_add", "nd_sub", "nd_update")
)
#: Methods that are described here: each is looked at when it is called.
_METHODS = OF_ARRAYS | ASSIGNING | {"numpy", "item", "tolist"}
_FACTS = {"shape": "shape", "dtype": "", "name": "str", "device": "str", "ndim": "int", "trainable": "bool"}
#: Where the elements of slices, and of what is sparse or ragged, belong.
_INDICES = frozenset({"indices", "dense_shape", "row_splits"})


def attribute(interp: Context, session: Session, receiver: Tensor | Variable, name: str) -> Value | None:
    """An attribute that is not a method: shapes and dtypes carry no gradient."""
    if name == "value" and isinstance(receiver, Variable) and receiver.library == "keras":
        return Tensor(receiver.node)
    if name in _FACTS:
        if name == "dtype":
            dtype = receiver.node.dtype
            return Symbol(f"tf.{dtype}") if dtype is not None else Scalar(interp.recorder.plain([its_own(receiver)]))
        if (
            name == "name"
            and isinstance(receiver, Variable)
            and receiver.library == "keras"
            and (make := MAKE.of(receiver))
        ):
            return Const(str(make[1]).rpartition(".")[2])
        if name == "trainable" and isinstance(receiver, Variable) and receiver.fields["trainable"] is not None:
            return Const(receiver.fields["trainable"])
        if name == "shape" and not interp.graph_level and type(receiver) is Tensor and is_dense(receiver.node):
            return Scalar(interp.recorder.leaf(), "known shape")
        return Scalar(interp.recorder.leaf(), _FACTS[name])
    if isinstance(receiver, Composite):
        return composites.attribute(interp, session, receiver, name)
    if name == "T" and isinstance(receiver, Tensor) and modes.numpy_behavior(interp):
        transposed = session.known("tf.transpose")
        return apply(interp, transposed, [receiver], {}) if transposed is not None else None
    if name in composites.OF_SOME_FORM and isinstance(receiver, Tensor) and not is_dense(receiver.node):
        return Tensor(receiver.node)  # whatever else has no such attribute
    if name in _INDICES and isinstance(receiver, Tensor):
        return Tensor(interp.recorder.op([Edge(receiver.node, Effect.PLAIN)], "int64"))
    if name in _METHODS or measured(session, receiver, name) is not None:
        return None
    # Part of what is no plain tensor: slices, what is sparse or ragged; or an attribute that nobody describes.
    node = interp.recorder.opaque(origins.attribute(name), [Edge(receiver.node, Effect.UNKNOWN)])
    return UnknownMember(node, receiver, name)


def measured(session: Session, receiver: Tensor | Variable, name: str) -> OperationFacts | None:
    """What was measured of a method."""
    known = session.known("tf.Variable." + name) if isinstance(receiver, Variable) else None
    return known or session.known("tf.Tensor." + name)


def its_own(value: Tensor | Variable) -> Edge:
    """What leads from a dtype that is not known to the tensor that has it."""
    return Edge(value.node, Effect.PLAIN, None, EdgeNote.OWN_DTYPE)
