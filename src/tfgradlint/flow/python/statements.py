"""Statements: each node type of the syntax tree has one method, which says whether control goes on behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Attempt, OutOfSteps
from tfgradlint.flow.machine.state import Left, Raised, Snapshot
from tfgradlint.flow.python.binding import Binding, bound_names
from tfgradlint.flow.python.giving_up import Part, why
from tfgradlint.flow.python.loops import Loops
from tfgradlint.flow.python.narrowing import Narrowing
from tfgradlint.flow.python.operators import BINARY
from tfgradlint.flow.python.patterns import Patterns
from tfgradlint.flow.python.with_blocks import ManagedBlocks, swallows
from tfgradlint.flow.values.base import NONE, Value, Variable
from tfgradlint.flow.values.functions import ContextManagerCall, Function

Run = Callable[[], bool]


class Statements:
    """Executes statements."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._eval = interp.expressions.eval
        self._binding = Binding(interp)
        self.assign = self._binding.assign
        self.narrow = Narrowing(interp).narrow
        self.loops = Loops(interp)
        self._patterns = Patterns(interp)
        self._managers = ManagedBlocks(interp)
        self._simple: dict[type, Callable[[Any], bool]] = {
            cst.Expr: self._expression,
            cst.Assign: self._assign,
            cst.AnnAssign: self._annotated,
            cst.AugAssign: self._augmented,
            cst.Return: self._return,
            cst.Raise: self._raise,
            cst.Break: self._break,
            cst.Continue: self._continue,
            cst.Pass: lambda node: True,
            cst.Assert: self._assert,
            cst.Del: self._delete,
            cst.Import: self._binding.import_,
            cst.ImportFrom: self._binding.import_from,
            cst.Global: self._binding.global_,
            cst.Nonlocal: self._binding.nonlocal_,
        }
        self._compound: dict[type, Callable[[Any], bool]] = {
            cst.If: self._if,
            cst.For: self.loops.for_,
            cst.While: self.loops.while_,
            cst.Try: self._try,
            cst.TryStar: self._try,
            cst.With: self._with,
            cst.FunctionDef: self._function,
            cst.ClassDef: self._class,
            cst.Match: self._match,
        }

    def body(self, statements: Sequence[cst.CSTNode]) -> bool:
        """Execute statements in order; False if control does not reach the end."""
        interp = self._interp
        outer = interp.statement
        open_ = len(interp.contexts), len(interp.loops), len(interp.attempts)
        of_module = interp.scope is interp.module and interp.frame.function is None
        at_top = of_module and not interp.contexts and not interp.loops
        goes_on = True
        for statement in statements:
            interp.steps -= 1
            interp.statement = statement
            if at_top:
                interp.begin_share()
            part = Part(interp) if of_module else None
            try:
                interp.pay_for_branches()
                goes_on = self._one(statement)
            except Raised as left:
                self._close(open_)
                if not isinstance(left, Left):
                    self.raised()
                goes_on = False
            except (RecursionError, OutOfSteps) as bound:
                if part is None or (isinstance(bound, OutOfSteps) and not at_top):
                    raise
                self._close(open_)
                part.leave_out_statement(statement, why(bound))
            ended = not goes_on or interp.recorder.tapes.fields["ended"]
            if ended and at_top:
                # What ends the program at the top of a module is told; the rest is judged all the same, but for what
                # it was about to bind.
                for name in bound_names(statement):
                    interp.state.set(interp.module, name, interp.unknown(origins.NOT_REACHED))
                interp.state.set(interp.recorder.tapes, "ended", False)
                goes_on = True
            if not goes_on:
                break
        interp.statement = outer
        return goes_on

    def _close(self, open_: tuple[int, int, int]) -> None:
        """An exception leaves what was opened since: contexts, loops and attempts."""
        interp = self._interp
        del interp.contexts[open_[0] :]
        del interp.loops[open_[1] :]
        del interp.attempts[open_[2] :]

    def _one(self, statement: cst.CSTNode) -> bool:
        if isinstance(statement, cst.SimpleStatementLine):
            return self._line(statement.body)
        run = self._compound.get(type(statement))
        return run is None or run(statement)

    def _line(self, smalls: Sequence[cst.CSTNode]) -> bool:
        for small in smalls:
            run = self._simple.get(type(small))
            if run is not None and not run(small):
                return False
        return True

    def suite(self, suite: cst.BaseSuite) -> bool:
        """The body of a compound statement."""
        if isinstance(suite, cst.SimpleStatementSuite):
            return self._line(suite.body)
        return self.body(suite.body)

    # -- simple statements

    def _expression(self, node: cst.Expr) -> bool:
        self._eval(node.value)
        return True

    def _assign(self, node: cst.Assign) -> bool:
        value = self._eval(node.value)
        for target in node.targets:
            self.assign(target.target, value, node.value)
        return True

    def _annotated(self, node: cst.AnnAssign) -> bool:
        if node.value is not None:
            self.assign(node.target, self._eval(node.value), node.value)
        return True

    def _augmented(self, node: cst.AugAssign) -> bool:
        interp = self._interp
        name = BINARY[_PLAIN[type(node.operator)]]

        def changed(old: Value) -> Value:
            value = self._eval(node.value)
            interp.recorder.site = interp.here(node)
            if isinstance(old, Variable) and interp.tapes.augmented(old, name, node):
                raise Raised
            result = interp.calls.in_place(old, name, value)
            return result if result is not None else interp.expressions.binary(name, old, value, node)

        self._binding.change(node.target, node, changed)
        return True

    def _return(self, node: cst.Return) -> bool:
        interp = self._interp
        value = self._eval(node.value) if node.value is not None else NONE
        frame = interp.frame
        mark = interp.state.mark()
        if interp.unwind(frame.base):
            frame.returns.append((interp.state.snapshot(frame.mark), value))
        interp.state.rollback(mark)
        return False

    def _raise(self, node: cst.Raise) -> bool:
        if node.exc is not None:
            self._eval(node.exc)
        self.raised()
        return False

    def raised(self) -> None:
        """Note the present state for the handlers of the nearest ``try``."""
        interp = self._interp
        if interp.attempts:
            attempt = interp.attempts[-1]
            mark = interp.state.mark()
            if interp.unwind(attempt.base):
                attempt.raises.append(interp.state.snapshot(attempt.mark))
            interp.state.rollback(mark)

    def _break(self, node: cst.Break) -> bool:
        return self._leave_loop(lambda loop: loop.breaks)

    def _continue(self, node: cst.Continue) -> bool:
        return self._leave_loop(lambda loop: loop.continues)

    def _leave_loop(self, kind: Callable[[Any], list[Snapshot]]) -> bool:
        interp = self._interp
        if interp.loops:
            loop = interp.loops[-1]
            mark = interp.state.mark()
            if interp.unwind(loop.base):
                kind(loop).append(interp.state.snapshot(loop.mark))
            interp.state.rollback(mark)
        return False

    def _assert(self, node: cst.Assert) -> bool:
        value = self._eval(node.test)
        if value.truth() is False:
            self.raised()
            return False
        self.narrow(node.test, True)
        return True

    def _delete(self, node: cst.Del) -> bool:
        targets = node.target.elements if isinstance(node.target, cst.Tuple) else [node]
        for element in targets:
            target = element.value if isinstance(element, cst.BaseElement) else node.target
            self._binding.delete(target)
        return True

    # -- compound statements

    def _if(self, node: cst.If) -> bool:
        # A chain of elif nests to the right: collect it without recursion.
        runs: list[Run] = []
        interp = self._interp
        current: cst.If | cst.Else | None = node
        negated: list[cst.BaseExpression] = []
        certain = False
        while isinstance(current, cst.If):
            truth = interp.expressions.tested(self._eval(current.test))
            if truth is None:
                interp.branches()
            if truth is not False:
                runs.append(self._branch(current, tuple(negated)))
            if truth is True:
                certain = True
                break
            if truth is None:
                negated.append(current.test)
            current = current.orelse
        if not certain:
            runs.append(self._branch(current, tuple(negated)))
        if len(runs) == 1:
            return runs[0]()
        return interp.alternatives(runs)

    def _branch(self, node: cst.If | cst.Else | None, negated: tuple[cst.BaseExpression, ...]) -> Run:
        def run() -> bool:
            for test in negated[-3:]:
                self.narrow(test, False)
            if isinstance(node, cst.If):
                self.narrow(node.test, True)
            if node is None:
                return True
            conditions = self._interp.frame.conditions
            depth = len(conditions)
            conditions += [*negated[-1:], *([node.test] if isinstance(node, cst.If) else [])]
            try:
                return self.suite(node.body)
            finally:
                del conditions[depth:]

        return run

    def _with(self, node: cst.With, first: int = 0) -> bool:
        """A ``with`` statement from its ``first`` item on."""
        interp = self._interp
        base = len(interp.contexts)
        for index in range(first, len(node.items)):
            item = node.items[index]
            manager = self._eval(item.item)
            interp.recorder.site = interp.here(item.item)
            if isinstance(manager, ContextManagerCall):

                def rest(entered: Value, item: cst.WithItem = item, index: int = index) -> bool:
                    self._bound(item, entered)
                    return self._with(node, index + 1)

                goes_on = self._managers.run(manager, rest)
                break
            entered, leave = interp.tapes.enter(manager)
            interp.contexts.append(leave)
            self._bound(item, entered)
            if swallows(interp, manager):
                goes_on = self._managers.swallowed(lambda index=index: self._with(node, index + 1))  # type: ignore[misc]
                break
        else:
            goes_on = self.suite(node.body)
        if goes_on:
            interp.unwind(base)
        del interp.contexts[base:]
        return goes_on

    def _bound(self, item: cst.WithItem, entered: Value) -> None:
        if item.asname is not None:
            self.assign(item.asname.name, entered)

    def _try(self, node: cst.Try | cst.TryStar) -> bool:
        interp = self._interp
        if node.finalbody is None:
            return self._attempt(node)
        final = node.finalbody.body
        base = len(interp.contexts)
        interp.contexts.append(lambda: self.suite(final))
        goes_on = self._attempt(node)
        del interp.contexts[base:]
        return goes_on and self.suite(final)

    def _attempt(self, node: cst.Try | cst.TryStar) -> bool:
        interp, state = self._interp, self._interp.state
        if not node.handlers:
            return self.suite(node.body) and (node.orelse is None or self.suite(node.orelse.body))
        mark, blocks = state.mark(), interp.recorder.tapes.blocks
        attempt = Attempt(mark, len(interp.contexts))
        interp.attempts.append(attempt)
        with state.remembering() as undone:
            goes_on = self.suite(node.body)
            interp.attempts.pop()
            middle = [*state.intermediate_states(mark, undone), *attempt.raises]
        ends: list[Snapshot] = []
        if goes_on and (node.orelse is None or self.suite(node.orelse.body)):
            ends.append(state.snapshot(mark))
        for handler in node.handlers:
            state.rollback(mark)
            state.join_into(middle)
            for name, before in blocks.items():
                state.set(interp.recorder.tapes, name, before)  # what raised has left the blocks that it was in
            if handler.name is not None:
                self.assign(handler.name.name, interp.unknown(origins.EXCEPTION))
            if self.suite(handler.body):
                ends.append(state.snapshot(mark))
        state.rollback(mark)
        state.join_into(ends)
        return bool(ends)

    def _function(self, node: cst.FunctionDef) -> bool:
        interp = self._interp
        value = interp.calls.define(node)
        self._binding.bind_name(node.name.value, value)
        if not isinstance(value, Function) or interp.module is not interp.main:
            return True  # what others define is judged with their own files
        if interp.scope.kind == "module":
            interp.functions.append(value)
        elif interp.scope.kind == "function":
            interp.nested.append(value)
        return True

    def _class(self, node: cst.ClassDef) -> bool:
        self._binding.bind_name(node.name.value, self._interp.calls.define_class(node))
        return True

    def _match(self, node: cst.Match) -> bool:
        subject = self._eval(node.subject)
        runs: list[Run] = []
        certain = False
        for case in node.cases:
            matches = self._patterns.could_match(case.pattern, subject)
            if matches is False:
                continue
            runs.append(self._case(case, subject))
            if matches is True and case.guard is None:
                certain = True
                break
        if not certain:
            runs.append(lambda: True)
        if len(runs) == 1:
            return runs[0]()
        return self._interp.alternatives(runs)

    def _case(self, case: cst.MatchCase, subject: Value) -> Run:
        def run() -> bool:
            self._patterns.bind(case.pattern, subject)
            if case.guard is not None:
                self._eval(case.guard)
            return self.suite(case.body)

        return run


_PLAIN = {
    cst.AddAssign: cst.Add,
    cst.SubtractAssign: cst.Subtract,
    cst.MultiplyAssign: cst.Multiply,
    cst.DivideAssign: cst.Divide,
    cst.FloorDivideAssign: cst.FloorDivide,
    cst.ModuloAssign: cst.Modulo,
    cst.PowerAssign: cst.Power,
    cst.MatrixMultiplyAssign: cst.MatrixMultiply,
    cst.BitAndAssign: cst.BitAnd,
    cst.BitOrAssign: cst.BitOr,
    cst.BitXorAssign: cst.BitXor,
    cst.LeftShiftAssign: cst.LeftShift,
    cst.RightShiftAssign: cst.RightShift,
}
