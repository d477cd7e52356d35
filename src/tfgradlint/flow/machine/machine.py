"""The abstract machine: what an interpretation holds at any moment, and what can be done with it in any language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.nodes import Edge, Effect, Site
from tfgradlint.flow.graph.origins import Origin
from tfgradlint.flow.graph.unseen import Unseen
from tfgradlint.flow.machine.frames import Attempt, Frame, LeftOut, Loop, OutOfSteps, XlaContext
from tfgradlint.flow.machine.modules import Module, OneModule, Program
from tfgradlint.flow.machine.prescan import Prescan
from tfgradlint.flow.machine.state import MISSING, Raised, Snapshot, State
from tfgradlint.flow.tape.activation import Activation
from tfgradlint.flow.tape.recorder import Recorder
from tfgradlint.flow.values.base import Unknown, Value
from tfgradlint.flow.values.functions import Function, Scope
from tfgradlint.flow.values.objects import Class
from tfgradlint.flow.values.walk import GIVEN, nodes_of
from tfgradlint.flow.verdict.judgements import Reason
from tfgradlint.flow.verdict.reports import Reports

_Kept = TypeVar("_Kept")

#: The steps that each statement of the module has for itself, and each function that runs alone. What it needs besides
#: comes out of a store for the whole file, so that one that uses this up costs no other its own.
_SHARE = 4_000
#: How many steps are taken out of the store at once.
_PORTION = 500


class Machine:
    """The state of one program's interpretation."""

    def __init__(self, main: Module, reports: Reports, max_steps: int, program: Program | None = None) -> None:
        #: The module that is judged, and what it is a part of.
        self.main = main
        self.program: Program = program or OneModule()
        self.reports = reports
        self.recorder = Recorder()
        self.state = State(self.recorder)
        self.recorder.write = self.state.set
        self.frames: list[Frame] = [Frame(None, main, 0, 0)]
        self.recorder.frames = self.frames
        #: How many branches are open of which it is not known which one is taken.
        self.branching = 0
        #: The step in the judged module that led to where another module is running.
        self.via: Site | None = None
        self.loops: list[Loop] = []
        self.attempts: list[Attempt] = []
        #: What to do when control leaves a ``with`` or ``try``/``finally``, innermost last.
        self.contexts: list[Callable[[], bool | None]] = []
        self.statement: cst.CSTNode | None = None
        #: Whether functions that nothing called run by themselves, the module being done.
        self.isolated = False
        #: What happened before this step, while a function runs alone, happened out of sight.
        self.visible_from = 0
        #: How many functions were handed to somebody who may call them unseen.
        self.handed_out = 0
        #: How deep in code that is traced as it is: AutoGraph leaves alone what a library calls.
        self.unconverted = 0
        self.xla = XlaContext()
        #: How often something that was there before made its variables, or perhaps did.
        self.variables_made = 0
        self.variables_perhaps_made = 0
        #: How many functions are running of which the run decides whether they are compiled.
        self.perhaps_compiled = 0
        #: Attributes that the program asks for before it uses them.
        self.asked_for: set[object] = set()
        #: The definitions of the functions that were called, in order.
        self.called: dict[int, None] = {}
        self.functions: list[Function] = []
        self.classes: list[Class] = []
        #: Functions under decorators of which nothing is known, as they were written.
        self.under_decorators: list[Function] = []
        #: Functions that others define.
        self.nested: list[Function] = []
        self.star_import = False
        #: How often a block ran whose exceptions may go no further: it may have ended at any step.
        self.kept_exceptions = 0
        self.unseen = Unseen()
        #: What is left of the steps of the part of the program that is running, and of those for the whole file.
        self.steps = 0
        self.store = max_steps
        self._given_out = self._taken = 0
        self.left_out: list[LeftOut] = []
        self.faults: list[tuple[str, Site, str]] = []
        self._kept: dict[type, Any] = {}

    # -- what libraries keep

    def of(self, kind: type[_Kept]) -> _Kept:
        """What a library keeps for this run: one object of each class, made when it is first asked for."""
        found: _Kept | None = self._kept.get(kind)
        if found is None:
            found = self._kept[kind] = kind()
        return found

    def keep(self, kept: object) -> None:
        """Keep an object that is made with more than its class says, to be found by that."""
        self._kept[type(kept)] = kept

    # -- where it is

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    @property
    def scope(self) -> Scope:
        return self.frames[-1].scope

    @property
    def module(self) -> Module:
        """The module that is running."""
        root = self.frames[-1].scope.root
        return root if isinstance(root, Module) else self.main

    @property
    def prescan(self) -> Prescan:
        """What the text of the module that is running says."""
        return self.module.prescan

    def prescan_of(self, function: Function) -> Prescan:
        """What the text of a function's module says."""
        root = function.scope.root
        return root.prescan if isinstance(root, Module) else self.main.prescan

    def prescans(self) -> Iterator[Prescan]:
        """What the texts of all modules say that were read so far."""
        yield self.main.prescan
        for module in self.program.modules():
            yield module.prescan

    def led_into(self, scope: Scope) -> Site | None:
        """What ``via`` is where code of this scope runs from here: a step of the judged module, for others' code."""
        if scope.root is self.main:
            return None
        if self.via is not None or self.module is not self.main:
            return self.via
        return self.recorder.site if self.recorder.site.statement is not None else self.here(None)

    @property
    def graph_level(self) -> int:
        """How many compiled functions are being traced."""
        return self.recorder.level

    @property
    def eager_functions(self) -> bool | None:
        """Whether the program asks for compiled functions to run step by step; None where that is not known."""
        eager: bool | None = self.recorder.tapes.fields["eager"]
        return eager

    @eager_functions.setter
    def eager_functions(self, eager: bool | None) -> None:
        self.state.set(self.recorder.tapes, "eager", eager)

    def activated(self, function: Function | None, *, yields: bool = False) -> Activation:
        """The run of a function, or of a module, that begins here; with ``yields`` of a generator up to its next."""
        return Activation(self.recorder.site, self.frames[-1].activation, function, yields=yields)

    def here(self, expression: cst.CSTNode | None) -> Site:
        """The site of an expression of the statement being executed."""
        return Site(self.statement, expression, self.via)

    # -- what happens

    @property
    def taken(self) -> int:
        """How many steps were taken so far."""
        return self._taken + self._given_out - self.steps

    def step(self) -> None:
        """Pay for a step.

        Raises:
            OutOfSteps: the budget is used up.
        """
        self.steps -= 1
        if self.steps < 0:
            self.draw()

    def begin_share(self) -> None:
        """A part of the program begins that has steps of its own."""
        self._taken = self.taken
        self.steps = self._given_out = _SHARE

    def draw(self) -> None:
        """Take what the steps that were taken lack out of the store for the whole file.

        Raises:
            OutOfSteps: there is not so much left in it.
        """
        lacking = -self.steps
        if lacking > self.store:
            raise OutOfSteps
        drawn = min(self.store, max(lacking, _PORTION))
        self.store -= drawn
        self.steps += drawn
        self._given_out += drawn

    def pay_for_branches(self) -> None:
        """Pay for the work that went into branches.

        Raises:
            OutOfSteps: the budget is used up.
        """
        self.steps -= self.state.work >> 2
        self.state.work = 0
        if self.steps < 0:
            self.draw()

    def repeats(self, bounded: bool) -> None:
        """A loop begins that is a step of the graph."""
        if self.xla.active and self.graph_level and self.recorder.tapes.active:
            self.xla.bounded_loops += bounded
            self.xla.unbounded_loops += not bounded

    def branches(self) -> None:
        """A branch begins that is a step of the graph."""
        if self.xla.active and self.graph_level and self.recorder.tapes.active:
            self.xla.branches += 1

    def program_ends(self, expression: cst.CSTNode | None) -> None:
        """The program ends here in an exception that no rule tells of.

        What follows is interpreted as if it did not, but for requests: nothing is known of those that are not reached.
        """
        self.state.set(self.recorder.tapes, "ended", True)
        self.reports.endings.add(self.here(expression))

    def may_be_handled(self) -> bool:
        """Whether a handler, or a context manager that may be one, stands ready for an exception."""
        return bool(self.attempts) or not self.recorder.tapes.outside

    def raise_here(self, cause: Cause | None, exception: str, detail: Detail | None = None) -> NoReturn:
        """A step that raises where it stands, such as ``.numpy()`` in a compiled function.

        Without a cause, what led to it is reported elsewhere.

        Raises:
            Raised: always.
        """
        if cause is not None and not self.may_be_handled() and not self.perhaps_compiled:
            self.report_step(cause, detail, exception)
        elif cause is None or self.perhaps_compiled:
            self.reports.endings.add(self.recorder.site)
        raise Raised

    def report_step(self, cause: Cause, detail: Detail | None = None, exception: str = "") -> None:
        """A step that goes through and trains wrongly, or that ends in an exception."""
        self.reports.add_step(Reason(cause, self.recorder.site, detail, (), exception))

    def alternatives(self, runs: list[Callable[[], bool]]) -> bool:
        """Run each alternative from the present state and go on with the join of those that fall through.

        Raises:
            Raised: every alternative does.
        """
        state = self.state
        mark = state.mark()
        ends: list[Snapshot] = []
        raised = 0
        self.branching += 1
        try:
            for run in runs:
                try:
                    if run():
                        ends.append(state.snapshot(mark))
                except Raised:
                    raised += 1
                state.rollback(mark)
        finally:
            self.branching -= 1
        if raised == len(runs):
            raise Raised
        state.join_into(ends)
        return bool(ends)

    def unwind(self, base: int) -> bool:
        """Leave the contexts above ``base``, innermost first, as an early exit does.

        False where a ``finally`` on the way has an exit of its own, which takes the place of this one.
        """
        saved = self.contexts
        goes_on = True
        for index in range(len(saved) - 1, base - 1, -1):
            self.contexts = saved[:index]
            if saved[index]() is False:
                goes_on = False
                break
        self.contexts = saved
        return goes_on

    # -- values

    def unknown(self, origin: Origin, *values: Value) -> Unknown:
        """A value of which nothing is known; it may depend on ``values``."""
        edges = [Edge(node, Effect.UNKNOWN) for value in values for node in nodes_of(value, GIVEN)]
        return Unknown(self.recorder.opaque(origin, edges))

    def opaque_result_of(self, origin: Origin, values: list[Value]) -> Unknown:
        """A result that depends on ``values`` in a way nobody knows (it may be one of them), but on nothing else."""
        node = self.recorder.op([Edge(node, Effect.UNKNOWN) for value in values for node in nodes_of(value)])
        node.origin = origin
        node.loose = True
        return Unknown(node)

    def join(self, values: list[Value]) -> Value:
        """One value that stands for any of ``values``."""
        joined: Value = self.state.join(values)
        return self.unknown(origins.NOTHING) if joined is MISSING else joined
