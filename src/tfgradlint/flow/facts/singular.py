"""Steps that have no value, or no slope, at a zero that certainly reaches them."""

from __future__ import annotations

from tfgradlint.flow.facts.flat import is_over_one
from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.patterns import DIVIDING, Hazard
from tfgradlint.flow.facts.zeros import goes_over_zeros, zero_of
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.forms import Form, Mode
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.flow.graph.nodes import Formula, Node

#: Their slope is infinite at zero, and TensorFlow has none where nothing comes back from behind.
_ROOTS = frozenset({Form.SQRT, Form.RSQRT, Form.NORM, Form.DEVIATION})


def of_zero(numbers: Numbers, node: Node, formula: Formula) -> Hazard | None:
    """A logarithm, a quotient, a root or a norm of zero."""
    form = formula.form
    if form is Form.DEVIATION:
        return _of_one(node, formula)
    given = formula.operands[-1] if form in DIVIDING else formula.operands[0]
    if form is Form.POWER:
        exponent = numbers.interval(formula.operands[1])
        if not exponent.single or exponent.low >= 1 or exponent.low == 0:
            return None
    found = zero_of(numbers, given)
    if found is None or (form is Form.NORM and not goes_over_zeros(formula, found)):
        return None
    if found.way is Way.MASKED and formula.mode is Mode.XLA:
        return None  # it takes the masks together
    return Hazard(
        Cause.PROVEN_ZERO,
        Unstable(found.way, found.at.site, 0.0, ""),
        node,
        node.site,
        root=form in _ROOTS,
        scattered=True,
        proven=not found.initial and found.way is not Way.MASKED,
    )


def _of_one(node: Node, formula: Formula) -> Hazard | None:
    """The standard deviation of one element."""
    if not is_over_one(formula):
        return None
    detail = Unstable(Way.OF_ONE, node.site, 0.0, "")
    return Hazard(Cause.PROVEN_ZERO, detail, node, node.site, root=True, scattered=True, proven=True)
