"""What is known of the numbers of a node: its format, its bounds, and which other nodes have the same value.

Facts are computed when they are asked for, from formulas. Of what has none, nothing is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from tfgradlint.flow.facts.intervals import ANYTHING, Interval, Reach, hull, single
from tfgradlint.flow.facts.rounding import FLOAT32, Format, format_of
from tfgradlint.flow.facts.transfer import transferred
from tfgradlint.flow.graph.forms import Form
from tfgradlint.flow.graph.nodes import PHI, Formula, Node, Operand

#: A value is as large as what it is made of says, down to so many steps; of what lies deeper nothing is known.
_DEEPEST = 400


class Facts(NamedTuple):
    """What is known of one value. ``number``: values of the same number are equal, in whatever order and shape.

    ``exact``: those of the same one are equal element by element.
    """

    interval: Interval
    number: int
    exact: int


class Numbers:
    """The facts of one run.

    Args:
        trains: whether the program may have changed variables by now, in a way that is not seen.
        doubles: whether it may compute in double precision where nothing says so.
    """

    def __init__(self, trains: Callable[[], bool] = lambda: True, doubles: bool = False) -> None:
        self._trains = trains
        #: Whether it has done so.
        self.trained = False
        self.doubles = doubles
        self._facts: dict[Node, Facts] = {}
        self._numbers: dict[object, int] = {}

    def format(self, node: Node) -> Format | None:
        """The format of a value: single precision where nothing says otherwise; None where that is not certain."""
        known = format_of(node.dtype)
        if known is None and not self.doubles and node.dtype in (None, "float"):
            return FLOAT32
        return known

    def interval(self, operand: Operand) -> Interval:
        """The bounds of a value."""
        return single(operand) if not isinstance(operand, Node) else self._of(operand).interval

    def same(self, one: Operand, other: Operand) -> bool:
        """Whether two values are certainly equal."""
        return one is other or self.number(one) == self.number(other)

    def equal(self, one: Operand, other: Operand) -> bool:
        """Whether two values are certainly equal, element by element."""
        if one is other:
            return True
        return isinstance(one, Node) and isinstance(other, Node) and self._of(one).exact == self._of(other).exact

    def number(self, operand: Operand) -> int:
        """Values of the same number are equal."""
        if isinstance(operand, Node):
            return self._of(operand).number
        return self._numbers.setdefault(("number", operand), len(self._numbers))

    def _of(self, asked: Node) -> Facts:
        if self._trains() and not self.trained:
            self.trained = True
            self._facts.clear()
        found = self._facts
        stack = [asked]
        while stack:
            node = stack[-1]
            if node in found:
                stack.pop()
                continue
            waiting = [each for each in _operands(node) if each not in found]
            if waiting and len(stack) < _DEEPEST:
                stack += waiting
                continue
            if waiting:
                found.update((each, self._opaque(each)) for each in waiting)
            found[node] = self._computed(node)
            stack.pop()
        return found[asked]

    def _opaque(self, node: Node) -> Facts:
        own = self._numbers.setdefault(node, len(self._numbers))
        return Facts(ANYTHING, own, own)

    def _computed(self, node: Node) -> Facts:
        formula = node.formula
        if node.kind == PHI and node.edges:
            found = [self._facts[edge.node] for edge in node.edges]
            interval = found[0].interval
            for each in found[1:]:
                interval = hull(interval, each.interval)
            return self._opaque(node)._replace(interval=interval)
        if formula is None or (node.variable is not None and self.trained):
            return self._opaque(node)
        operands = [self._rounded(node, each) for each in formula.operands]
        interval = self._related(formula) or transferred(formula.form, operands)
        if formula.form is Form.LITERAL or node.variable is not None:
            return self._opaque(node)._replace(interval=interval)
        exact = self._hashed(node, formula, tuple(map(self._exact, formula.operands)))
        if formula.form is Form.SAME:
            return Facts(interval, self.number(formula.operands[0]), exact)
        return Facts(interval, self._hashed(node, formula, tuple(map(self.number, formula.operands))), exact)

    def _hashed(self, node: Node, formula: Formula, operands: tuple[int, ...]) -> int:
        return self._numbers.setdefault((formula.form, operands, formula.options, node.dtype), len(self._numbers))

    def _exact(self, operand: Operand) -> int:
        if not isinstance(operand, Node):
            return self.number(operand)
        # What a variable holds is read when the step runs, and may be something else by then.
        if operand.variable is not None and self.trained:
            return self._numbers.setdefault(object(), len(self._numbers))
        return self._of(operand).exact

    def _rounded(self, node: Node, operand: Operand) -> Interval:
        """The bounds of an operand; a literal takes the format of what it is computed with."""
        format_ = self.format(node)
        if isinstance(operand, Node) or format_ is None:
            return self.interval(operand)
        return single(format_.rounded(operand))

    def _related(self, formula: Formula) -> Interval | None:
        """What follows from how operands hang together."""
        form, operands = formula.form, formula.operands
        if form is Form.SUBTRACT:
            return self._difference(*operands)
        if form is Form.MULTIPLY and self.same(*operands):
            return transferred(Form.SQUARE, [self.interval(operands[0])])
        if form is Form.MATMUL:
            # The product of two normalised vectors is a cosine.
            cosines = all(_origin(each, Form.NORMALISED) for each in operands)
            if any(self.interval(each).within(0.0, 0.0) for each in operands):
                return single(0.0)
            return Interval(-1.0, 1.0) if cosines else ANYTHING
        if form is Form.WHERE:
            return self._chosen(*operands)
        return None

    def _difference(self, one: Operand, other: Operand) -> Interval | None:
        """``x - max(x)`` and ``x - min(x)``."""
        taken = _origin(other, Form.MAX, Form.MIN)
        if taken is None or not self.same(one, taken.operands[0]):
            return None
        if taken.form is Form.MAX:
            return Interval(-math.inf, 0.0, Reach.OPEN, Reach.POINTS)
        return Interval(0.0, math.inf, Reach.POINTS, Reach.OPEN)

    def _chosen(self, condition: Operand, one: Operand, other: Operand) -> Interval | None:
        """``where(x > bound, x, ...)``: where it is taken, ``x`` meets the condition."""
        test = condition.formula if isinstance(condition, Node) else None
        if test is None or test.form not in (Form.GREATER, Form.LESS):
            return None
        value, bound = test.operands
        limit = self.interval(bound)
        above = test.form is Form.GREATER
        branches = []
        for branch, holds in ((one, True), (other, False)):
            found = self.interval(branch)
            if self.same(branch, value):
                found = _cut(found, limit, above is holds)
            branches.append(found)
        return hull(*branches)


def _cut(found: Interval, limit: Interval, above: bool) -> Interval:
    """The part of an interval above or below a limit."""
    if above:
        return Interval(max(found.low, limit.low), found.high, Reach.OPEN, found.at_high)
    return Interval(found.low, min(found.high, limit.high), found.at_low, Reach.OPEN)


def _operands(node: Node) -> list[Node]:
    if node.kind == PHI:
        return [edge.node for edge in node.edges]
    return [each for each in node.formula.operands if isinstance(each, Node)] if node.formula is not None else []


def _origin(operand: Operand, *forms: Form) -> Formula | None:
    """The formula of one of these forms that gives the value, in whatever order or shape."""
    while isinstance(operand, Node) and operand.formula is not None:
        if operand.formula.form in forms:
            return operand.formula
        if operand.formula.form not in (Form.SAME, Form.PART):
            return None
        operand = operand.formula.operands[0]
    return None
