"""How elements that are no numbers go on from step to step."""

from __future__ import annotations

from collections.abc import Iterator

from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.zeros import zero_of
from tfgradlint.flow.graph.details import Curvature
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.nodes import Formula, Node

#: They have a slope everywhere, which does not depend on another value.
_STEEP = frozenset(
    {
        Form.NEGATIVE,
        Form.SAME,
        Form.SUM,
        Form.MEAN,
        Form.EXP,
        Form.LOG1P,
        Form.SIGMOID,
        Form.TANH,
        Form.SOFTPLUS,
        Form.LOG_SIGMOID,
    }
)
#: What comes back is multiplied, moved or added up: what is no number stays none.
_SPREADING = frozenset(
    {
        *_STEEP,
        Form.ADD,
        Form.SUBTRACT,
        Form.MULTIPLY,
        Form.DIVIDE,
        Form.MATMUL,
        Form.SQUARE,
        Form.POWER,
        Form.ABS,
        Form.LOG,
        Form.SQRT,
        Form.RSQRT,
        Form.RECIPROCAL,
        Form.NORM,
        Form.SOFTMAX,
        Form.VARIANCE,
        Form.DEVIATION,
        Form.XLOGY,
    }
)


def steep(formula: Formula) -> Iterator[Node]:
    """The operands to which a gradient goes on that is nowhere zero, if it is nowhere so behind the step."""
    form, operands = formula.form, formula.operands
    if form in _STEEP:
        number = 1
    elif form in (Form.ADD, Form.SUBTRACT):
        number = 2
    elif form is Form.DIVIDE or (form is Form.MULTIPLY and any(isinstance(each, float) and each for each in operands)):
        number = 1 if form is Form.DIVIDE else 2
    else:
        return
    for each in operands[:number]:
        if isinstance(each, Node):
            yield each


_SUMS = frozenset({Form.ADD, Form.SUBTRACT, Form.NEGATIVE, Form.SAME, Form.SUM, Form.MEAN})


def adds_up(node: Node) -> bool:
    """Whether no input of a step changes what comes back to another one."""
    return node.formula is not None and node.formula.form in _SUMS


def spreads(numbers: Numbers, node: Node, towards: Node) -> bool:
    """Whether elements that are no numbers come to an input of a step, whichever of its elements they are."""
    formula = node.formula
    if formula is None:
        # A relu may leave out just these elements.
        joint = node.joint
        return joint is not None and bool(joint.factors) and joint.curvature is not Curvature.FLAT
    if formula.form in (Form.MAXIMUM, Form.MINIMUM):
        return zero_of(numbers, node) is not None  # what is chosen is the zero that is no bound
    return formula.form in _SPREADING and any(each is towards for each in formula.operands)
