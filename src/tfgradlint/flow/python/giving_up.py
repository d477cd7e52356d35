"""What is not followed to its end: it takes more steps than the budget allows, or is nested too deeply.

Nothing is known of what it would have done, so all that it can reach may be anything from there on.
"""

from __future__ import annotations

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import LeftOut, OutOfSteps
from tfgradlint.flow.python.binding import bound_names, names_in
from tfgradlint.flow.python.escape import HandedOut, forget, havoc
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.containers import Items

#: What the program asks for where it makes compiled functions run step by step.
_EAGER = "run_functions_eagerly"


def why(bound: OutOfSteps | RecursionError) -> str:
    """The reason to leave out what met this bound."""
    return "more steps than the budget allows" if isinstance(bound, OutOfSteps) else "nested too deeply"


class Part:
    """A part of the program that begins now: a statement of the module, or a function that runs alone."""

    __slots__ = ("_called", "_evaluated", "_interp", "_mark")

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._mark = interp.state.mark()
        self._evaluated = len(interp.reports.evaluations)
        self._called = len(interp.called)

    def leave_out(self, what: str, site: Site, why: str) -> None:
        """It was not followed to its end: of the requests in it not all is known, and what it called may run alone."""
        interp = self._interp
        interp.left_out.append(LeftOut(what, site, why))
        interp.reports.leave_open(self._evaluated)
        for node in [*interp.called][self._called :]:
            del interp.called[node]

    def leave_out_statement(self, statement: cst.CSTNode, why: str) -> None:
        """The same of a statement of the module, behind which the module goes on: it may have done anything."""
        interp = self._interp
        interp.state.rollback(self._mark)
        self.leave_out("a statement of the module", Site(statement, None), why)
        names, bound = _names_in(statement)
        for name in names.intersection(interp.module.pending):
            interp.imports.get(interp.module, name)
        seen = [value for name in sorted(names) if isinstance(value := interp.module.fields.get(name), Value)]
        for value in seen:
            havoc(interp, value)
        forget(interp, Items((*seen, *interp.of(HandedOut).functions.values())), seen, ())
        for name in (*bound, *interp.prescan.global_names):
            interp.state.set(interp.module, name, interp.unknown(origins.LEFT_OUT, *seen))
        if any(_EAGER in each.stored for each in interp.prescans()):
            interp.eager_functions = None


def _names_in(statement: cst.CSTNode) -> tuple[set[str], dict[str, None]]:
    """The names that a statement may read, and those that it may bind in the module."""
    read: set[str] = set()
    bound = dict.fromkeys(bound_names(statement))
    waiting: list[tuple[cst.CSTNode, bool]] = [(statement, False)]
    while waiting:
        node, inner = waiting.pop()
        if isinstance(node, cst.Name):
            read.add(node.value)
        named = _named(node)
        if not inner:
            bound.update(dict.fromkeys(named))
        inner = inner or isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda))
        waiting.extend((child, inner) for child in node.children)
    return read, bound


def _named(node: cst.CSTNode) -> list[str]:
    """What a node binds that is no assignment."""
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        return [node.name.value]
    if isinstance(node, cst.ImportAlias):
        return [(node.evaluated_alias or node.evaluated_name).partition(".")[0]]
    if isinstance(node, (cst.AsName, cst.MatchAs, cst.MatchStar)):
        return names_in(node.name)
    if isinstance(node, cst.MatchMapping):
        return names_in(node.rest)
    return names_in(node.target) if isinstance(node, cst.Del) else []
