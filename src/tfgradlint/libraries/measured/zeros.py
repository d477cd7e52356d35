"""Gradients that what stands beside an input may turn to zeros: a factor of zeros, values that are written over."""

from __future__ import annotations

from collections.abc import Mapping

from tfgradlint.flow.facts.flat import dead_end, is_flat
from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.shapes import axes_of, shape_of
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.hazards import Unstable
from tfgradlint.flow.graph.nodes import NOWHERE, Edge, Effect, Formula, Node, Operand
from tfgradlint.flow.tape.search import alternatives
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.walk import nodes_of

#: Each operand is a factor of the gradient for the others.
_PRODUCTS = frozenset({Form.MULTIPLY, Form.MATMUL, Form.XLOGY})
#: They divide by the sum over an axis.
_NORMALISED = frozenset({Form.SOFTMAX, Form.LOG_SOFTMAX})
_ARRIVING = (Effect.FLOWS, Effect.ARRIVES)
#: Of which nothing is left where all of it is written over.
_OVERWRITTEN = {"tf.tensor_scatter_nd_update": "tensor"}
#: They take one part of a complex number, and the other one has no gradient but zeros.
_PARTS = frozenset({"tf.math.real", "tf.math.imag"})


def lessened(
    numbers: Numbers, name: str, formula: Formula | None, bound: Mapping[str, Value], edges: list[Edge]
) -> list[Edge]:
    """The edges of a step, with those across which the gradient may be all zeros for what the program has written."""
    written = _OVERWRITTEN.get(name)
    if written is not None:
        return _perhaps(edges, set(nodes_of(bound[written])) if written in bound else set())
    if name in _PARTS and any(_has_form(edge.node, Form.COMPLEX) for edge in edges):
        return _perhaps(edges, {edge.node for edge in edges})
    if "crossentropy" in name:
        return [*edges, *_behind_activations(edges)]
    if formula is not None and formula.form in _NORMALISED and _over_one(formula):
        return [Edge(edge.node, Effect.ZERO, Cause.AXIS_OF_ONE) if edge.effect in _ARRIVING else edge for edge in edges]
    way = dead_end(numbers, formula) if formula is not None else None
    if way is not None:
        detail = Unstable(way, NOWHERE, 0.0, "")
        return [
            Edge(edge.node, Effect.ZERO, Cause.STRUCTURAL_ZERO, detail) if edge.effect in _ARRIVING else edge
            for edge in edges
        ]
    if formula is not None and is_flat(numbers, formula):
        return _perhaps(edges, {edge.node for edge in edges})
    if formula is not None and formula.form in _PRODUCTS:
        zeros = [each for each in formula.operands if _is_zero(numbers, each)]
        others = {edge.node for edge in edges if len(zeros) > 1 or edge.node not in zeros} if zeros else None
        return edges if others is None else _perhaps(edges, others)
    return edges


def _over_one(formula: Formula) -> bool:
    """Whether a softmax is taken over an axis of one element: it is one, whatever it is given."""
    axes = axes_of(formula)
    return axes is not None and len(axes) == 1 and shape_of(formula.operands[0]).along(axes[0]) == 1


def _behind_activations(edges: list[Edge]) -> list[Edge]:
    """What Keras' own losses of probabilities may go by: what the softmax was given that they are given."""
    made = [each for edge in edges for each in alternatives(edge.node) or [edge.node]]
    return [Edge(edge.node, Effect.UNKNOWN) for each in made for edge in each.edges if edge.cause is Cause.AXIS_OF_ONE]


def _perhaps(edges: list[Edge], nodes: set[Node]) -> list[Edge]:
    return [
        Edge(edge.node, Effect.ARRIVES) if edge.effect is Effect.FLOWS and edge.node in nodes else edge
        for edge in edges
    ]


def _is_zero(numbers: Numbers, operand: Operand) -> bool:
    """Whether it is zeros, or has been."""
    written = operand.formula if isinstance(operand, Node) else None
    began = written is not None and written.form is Form.LITERAL and not any(written.operands)
    return began or numbers.interval(operand).within(0.0, 0.0)


def _has_form(node: Node, form: Form) -> bool:
    return node.formula is not None and node.formula.form is form
