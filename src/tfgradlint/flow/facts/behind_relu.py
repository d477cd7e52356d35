"""Steps without a slope at zero, of what a ``relu`` has made zero."""

from __future__ import annotations

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.patterns import DIVIDING, Hazard, formula_of, sources
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.forms import Form, Mode
from tfgradlint.flow.graph.hazards import Unstable, Way
from tfgradlint.flow.graph.nodes import Formula, Node

_RELUS = (Form.RELU, Form.RELU6)


def of_singular(numbers: Numbers, node: Node, formula: Formula) -> Hazard | None:
    """``sqrt(relu(x))`` and its like: an infinite slope times zero. XLA makes it zero."""
    if formula.mode is Mode.XLA:
        return None
    if formula.form is Form.POWER:
        exponent = numbers.interval(formula.operands[1])
        given = formula.operands[0] if exponent.single and exponent.low < 1 and exponent.low != 0 else None
    else:
        given = formula.operands[-1] if formula.form in (*DIVIDING, Form.SQRT) else None
    for argument in sources(given):
        inner = formula_of(argument)
        if not isinstance(argument, Node) or inner is None or inner.form not in _RELUS:
            continue
        if numbers.interval(inner.operands[0]).low < 0:
            detail = Unstable(Way.BEHIND_RELU, argument.site, 0.0, "")
            return Hazard(Cause.BEHIND_RELU, detail, argument, node.site)
    return None
