"""Loops: a body runs as often as is known, else until its turns bring nothing new."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import permutations
from math import inf
from typing import Any

import libcst as cst

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.fixpoint import Fixpoint
from tfgradlint.flow.machine.frames import Loop
from tfgradlint.flow.machine.prescan import Prescan
from tfgradlint.flow.machine.state import Place, Snapshot
from tfgradlint.flow.python.identity import MadeAgain
from tfgradlint.flow.python.iterators import Choices
from tfgradlint.flow.python.liveness import Turn
from tfgradlint.flow.python.skipped import unless_skipped
from tfgradlint.flow.values.base import Const, Tensor, Unknown, Value
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.flow.values.functions import Function, Scope
from tfgradlint.flow.values.walk import walk

#: So many elements are run through one by one, and up to so many as long as all turns together cost no more than this
#: in steps: the body is interpreted for each, and loops within loops multiply.
_EACH, _MANY, _COST = 6, 64, 600
#: Numbers and texts are run through one by one, however few they are, as long as that costs no more than this.
_DEAR = 4000
#: What a request costs, in steps: it looks at all that its target was computed from.
_REQUEST = 50

#: A set of so many elements is run through in each order that it may have.
_ORDERED = 3

#: A turn of a loop, by its number from 0 on: whether control comes to its end, None where the loop is over before it.
_Turn = Callable[[int], "bool | None"]


class Loops:
    """``for`` and ``while``. That a gradient arrives is said of loops that make at least one turn."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._turns: dict[cst.For | cst.While, Turn] = {}
        #: The loops of which it was seen that it costs too much to run through numbers or texts one by one.
        self._dear: set[cst.For] = set()

    def for_(self, node: cst.For) -> bool:
        interp = self._interp
        since = interp.recorder.now()  # the elements are made for the loop
        repeated = interp.eval(node.iter)
        if isinstance(repeated, (Tensor, Unknown)):
            interp.repeats(True)
        content = repeated.structure if isinstance(repeated, ListObject) else repeated
        if type(content) is Items and content.type == "set" and 1 < len(content.items) <= _ORDERED:
            orders = [Items(order, "tuple") for order in permutations(content.items)]
            return interp.alternatives([partial(self._over, node, repeated, order, since) for order in orders])
        return self._over(node, repeated, repeated, since)

    def _over(self, node: cst.For, repeated: Value, elements: Value, since: int) -> bool:
        with self._interp.of(MadeAgain).going_through() as begun:
            return self._through(node, repeated, elements, since, begun)

    def _through(
        self, node: cst.For, repeated: Value, elements: Value, since: int, begun: Callable[[Value, int], None]
    ) -> bool:
        interp = self._interp
        iterator = interp.iteration.iterator(elements)
        run = _Run(interp, node.orelse, since, self._fresh(node))
        taken = _Taken(interp, iterator, run, node in self._dear)
        statement = interp.statement
        interp.recorder.site = interp.here(node.iter)

        def turn(index: int) -> bool | None:
            interp.statement = statement
            element = taken.next(index)
            if taken.dear:
                self._dear.add(node)
            if element is None:
                return None
            interp.recorder.site = interp.here(node.iter)
            begun(element, interp.recorder.now())
            interp.statements.assign(node.target, element)
            return interp.statements.suite(node.body)

        with interp.recorder.looping() if isinstance(repeated, Tensor) and self._traced() else nullcontext():
            if not isinstance(node.iter, (cst.Call, cst.GeneratorExp)):
                return run.over_elements(turn, taken.count)
            # Nobody else has the iterator: it is closed where the loop is left.
            interp.contexts.append(lambda: interp.iteration.close(iterator))
            goes_on = run.over_elements(turn, taken.count)
            interp.contexts.pop()
            interp.iteration.close(iterator)
        return goes_on

    def _fresh(self, node: cst.For | cst.While) -> tuple[Scope, frozenset[str]] | None:
        """The names that each turn binds before anything reads them; None where that cannot be told."""
        interp, frame = self._interp, self._interp.frame
        scope, function = frame.scope, frame.function
        if interp.attempts and interp.attempts[-1].mark >= frame.mark:
            return None  # whoever handles an exception may read what was there before
        others: Collection[str] = ()
        if function is None and scope is interp.module:
            others = interp.prescan.read_in_functions.union(*_attributes_elsewhere(interp))
        elif function is None or scope.kind != "function" or _waits(function, interp.prescan):
            return None
        turn = self._turns.get(node)
        if turn is None:
            turn = self._turns[node] = Turn(node)
        reads = interp.prescan.reads[function.name if function is not None else ""]
        names = turn.fresh.union(name for name, count in turn.own.items() if reads[name] <= count)
        return scope, names.difference(others, interp.prescan.read_inside, scope.declared)

    def _traced(self) -> bool:
        """Whether AutoGraph makes a step of the graph of a loop over a tensor."""
        interp = self._interp
        return interp.graph_level > 0 and not interp.unconverted and not interp.eager_functions

    def while_(self, node: cst.While) -> bool:
        """A loop that known numbers end soon is run to its end."""
        mark = self._interp.state.mark()
        goes_on = self._while(node, counting=True)
        if goes_on is None:
            self._interp.state.rollback(mark)
            goes_on = self._while(node, counting=False)
        return bool(goes_on)

    def _while(self, node: cst.While, counting: bool) -> bool | None:
        """None where ``counting`` known numbers came to no end."""
        interp = self._interp
        statement = interp.statement
        run = _Run(interp, node.orelse, interp.recorder.now(), self._fresh(node))
        gave_up = False

        def turn(index: int) -> bool | None:
            nonlocal gave_up
            interp.statement = statement
            tested = interp.eval(node.test)
            truth = tested.truth()
            if graph_loop is not None and isinstance(tested, Tensor):
                graph_loop.real = True
            if truth is False:
                return None
            if truth is None:
                interp.repeats(False)
                run.may_end()
            elif run.exact and counting and index >= _EACH and run.is_costly(index + 1):
                gave_up = True
                return None
            interp.statements.narrow(node.test, True)
            return interp.statements.suite(node.body)

        with interp.recorder.looping(False) if self._traced() else nullcontext() as graph_loop:
            goes_on = run.exactly(turn) if counting else run.until_settled(turn)
        return None if gave_up else goes_on


