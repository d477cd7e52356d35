"""Loops: a body runs as often as is known, else twice, the second time with what the first left behind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import libcst as cst

from tfgradlint.flow.graph.nodes import GraphLoop
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Loop
from tfgradlint.flow.machine.state import Snapshot
from tfgradlint.flow.python.turns import EACH, TWICE, Turns
from tfgradlint.flow.values.base import Tensor, Unknown


class Loops:
    """``for`` and ``while``. A loop whose length is not known is taken to run at least once."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp

    def for_(self, node: cst.For) -> bool:
        interp = self._interp
        repeated = interp.eval(node.iter)
        if isinstance(repeated, (Tensor, Unknown)):
            interp.repeats(True)
        turns = Turns(interp, repeated)
        interp.recorder.site = interp.here(node.iter)
        statement = interp.statement

        def turn(index: int) -> bool | None:
            interp.statement = statement
            element = turns.take(index, interp.loops[-1])
            if element is None:
                return None
            interp.recorder.site = interp.here(node.iter)
            interp.statements.assign(node.target, element)
            return interp.statements.suite(node.body)

        with interp.recorder.looping() if isinstance(repeated, Tensor) and self._traced() else nullcontext():
            if not isinstance(node.iter, (cst.Call, cst.GeneratorExp)):
                return self._loop(turn, True, node.orelse)
            # Nobody else has the iterator: it is closed where the loop is left.
            interp.contexts.append(lambda: interp.iteration.close(turns.iterator))
            goes_on = self._loop(turn, True, node.orelse)
            interp.contexts.pop()
            interp.iteration.close(turns.iterator)
        return goes_on

    def _traced(self) -> bool:
        """Whether AutoGraph makes a step of the graph of a loop over a tensor."""
        interp = self._interp
        return interp.graph_level > 0 and not interp.unconverted and not interp.eager_functions

    def while_(self, node: cst.While) -> bool:
        """A loop that known numbers end is run to its end; any other runs twice, its counters unknown."""
        mark = self._interp.state.mark()
        ended = [True]
        goes_on = self._while(node, EACH, ended)
        if ended[0]:
            return goes_on
        self._interp.state.rollback(mark)
        return self._while(node, TWICE, ended, widening=True)

    def _while(self, node: cst.While, most: int, ended: list[bool], widening: bool = False) -> bool:
        interp = self._interp
        exact, unknown = [not widening], [0]
        statement = interp.statement

        def turn(index: int) -> bool | None:
            interp.statement = statement
            tested = interp.eval(node.test)
            truth = tested.truth()
            if graph_loop is not None and isinstance(tested, Tensor):
                graph_loop.real = True
            if truth is False:
                return None
            if truth is None:
                interp.repeats(False)
                unknown[0] += 1
                exact[0] = False
            if index >= most or unknown[0] > TWICE:
                ended[0] = truth is None
                exact[0] = False
                return None
            interp.statements.narrow(node.test, True)
            return interp.statements.suite(node.body)

        graph_loop: GraphLoop | None = None
        if self._traced():
            with interp.recorder.looping(False) as graph_loop:
                return self._loop(turn, lambda: exact[0], node.orelse, endless=_always(node.test), widening=widening)
        return self._loop(turn, lambda: exact[0], node.orelse, endless=_always(node.test), widening=widening)

    def _loop(
        self,
        turn: Callable[[int], bool | None],
        exact: bool | Callable[[], bool],
        orelse: cst.Else | None,
        endless: bool = False,
        widening: bool = False,
    ) -> bool:
        """Run turns until ``turn`` answers None (the loop is over) or control never comes back."""
        interp, state = self._interp, self._interp.state
        mark = state.mark()
        loop = Loop(mark, len(interp.contexts))
        interp.loops.append(loop)
        ends: list[Snapshot] = []
        index = 0
        while True:
            goes_on = turn(index)
            if goes_on is None:
                ends.append(state.snapshot(mark))
                break
            # The next turn starts where this one ended, or where it went on early.
            starts = [*loop.continues]
            loop.continues = []
            if goes_on:
                starts.append(state.snapshot(mark))
            if not starts:
                break
            if len(starts) > 1 or not goes_on:
                state.rollback(mark)
                state.join_into(starts)
            if widening:
                state.widen(mark)
            ends.append(starts[0] if exact is True and len(starts) == 1 else state.snapshot(mark))
            index += 1
        interp.loops.pop()
        certain = exact() if callable(exact) else exact
        # An exact loop ends in the last state, any other in one of those after a turn.
        ends = [*loop.exhausted, *(ends[-1:] if certain else ends[-3:])]
        if endless:
            ends = []
        if orelse is not None and ends:
            state.rollback(mark)
            state.join_into(ends)
            ends = [state.snapshot(mark)] if interp.statements.suite(orelse.body) else []
        ends += loop.breaks
        state.rollback(mark)
        state.join_into(ends)
        return bool(ends)


def _always(test: cst.BaseExpression) -> bool:
    return (isinstance(test, cst.Name) and test.value == "True") or (
        isinstance(test, cst.Integer) and test.value == "1"
    )
