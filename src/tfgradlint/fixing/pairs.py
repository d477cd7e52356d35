"""Repairs of what optimizers and ``compile`` are given."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tfgradlint.analysis.results import Fix
from tfgradlint.fixing.scene import Scene
from tfgradlint.flow.graph.breaks import Pairing
from tfgradlint.flow.graph.details import Detail

_ZIP = m.Call(func=m.Name("zip"), args=[m.Arg(keyword=None, star=""), m.Arg(keyword=None, star="")])
#: Metrics whose name and meaning a loss has too. Not CosineSimilarity: the loss has the other sign.
_ALSO_LOSSES = frozenset(
    "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError BinaryCrossentropy "
    "CategoricalCrossentropy SparseCategoricalCrossentropy KLDivergence Poisson Hinge SquaredHinge "
    "CategoricalHinge".split()
)


def paired(scene: Scene, kind: Detail | None) -> Fix | None:
    """Bring gradients and variables into the order that an optimizer takes them in."""
    code, call = scene.code, scene.call
    if call is None or not call.args or any(each.star or each.keyword for each in call.args):
        return None
    values = [each.value for each in call.args]
    if kind is Pairing.SWAPPED and m.matches(values[0], _ZIP):
        assert isinstance(values[0], cst.Call)
        first, second = (each.value for each in values[0].args)
        edits = (code.replace(first, code.source(second)), code.replace(second, code.source(first)))
        return Fix("safe", "zip the gradients with their variables, in this order", edits)
    if kind is Pairing.SWAPPED_LISTS and len(values) == 2:
        edits = (code.replace(values[0], code.source(values[1])), code.replace(values[1], code.source(values[0])))
        return Fix("safe", "give the gradients first, then the variables", edits)
    if kind is Pairing.UNZIPPED and len(values) == 2:
        text = f"zip({code.source(values[0])}, {code.source(values[1])})"
        edit = code.replace(call, f"{code.source(call.func)}({text})")
        return Fix("safe", "zip the gradients with their variables", (edit,))
    if kind is Pairing.SINGLE_PAIR and isinstance(values[0], cst.Tuple) and values[0].lpar:
        edit = code.replace(call, f"{code.source(call.func)}([{code.source(values[0])}])")
        return Fix("safe", "put the pair in a list", (edit,))
    return None


def loss_of(scene: Scene, metric: str) -> Fix | None:
    """Give ``compile`` the loss that has the metric's name."""
    call = scene.call
    given = scene.argument(call, 1, "loss") if call is not None and metric else None
    made = given.value if given is not None else None
    if not isinstance(made, cst.Call) or not isinstance(made.func, cst.Attribute):
        return None
    owner = made.func.value
    if made.func.attr.value not in _ALSO_LOSSES or not m.matches(owner, m.Attribute(attr=m.Name("metrics"))):
        return None
    assert isinstance(owner, cst.Attribute)
    edit = scene.code.replace(owner.attr, "losses")
    return Fix("safe", f"use the loss {made.func.attr.value}", (edit,))
