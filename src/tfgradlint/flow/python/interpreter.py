"""The interpreter: runs a module from its first statement, then every function that nothing called."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.context import Context, Libraries
from tfgradlint.flow.machine.frames import OutOfSteps
from tfgradlint.flow.machine.modules import DONE, RUNNING, Module, Program
from tfgradlint.flow.machine.state import EXISTS, Raised
from tfgradlint.flow.python.attributes import Attributes
from tfgradlint.flow.python.calls import Calls
from tfgradlint.flow.python.entry_points import EntryPoints
from tfgradlint.flow.python.expressions import Expressions
from tfgradlint.flow.python.giving_up import Part, why
from tfgradlint.flow.python.imports import Imports
from tfgradlint.flow.python.items import Elements
from tfgradlint.flow.python.iteration import Iteration
from tfgradlint.flow.python.left_behind import left_behind, run_left_behind
from tfgradlint.flow.python.requests import Requests
from tfgradlint.flow.python.statements import Statements
from tfgradlint.flow.python.tape_methods import TapeMethods
from tfgradlint.flow.python.tf_function import Traces
from tfgradlint.flow.python.uncalled import in_order, methods_in_order, under_its_decorator
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Class, Instance
from tfgradlint.flow.verdict.reports import Reports


class Interpreter(Context):
    """One program's interpretation."""

    def __init__(
        self,
        main: Module,
        libraries: Libraries,
        reports: Reports,
        max_steps: int,
        program: Program | None = None,
    ) -> None:
        super().__init__(main, reports, max_steps, program)
        self.libraries = libraries
        self.expressions = Expressions(self)
        self.imports = Imports(self)
        self.statements = Statements(self)
        self.tapes = TapeMethods(self)
        self.requests = Requests(self)
        self.traces = Traces(self)
        self.attributes = Attributes(self)
        self.elements = Elements(self)
        self.iteration = Iteration(self)
        self.calls = Calls(self)
        self.entry_points = EntryPoints(self)
        self.eval = self.expressions.eval

    # -- running

    def run(self) -> None:
        """Execute the judged module, then alone what nothing called and what can lead to a request."""
        assert self.main.tree is not None
        body = self.main.tree.body
        self.main.state = RUNNING
        self._guarded("the module", None, lambda: self.statements.body(body))
        self.main.state = DONE
        self.isolated = True
        self.reports.entered()
        for function in left_behind(self, 0):
            with under_its_decorator(self, function):
                self.in_isolation(function.name, function.node, partial(self._left_behind_alone, function))
        units = in_order(self)
        done = len(self.classes)
        for unit in units:
            if isinstance(unit, Class):
                self._class_alone(unit)
            elif id(unit.node) not in self.called:
                self._alone(unit)
        for cls in self.classes[done:]:  # made by functions that ran alone
            if self.prescan.class_may_reach_request(cls.name):
                self._class_alone(cls)

    def _alone(self, function: Function) -> None:
        with under_its_decorator(self, function):
            self.in_isolation(function.name, function.node, lambda: self._called_alone(function, None))

    def _called_alone(self, function: Function, receiver: Value | None) -> None:
        """Call a function, and then those within it that nobody called."""
        first = len(self.nested)
        self.entry_points.call(function, receiver)
        self._within(first)

    def _left_behind_alone(self, function: Function) -> None:
        first = len(self.nested)
        run_left_behind(self, function)
        self._within(first)

    def _within(self, first: int) -> None:
        for function in left_behind(self, first):
            mark = self.state.mark()
            self.visible_from = self.recorder.now()
            with under_its_decorator(self, function):
                self._guarded(function.name, function.node, partial(self._left_behind_alone, function))
            self._reset(mark)

    def _class_alone(self, cls: Class) -> None:
        """Run the methods nothing called, each on an instance as ``__init__`` left it."""
        waiting = methods_in_order(self, cls)
        if all(id(function.node) in self.called for function, _ in waiting):
            return
        mark = self.state.mark()
        self._forget_globals()
        instance = Instance(cls, open=True)
        self.state.set(instance, EXISTS, True)
        self._guarded(f"{cls.name}.__init__", cls.node, lambda: self.entry_points.initialise(instance))
        self.entry_points.forget_attributes(instance)
        for function, receiver in waiting:
            inner = self.state.mark()
            if id(function.node) not in self.called:
                self.visible_from = self.recorder.now()
                run = partial(self._called_alone, function, receiver(instance))
                with under_its_decorator(self, function):
                    self._guarded(f"{cls.name}.{function.name}", function.node, run)
            self.state.rollback(inner)
            self._reset(inner)
        self._reset(mark)

    def in_isolation(self, what: str, node: cst.CSTNode | None, run: Callable[[], object]) -> None:
        """Run something of which nothing is left but the graph and the reports; ``node`` is where it stands."""
        mark = self.state.mark()
        self._forget_globals()
        self.visible_from = self.recorder.now()
        self._guarded(what, node, run)
        self._reset(mark)

    def _forget_globals(self) -> None:
        mutated = frozenset[str]().union(*(each.mutated for each in self.prescans()))
        for module in (self.main, *self.program.modules()):
            for name in module.prescan.global_names:
                if name in module.fields:
                    self.state.set(module, name, self.unknown(origins.GLOBAL_NAME))
            for name in mutated:
                if name in module.fields:
                    self.entry_points.forget_content(module.fields[name])
            for value in module.fields.values():
                self.iteration.forget_position(value)

    def _guarded(self, what: str, node: cst.CSTNode | None, run: Callable[[], object]) -> None:
        """A fault in one function costs that function, not the file."""
        self.begin_share()
        part = Part(self)
        try:
            run()
        except Raised:
            pass
        except (OutOfSteps, RecursionError) as bound:
            part.leave_out(what, Site(node, None), why(bound))
        except Exception as fault:
            site = Site(self.statement, None)
            self.faults.append((what, site, f"{type(fault).__name__}: {fault}"))

    def _reset(self, mark: int) -> None:
        self.state.rollback(mark)
        del self.frames[1:]
        self.loops.clear()
        self.attempts.clear()
        self.contexts.clear()
        self.recorder.level = 0
        self.recorder.loop = None
        self.recorder.site = Site(None, None)
