"""Gradients that what stands beside an input may turn to zeros: a factor of zeros, values that are written over."""

from __future__ import annotations

from collections.abc import Mapping

from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.nodes import Edge, Effect, Formula, Node, Operand
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.walk import nodes_of

#: Each operand is a factor of the gradient for the others.
_PRODUCTS = frozenset({Form.MULTIPLY, Form.MATMUL, Form.XLOGY})
#: Of which nothing is left where all of it is written over.
_OVERWRITTEN = {"tf.tensor_scatter_nd_update": "tensor"}
#: They take one part of a complex number, and the other one has no gradient but zeros.
_PARTS = frozenset({"tf.math.real", "tf.math.imag"})


def lessened(name: str, formula: Formula | None, bound: Mapping[str, Value], edges: list[Edge]) -> list[Edge]:
    """The edges of a step, with those across which the gradient may be all zeros for what the program has written."""
    written = _OVERWRITTEN.get(name)
    if written is not None:
        return _perhaps(edges, set(nodes_of(bound[written])) if written in bound else set())
    if name in _PARTS and any(_has_form(edge.node, Form.COMPLEX) for edge in edges):
        return _perhaps(edges, {edge.node for edge in edges})
    if formula is not None and formula.form in _PRODUCTS:
        zeros = [each for each in formula.operands if _is_zero(each)]
        others = {edge.node for edge in edges if len(zeros) > 1 or edge.node not in zeros} if zeros else None
        return edges if others is None else _perhaps(edges, others)
    return edges


def _perhaps(edges: list[Edge], nodes: set[Node]) -> list[Edge]:
    return [
        Edge(edge.node, Effect.ARRIVES) if edge.effect is Effect.FLOWS and edge.node in nodes else edge
        for edge in edges
    ]


def _has_form(node: Node, form: Form) -> bool:
    return node.formula is not None and node.formula.form is form


def _is_zero(operand: Operand) -> bool:
    """Whether it is zeros that are written out."""
    if not isinstance(operand, Node):
        return operand == 0
    formula = operand.formula
    return formula is not None and formula.form is Form.LITERAL and not any(formula.operands)
