"""Slices, and what is sparse or ragged: how they are made of a tensor, and what they are made of."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Edge, Effect
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.search import is_dense
from tfgradlint.flow.values.base import (
    NONE,
    Array,
    Composite,
    Const,
    Scalar,
    Symbol,
    Tensor,
    UnknownMember,
    Value,
    Variable,
)
from tfgradlint.flow.values.walk import nodes_of
from tfgradlint.libraries.measured.apply import apply
from tfgradlint.libraries.registry import Handler
from tfgradlint.libraries.session import Session

#: Attributes that are no methods, and whose values are tensors of integers.
_INTEGERS = frozenset({"indices", "dense_shape", "row_splits"})
_VALUES = {"IndexedSlices": ("values",), "SparseTensor": ("values",), "RaggedTensor": ("values", "flat_values")}
#: Attributes that only slices, and what is sparse or ragged, have: their values, which stand for them in the graph.
OF_SOME_FORM = frozenset(name for names in _VALUES.values() for name in names)
#: Attributes that only slices, and what is sparse or ragged, have: the values, which stand for them in the graph.
OF_SOME_FORM = frozenset(name for names in _VALUES.values() for name in names)
_OTHERS = frozenset({"nested_row_splits", "ragged_rank", "uniform_row_length", "op", "graph", "consumers"})
#: Methods that make another one, with these values and of the same form.
_WITH_OTHERS = frozenset({"with_values", "with_flat_values"})


def _made(form: str, name: str, position: int) -> Handler:
    """The values are the very tensor that is given: a tape need not see how they are put together."""

    def make(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value:
        values = args[position] if len(args) > position else kwargs.get(name, NONE)
        if not isinstance(values, (Tensor, Variable)) and form != "IndexedSlices":
            values = interp.calls.call(Symbol("tf.convert_to_tensor"), [values], {})
        if isinstance(values, Tensor):
            return Composite(values.node, form, name == "flat_values" or isinstance(values, Composite))
        nodes = nodes_of(values)
        dtype = nodes[0].dtype if len(nodes) == 1 else None
        node = interp.recorder.op([Edge(node) for node in nodes], dtype)
        return Tensor(node) if form == "IndexedSlices" else Composite(node, form, True)

    return make


def _mapped(form: str, needs_one: bool) -> Handler:
    """A function of the values makes the values of another one, which is sparse or ragged in the same way.

    ``needs_one``: it refuses to be given none that is; otherwise it calls the function with what it is given.
    """

    def run(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        function, given = (args[0], args[1:]) if args else (kwargs.get("op", NONE), args)
        if "**" in kwargs or (not args and "op" in kwargs) or not all(map(_is_plain, [*given, *kwargs.values()])):
            return None
        found = any(_is_of(form, each) for each in (*given, *kwargs.values()))
        if needs_one and not found:
            return None
        named = {name: _values(each) for name, each in kwargs.items()}
        made = interp.calls.call(function, list(map(_values, given)), named)
        if not isinstance(made, Tensor):
            return interp.opaque_result_of(origins.returned_by(f"map of values of a {form}"), [made])
        return Composite(made.node, form, True) if found else made

    return run


def _is_plain(value: Value) -> bool:
    """Whether it is no nest, in which there may be one that is sparse or ragged."""
    return isinstance(value, (Tensor, Variable, Const, Scalar, Array))


def _is_of(form: str, value: Value) -> bool:
    return isinstance(value, Composite) and value.form == form


def _values(value: Value) -> Value:
    return Tensor(value.node) if isinstance(value, Composite) else value


def attribute(interp: Context, session: Session, receiver: Composite, name: str) -> Value | None:
    """An attribute that is not a method."""
    if name in _VALUES[receiver.form]:
        ragged = name == "values" and receiver.form == "RaggedTensor"
        nested = ragged and (receiver.deep or not is_dense(receiver.node))
        return interp.opaque_result_of(origins.attribute(name), [receiver]) if nested else Tensor(receiver.node)
    known = session.known(f"tf.{receiver.form}.{name}")
    if name in _INTEGERS and known is not None and (receiver.form, name) != ("IndexedSlices", "dense_shape"):
        return Tensor(interp.recorder.op([Edge(receiver.node, Effect.PLAIN)], "int64"))
    if known is not None and name not in (*_INTEGERS, *_OTHERS):
        return None
    node = interp.recorder.opaque(origins.attribute(name), [Edge(receiver.node, Effect.UNKNOWN)])
    return UnknownMember(node, receiver, name)


def method(
    interp: Context, session: Session, receiver: Composite, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """The result of a call of a method."""
    if name in _WITH_OTHERS and len(args) == 1 and type(args[0]) is Tensor:
        return Composite(args[0].node, receiver.form, receiver.deep)
    known = session.known(f"tf.{receiver.form}.{name}")
    return apply(interp, known, [receiver, *args], kwargs) if known is not None else None


_OF_VALUES = (
    "from_row_splits from_row_lengths from_value_rowids from_row_starts from_row_limits from_uniform_row_length".split()
)
_OF_FLAT_VALUES = "from_nested_row_splits from_nested_row_lengths from_nested_value_rowids".split()

HANDLERS: dict[str, Handler] = {
    "tf.IndexedSlices": _made("IndexedSlices", "values", 0),
    "tf.SparseTensor": _made("SparseTensor", "values", 1),
    "tf.sparse.SparseTensor": _made("SparseTensor", "values", 1),
    **{f"tf.RaggedTensor.{name}": _made("RaggedTensor", "values", 0) for name in _OF_VALUES},
    **{f"tf.RaggedTensor.{name}": _made("RaggedTensor", "flat_values", 0) for name in _OF_FLAT_VALUES},
    "tf.sparse.map_values": _mapped("SparseTensor", True),
    "tf.ragged.map_flat_values": _mapped("RaggedTensor", False),
}