def _attributes_elsewhere(interp: Context) -> Iterator[Collection[str]]:
    """The names that other modules may read of this one."""
    own = interp.prescan
    for each in interp.prescans():
        if each is not own:
            yield each.mentioned


def _waits(function: Function, prescan: Prescan) -> bool:
    """Whether a function may be left in the middle, to go on later: others hold what it has under its names."""
    asynchronous = isinstance(function.node, cst.FunctionDef) and function.node.asynchronous is not None
    return asynchronous or function.name in prescan.generators


class _Run:
    """One run of a loop, from the present state on; ``since`` and ``fresh`` as for its fixpoint."""

    def __init__(
        self, interp: Context, orelse: cst.Else | None, since: int, fresh: tuple[Scope, frozenset[str]] | None
    ) -> None:
        self._interp = interp
        self._state = interp.state
        self._mark = interp.state.mark()
        self._loop = Loop(self._mark, len(interp.contexts))
        self.fixpoint = Fixpoint(interp, since, fresh=fresh, unrolled=interp.recorder.loop is None)
        self._orelse = orelse
        self._ends: list[Snapshot] = []
        #: Whether it is known of each turn so far that there was one.
        self.exact = True
        #: How many turns came to their end, how many of them before it was not known any more that there is one, and
        #: whether there may be none at all.
        self._made = self._apart = 0
        self._skippable = False
        self._began = self._spent()

    def _spent(self) -> int:
        return _REQUEST * self._interp.requests.count + self._interp.taken

    def is_costly(self, turns: int) -> bool:
        """Whether so many turns are too many to run them one by one, as far as can be told from those that ran."""
        made = max(self._made, 1)
        return turns > _MANY or (self._spent() - self._began) * turns > _COST * made

    def is_dear(self) -> bool:
        """Whether the turns that ran cost so much that it does not matter which number or text each is given."""
        return self._spent() - self._began > _DEAR

    def go_on_alike(self) -> None:
        """All turns from here on are alike."""
        self.exact = False
        self._apart = self._made

    def begin(self, element: Value | None, iterator: Value) -> None:
        """The first turn begins, or the first that stands for others, with this element. Where that one stands for any
        number of turns, there may be none.
        """
        self.fixpoint.given(element, iterator)
        self._skippable = self._skippable or not (self.exact or self._made)

    def may_end(self) -> None:
        """The loop may end in the present state, or go on."""
        if self._made or self._interp.of(Choices).left_out:
            self._ends.append(self._state.snapshot(self._mark))
        else:
            self._skippable = True
        self.exact = False

    def exactly(self, turn: _Turn) -> bool:
        """Run turns until one answers None or control does not come back; from the first that is not certain on, until
        they bring nothing new. Whether control comes out of the loop.
        """
        self._turns(turn)
        return self._finished()

    def until_settled(self, turn: _Turn) -> bool:
        """Run turns until they bring nothing new."""
        self.exact = False
        return self.exactly(turn)

    def over_elements(self, turn: _Turn, count: int | None) -> bool:
        """The same for a ``for`` loop; ``count``: over so many elements, of which each turn is given any."""
        reached = self._turns(turn)
        ends, fixpoint = self._ends, self.fixpoint
        self._skippable = self._skippable and count is None
        if count is not None and reached:
            like = fixpoint.turn_like(count - self._apart)
            # The turns of a row without changes are alike, but not the same.
            self._ends = ends[like - 1 :] if fixpoint.period == 1 else ends[like - 1 : like] or ends[-1:]
        elif count is not None:
            self._ends = []
        return self._finished()

    def _turns(self, turn: _Turn) -> bool:
        """Whether control comes to the end of each turn in some way."""
        state, loop = self._state, self._loop
        self._interp.loops.append(loop)
        reached = True
        while True:
            with self._interp.of(MadeAgain).turn() as repeated:
                goes_on = turn(self._made)
                repeated[0] = not self.exact
            if goes_on is None:
                self._ends.append(state.snapshot(self._mark))
                break
            # The next turn starts where this one ended, or where it went on early.
            starts = [*loop.continues]
            loop.continues = []
            if goes_on:
                starts.append(state.snapshot(self._mark))
            if not starts:
                reached = False
                break
            if len(starts) > 1 or not goes_on:
                state.rollback(self._mark)
                state.join_into(starts)
            self._made += 1
            self._interp.pay_for_branches()
            settled = not self.exact and self.fixpoint.settled(self._made == 1)
            self._interp.pay_for_branches()
            if settled:
                if self._ends or self._skippable or not self.fixpoint.period:
                    self._ends.append(state.snapshot(self._mark))
                break
        self._interp.loops.pop()
        return reached

    def _finished(self) -> bool:
        interp, state, ends = self._interp, self._state, self._ends
        if self._orelse is not None and ends:
            state.rollback(self._mark)
            state.join_into(ends)
            ends = [state.snapshot(self._mark)] if interp.statements.suite(self._orelse.body) else []
        ends = ends + self._loop.breaks
        if self._skippable and not ends:
            ends = [{}]  # behind the loop comes only who makes no turn
        state.rollback(self._mark)
        before = {place: cell.fields.get(key) for end in ends for place, (cell, key, _) in end.items()}
        state.join_into(ends)
        if self._skippable:
            self._unless_skipped(before, ends)
        interp.pay_for_branches()
        return bool(ends)

    def _unless_skipped(self, before: Mapping[Place, Any], ends: Sequence[Snapshot]) -> None:
        for place, (cell, key, _) in {place: each for end in ends for place, each in end.items()}.items():
            old, now = before[place], cell.fields.get(key)
            if isinstance(old, Value) and isinstance(now, Value):
                left = unless_skipped(self._interp, old, now)
                if left is not now:
                    self._state.set(cell, key, left)


