"""Steps that leave the numbers for ordinary inputs: by their form, where nothing bounds what they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tfgradlint.flow.facts import behind_relu, losses, overflow, probabilities, singular
from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.facts.patterns import Hazard
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.nodes import Formula, Node


def hazards_of(numbers: Numbers, node: Node) -> Iterator[Hazard]:
    """What is wrong with a step."""
    formula = node.formula
    for judge in _JUDGES.get(formula.form, ()) if formula is not None else ():
        found = judge(numbers, node, formula) if formula is not None else None
        if found is not None:
            yield found


_Judge = Callable[[Numbers, Node, Formula], "Hazard | None"]
_SINGULAR: tuple[_Judge, ...] = (losses.of_singular, behind_relu.of_singular, singular.of_zero)
_JUDGES: dict[Form, tuple[_Judge, ...]] = {
    Form.LOG: (probabilities.of_log, overflow.of_log, *_SINGULAR),
    Form.LOG1P: (probabilities.of_log1p, overflow.of_log1p),
    Form.DIVIDE: (overflow.of_quotient, *_SINGULAR),
    Form.RECIPROCAL: _SINGULAR,
    Form.RSQRT: _SINGULAR,
    Form.SQRT: (behind_relu.of_singular, singular.of_zero),
    Form.POWER: (behind_relu.of_singular, singular.of_zero),
    Form.NORM: (singular.of_zero,),
    Form.DEVIATION: (singular.of_zero,),
}
#: What may be one.
DANGEROUS = frozenset(_JUDGES)
