"""What a condition that holds, or does not, says about names."""

from __future__ import annotations

import libcst as cst

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Unknown
from tfgradlint.flow.values.containers import Union


class Narrowing:
    """Narrows what names are bound to."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def narrow(self, test: cst.BaseExpression, holds: bool) -> None:
        """Use what a condition says about a name: ``x is None``, ``x is not None``, ``x``, ``not x``."""
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            self.narrow(test.expression, not holds)
        elif isinstance(test, cst.BooleanOperation):
            if isinstance(test.operator, cst.And) is holds:
                self.narrow(test.left, holds)
                self.narrow(test.right, holds)
        elif isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
            part = test.comparisons[0]
            if (
                isinstance(part.operator, (cst.Is, cst.IsNot))
                and isinstance(part.comparator, cst.Name)
                and part.comparator.value == "None"
            ):
                self._narrow_name(test.left, isinstance(part.operator, cst.Is) is holds)
        elif isinstance(test, cst.Name) and holds:
            self._narrow_name(test, False)

    def _narrow_name(self, target: cst.BaseExpression, is_none: bool) -> None:
        interp = self._interp
        if not isinstance(target, cst.Name):
            return
        value = self._interp.eval(target)
        if isinstance(value, Union):
            kept = tuple(
                each
                for each in value.values
                if isinstance(each, Unknown) or (isinstance(each, Const) and each.value is None) is is_none
            )
            if kept and len(kept) < len(value.values):
                interp.statements.assign(target, kept[0] if len(kept) == 1 else Union(kept))
        elif isinstance(value, Unknown) and is_none and target.value in interp.scope.fields:
            interp.statements.assign(target, NONE)