class _Taken:
    """The elements of a ``for`` loop: it asks for each when a turn begins."""

    def __init__(self, interp: Context, iterator: Value, run: _Run, dear: bool) -> None:
        self._interp = interp
        self._iterator = iterator
        self._run = run
        self._bound = interp.iteration.bound(iterator)
        #: Whether a turn stands for any number of turns from here on.
        self._many = self._bound > _MANY or (dear and self._bound > 1)
        #: Whether numbers or texts are run through that cost too much to do it one by one.
        self.dear = dear
        #: Whether the first element is a number or a text, or a tuple of such.
        self._plain = False
        #: How many there are, where that is known and they are not run through one by one.
        self.count = self._known() if self._many else None

    def _known(self) -> int | None:
        is_known = self._bound < inf and self._interp.iteration.is_loop(self._iterator)
        return int(self._bound) if is_known else None

    def next(self, index: int) -> Value | None:
        """The element of a turn; None where the loop is over. Where it is perhaps over, it may end there."""
        interp, run = self._interp, self._run
        if index == self.count:
            interp.iteration.finish(self._iterator)
            return None
        began = index == 0
        if not self._many and self._are_too_many(index):
            self._many = began = True
            if index < _EACH:
                self.count = self._known()
            run.go_on_alike()
        if self._many:
            run.exact = False
            interp.iteration.scatter(self._iterator)
        element = interp.iteration.take(self._iterator, run.may_end)
        if began:
            run.begin(element, self._iterator)
        if index == 0:
            self._plain = element is not None and all(isinstance(each, Const) for each in walk(element, _elements))
        return element

    def _are_too_many(self, index: int) -> bool:
        """Whether the elements that are left are too many to run through them one by one."""
        if self._plain and index and self._run.is_dear():
            self.dear = True
            return True
        if index == 1:
            return self._bound > _EACH and self._run.is_costly(int(self._bound))
        return index >= _EACH and self._run.is_costly(index + 1)


def _elements(value: Value) -> Sequence[Value]:
    return value.items if isinstance(value, Items) else ()
