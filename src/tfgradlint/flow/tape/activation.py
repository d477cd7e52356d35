"""Where a step was taken, seen from the function that records with a tape: at the call that led to it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tfgradlint.flow.graph.breaks import Gap
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.nodes import NOWHERE, Node, Site
from tfgradlint.flow.tape.search import ancestors
from tfgradlint.flow.tape.tape import Tape
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.walk import nodes_of


class Activation:
    """One run of a function: where it was called, in which other run, and what it returned.

    ``function`` is None for a module. ``yields``: it is a generator, or what is written as one.
    """

    __slots__ = ("caller", "function", "returned", "site", "yields")

    def __init__(
        self, site: Site, caller: Activation | None, function: Function | None = None, *, yields: bool = False
    ) -> None:
        self.site = site
        self.caller = caller
        self.function = function
        self.yields = yields
        self.returned: Value | None = None

    def outwards(self) -> Iterator[Activation]:
        """This run, the one that it was called in, and so on."""
        found: Activation | None = self
        while found is not None:
            yield found
            found = found.caller

    def passes_on(self, node: Node) -> bool:
        """Whether a value went to the caller, or what was computed from it, and was computed for that call alone."""
        if self.site.statement is None:
            return False
        if self.yields:
            return True
        if self._keeps() or self._was_handed_over():
            return False
        return self.returned is not None and node in ancestors(nodes_of(self.returned), _LOOKED_AT)

    def _keeps(self) -> bool:
        """Whether the function has a cache, and gives again what an earlier run returned."""
        if self.function is None:
            return True
        node = self.function.node
        above = node.decorators if isinstance(node, cst.FunctionDef) else ()
        return bool(self.function.cached) or any(_last_name(each.decorator) == "cached_property" for each in above)

    def _was_handed_over(self) -> bool:
        """Whether the call that it runs in was given the function, as those of datasets are, and calls it itself."""
        call = self.site.expression
        if not isinstance(call, cst.Call) or self.function is None:
            return False
        given = (each.value for each in call.args)
        return any(_last_name(each) == self.function.name or isinstance(each, cst.Lambda) for each in given)


#: A function that computes more than this is no helper.
_LOOKED_AT = 2000
#: Gaps that a function makes itself, whoever calls it.
_OWN_GAPS = frozenset({Gap.LIFTED, Gap.APART})


def seen_from(tape: Tape, node: Node, gap: Detail | None) -> Site:
    """Where the program must change for a tape to record a step.

    A function that is sound in itself is not to blame for being called outside the block: it is the call in the
    innermost function that also enters the tape, or stops it, or that keeps what was computed for later. What stands
    in the block itself, and ran there for an earlier tape, is not moved by moving the call.
    """
    if gap in _OWN_GAPS:
        return node.site
    site = led_to(node, tape.stopped_within if gap is Gap.STOPPED else tape.within)
    inside = gap is not Gap.STOPPED and isinstance(tape.block, cst.With) and holds(tape.block.body, site.statement)
    return node.site if inside else site


def led_to(node: Node, seen_in: object) -> Site:
    """A step, or the call that gave its value, in the innermost function that runs around the run ``seen_in`` too."""
    site, within = node.site, node.within
    if not isinstance(within, Activation) or not isinstance(seen_in, Activation):
        return site
    around = set(seen_in.outwards())
    for each in within.outwards():
        if each in around or not each.passes_on(node):
            break
        site = each.site
    return site


def holds(whole: cst.CSTNode, part: cst.CSTNode | None) -> bool:
    """Whether one part of a text stands in another one."""
    waiting = [whole]
    while waiting:
        each = waiting.pop()
        if each is part:
            return True
        waiting.extend(each.children)
    return False


def _last_name(expression: cst.BaseExpression) -> str:
    name = expression.attr if isinstance(expression, cst.Attribute) else expression
    return name.value if isinstance(name, cst.Name) else ""


#: The run of the module that is judged.
OUTERMOST = Activation(NOWHERE, None)
