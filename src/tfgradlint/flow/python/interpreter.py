"""The interpreter: runs a module from its first statement, then every function that nothing called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from tfgradlint.flow.graph.nodes import Edge, Effect, Site
from tfgradlint.flow.machine.frames import Attempt, Frame, Loop, OutOfSteps
from tfgradlint.flow.machine.prescan import Outline
from tfgradlint.flow.machine.state import MISSING, Raised, Snapshot, State
from tfgradlint.flow.python.calls import Calls
from tfgradlint.flow.python.entry_points import Alone
from tfgradlint.flow.python.expressions import Expressions
from tfgradlint.flow.python.statements import Statements
from tfgradlint.flow.tape.recorder import Recorder
from tfgradlint.flow.values.base import Unknown, Value
from tfgradlint.flow.values.functions import Function, Scope
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.values.walk import nodes_of

if TYPE_CHECKING:
    from tfgradlint.flow.machine.context import Libraries
    from tfgradlint.flow.verdict.reports import Reports


class Interpreter:
    """One module's interpretation."""

    def __init__(self, outline: Outline, libraries: Libraries, reports: Reports, max_steps: int) -> None:
        self.outline = outline
        self.libraries = libraries
        self.reports = reports
        self.recorder = Recorder()
        self.state = State(self.recorder)
        self.recorder.write = self.state.set
        self.module = Scope("module")
        self.frames: list[Frame] = [Frame(None, self.module, 0, 0)]
        self.loops: list[Loop] = []
        self.attempts: list[Attempt] = []
        #: What to do when control leaves a ``with`` or ``try``/``finally``, innermost last.
        self.contexts: list[Callable[[], bool | None]] = []
        self.statement: cst.CSTNode | None = None
        #: True while the module itself runs, before functions are executed alone.
        self.alone = False
        #: What happened before this step, while a function runs alone, happened out of sight.
        self.since = 0
        #: How many functions were handed to somebody who may call them unseen.
        self.blind = 0
        #: Whether ``keras`` means Keras 2 here.
        self.legacy_keras = False
        #: Whether some layer of the program adds a loss of its own for its weights.
        self.regularised = False
        #: How deep in code that is traced as it is: AutoGraph leaves alone what a library calls.
        self.unconverted = 0
        #: Whether a function is running that XLA compiles, and how many loops that tensors end ran in it under a tape:
        #: those of a known length, and all others. Likewise the branches that tensors choose.
        self.xla = False
        self.bounded = self.unbounded = self.forks = 0
        #: Attributes that the program asks for before it uses them.
        self.asked_for: set[object] = set()
        #: Whether the program asks for compiled functions to run step by step.
        self.eager_functions = False
        self.called: set[int] = set()
        self.functions: list[Function] = []
        self.classes: list[Class] = []
        #: Functions that others define.
        self.nested: list[Function] = []
        self.star_import = False
        self.steps = max_steps
        self.gave_up: list[str] = []
        self.faults: list[tuple[str, Site, str]] = []
        self.unknowns: Counter[str] = Counter()
        self.expressions = Expressions(self)
        self.statements = Statements(self)
        self.calls = Calls(self)
        self.runs = Alone(self)
        self.eval = self.expressions.eval

    # -- running

    def run(self, module: cst.Module) -> None:
        """Execute the module, then alone what nothing called and what can lead to a request."""
        self._guarded("the module", lambda: self.statements.body(module.body))
        self.alone = True
        for function in list(self.functions):
            if id(function.node) not in self.called and self.outline.leads(function.name):
                self._alone(function)
        for cls in list(self.classes):
            if self.outline.class_leads(cls.name):
                self._class_alone(cls)

    def _alone(self, function: Function) -> None:
        if function.owner is not None:
            return
        self.aside(function.name, lambda: self.runs.call(function, None))

    def _class_alone(self, cls: Class) -> None:
        """Run the methods nothing called, each on an instance as ``__init__`` left it."""
        waiting = [
            function
            for function in cls.fields.values()
            if isinstance(function, Function)
            and id(function.node) not in self.called
            and self.outline.leads(function.name)
        ]
        if not waiting:
            return
        mark = self.state.mark()
        self._forget_globals()
        instance = Instance(cls, open=True)
        made = self._guarded(cls.name, lambda: self.runs.initialise(instance))
        if made:
            self.runs.forget_attributes(instance)
        for function in waiting:
            inner = self.state.mark()
            if id(function.node) not in self.called:
                self.since = self.recorder.now()
                self._guarded(
                    f"{cls.name}.{function.name}",
                    lambda function=function: self.runs.call(function, instance),  # type: ignore[misc]
                )
            self.state.rollback(inner)
            self._reset(inner)
        self._reset(mark)

    def aside(self, what: str, run: Callable[[], object]) -> None:
        """Run something of which nothing is left but the graph and the reports."""
        mark = self.state.mark()
        self._forget_globals()
        self.since = self.recorder.now()
        self._guarded(what, run)
        self._reset(mark)

    def _forget_globals(self) -> None:
        for name in self.outline.global_names:
            if name in self.module.fields:
                self.state.set(self.module, name, self.unknown("global name"))
        for name in self.outline.mutated:
            if name in self.module.fields:
                self.runs.forget_content(self.module.fields[name])

    def _guarded(self, what: str, run: Callable[[], object]) -> bool:
        """A fault in one function costs that function, not the file."""
        try:
            run()
            return True
        except Raised:
            return False
        except OutOfSteps:
            self.gave_up.append(f"{what}: more steps than the budget allows")
        except RecursionError:
            self.gave_up.append(f"{what}: nested too deeply")
        except Exception as fault:
            site = Site(self.statement, None)
            self.faults.append((what, site, f"{type(fault).__name__}: {fault}"))
        return False

    def _reset(self, mark: int) -> None:
        self.state.rollback(mark)
        del self.frames[1:]
        self.loops.clear()
        self.attempts.clear()
        self.contexts.clear()
        self.recorder.level = 0
        self.recorder.loop = None
        self.recorder.site = Site(None, None)

    @property
    def graph_level(self) -> int:
        """How many compiled functions are being traced."""
        return self.recorder.level

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise OutOfSteps

    def repeats(self, bounded: bool) -> None:
        """A loop begins that is a step of the graph."""
        if self.xla and self.graph_level and self.recorder.tapes.active:
            self.bounded += bounded
            self.unbounded += not bounded

    def branches(self) -> None:
        """A branch begins that is a step of the graph."""
        if self.xla and self.graph_level and self.recorder.tapes.active:
            self.forks += 1

    def ends(self, expression: cst.CSTNode | None) -> None:
        """The program ends here in an exception that no rule tells of.

        What follows is interpreted as if it did not, but for requests: nothing is known of those that are not reached.
        """
        self.state.set(self.recorder.tapes, "ended", True)
        self.reports.endings.add(self.here(expression))

    # -- alternatives

    def alternatives(self, runs: list[Callable[[], bool]]) -> bool:
        """Run each alternative from the present state and go on with the join of those that fall through."""
        state = self.state
        mark = state.mark()
        ends: list[Snapshot] = []
        raised = 0
        for run in runs:
            try:
                if run():
                    ends.append(state.snapshot(mark))
            except Raised:
                raised += 1
            state.rollback(mark)
        if raised == len(runs):
            raise Raised
        state.apply(ends)
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

    def unknown(self, why: str, *values: Value) -> Unknown:
        """A value of which nothing is known; it may depend on ``values``."""
        edges = [Edge(node, Effect.UNKNOWN) for value in values for node in nodes_of(value, 40)]
        return Unknown(self.recorder.opaque(why, edges))

    def somehow(self, why: str, values: list[Value]) -> Unknown:
        """A result that depends on ``values`` in a way nobody knows (it may be one of them), but on nothing else."""
        node = self.recorder.op([Edge(node, Effect.UNKNOWN) for value in values for node in nodes_of(value)])
        node.why = why
        node.loose = True
        return Unknown(node)

    def join(self, values: list[Value]) -> Value:
        joined: Value = self.state.join(values)
        return self.unknown("nothing") if joined is MISSING else joined

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    @property
    def scope(self) -> Scope:
        return self.frames[-1].scope

    def here(self, expression: cst.CSTNode | None) -> Site:
        """The site of an expression of the statement being executed."""
        return Site(self.statement, expression)
