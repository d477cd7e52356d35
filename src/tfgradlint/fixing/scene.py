"""What a rule may look at to repair a finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import libcst as cst

from tfgradlint.fixing.code import Code
from tfgradlint.flow.graph.nodes import Site

_SOURCES = ("sources", "source")


@dataclass(frozen=True, slots=True)
class Scene:
    """A finding in its module: the expression it stands at, its statement, and the request that it affects."""

    code: Code
    site: Site
    request: Site | None
    #: The texts of the sources that it affects.
    affected_sources: tuple[str, ...] = ()
    steps: tuple[Site, ...] = ()

    @property
    def step(self) -> cst.BaseExpression | None:
        """The expression that the finding stands at."""
        found = self.site.expression
        return found if isinstance(found, cst.BaseExpression) else None

    @property
    def call(self) -> cst.Call | None:
        """The call that the finding stands at."""
        found = self.site.expression
        return found if isinstance(found, cst.Call) else None

    @property
    def behind(self) -> tuple[Site, ...]:
        """The steps from the lost one to the target."""
        for at, each in enumerate(self.steps):
            if each.expression is self.site.expression:
                return self.steps[at:]
        return ()

    @property
    def asking(self) -> cst.Call | None:
        """The call that asks for the gradients."""
        found = self.request.expression if self.request is not None else None
        return found if isinstance(found, cst.Call) else None

    def argument(self, call: cst.Call, position: int, *names: str) -> cst.Arg | None:
        """The argument at a position or with one of these names; None too where arguments are unpacked."""
        if any(each.star for each in call.args):
            return None
        for each in call.args:
            if each.keyword is not None and each.keyword.value in names:
                return each
        found = call.args[position] if position < len(call.args) else None
        return found if found is not None and found.keyword is None else None

    @property
    def sources(self) -> cst.BaseExpression | None:
        """What the request is asked about."""
        asking = self.asking
        found = self.argument(asking, 1, *_SOURCES) if asking is not None else None
        return found.value if found is not None else None

    @property
    def lost(self) -> list[cst.BaseExpression]:
        """The expressions of the sources that it affects: those of a list written out, else what holds them all."""
        sources = self.sources
        if not isinstance(sources, (cst.List, cst.Tuple)):
            return [sources] if sources is not None else []
        return [each.value for each in sources.elements if self.code.source(each.value) in self.affected_sources]

    def tape_of(self, call: cst.Call) -> Entered | None:
        """Where the tape is entered whose method is called."""
        if not isinstance(call.func, cst.Attribute) or not isinstance(call.func.value, cst.Name):
            return None
        name = call.func.value.value
        for around in self.code.above(call):
            if isinstance(around, cst.With) and (found := _entered(around, name)) is not None:
                return found
            if isinstance(around, cst.BaseStatement):
                block = self.code.block(around)
                before = block[: block.index(around)] if around in block else ()
                for statement in reversed(before):
                    for inner in _withs(statement):
                        if (found := _entered(inner, name)) is not None:
                            return found
        return None


class Entered(NamedTuple):
    """A ``with`` that enters a tape, the call that makes the tape, and its name."""

    block: cst.With
    made: cst.Call
    name: str


def _entered(statement: cst.With, name: str) -> Entered | None:
    for item in statement.items:
        target = item.asname.name if item.asname is not None else None
        if isinstance(target, cst.Name) and target.value == name and isinstance(item.item, cst.Call):
            return Entered(statement, item.item, name)
    return None


def _withs(statement: cst.BaseStatement) -> Iterator[cst.With]:
    """A ``with`` and those in it, the last one first."""
    if isinstance(statement, cst.With):
        for inner in reversed(statement.body.body):
            if isinstance(inner, cst.With):
                yield from _withs(inner)
        yield statement
