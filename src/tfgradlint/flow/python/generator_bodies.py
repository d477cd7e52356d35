"""The body of a generator, run from where it stands to where it yields next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.fixpoint import Fixpoint
from tfgradlint.flow.machine.frames import Frame, Loop
from tfgradlint.flow.machine.state import Raised, Snapshot
from tfgradlint.flow.python.generator_places import (
    PLACES,
    At,
    Exits,
    Place,
    Places,
    Running,
    Yielded,
    behind,
    loop_around,
    pending,
)
from tfgradlint.flow.python.identity import MadeAgain
from tfgradlint.flow.python.iterators import Choices, Outcome
from tfgradlint.flow.values.base import NONE, is_none
from tfgradlint.flow.values.functions import ContextManagerCall
from tfgradlint.flow.values.iterators import SENT, Iterator

#: How often control passes the head of the same loop until a turn is taken to stand for any number of turns, where
#: known numbers tell that there is another one.
_TURNS = 64


class NotFollowed(Exception):
    """The generator does something that is not followed."""


class Advance:
    """One run to the next ``yield``, on every way that leads to one.

    ``node`` is the definition, ``inside`` the statement in which one stands that is no statement of its own.
    """

    def __init__(self, interp: Context, iterator: Iterator, node: cst.CSTNode, inside: cst.CSTNode | None) -> None:
        self._interp = interp
        self._iterator = iterator
        self._node = node
        self._statement = inside
        self._running = interp.of(Running)
        self._mark = interp.state.mark()
        #: The ways that are not yet followed: places, and the states in which control gets there.
        self._waiting: dict[Place, list[Snapshot]] = {place: [{}] for place in iterator.fields[PLACES]}
        self._passed: Counter[Place] = Counter()
        #: The loops of which it is not known how many turns they make, by their heads.
        self._open: dict[Place, Fixpoint] = {}
        #: Whether a turn of one of its loops stands for several, or is perhaps not made.
        self._repeats = False
        #: Whether a condition that is not known decided which way it went.
        self.chose = False
        self._steps: dict[str, Callable[[Place], Place | Yielded | None]] = {
            "suite": self._suite,
            "line": self._line,
            "if": self._if,
            "for": self._for,
            "while": self._while,
            "with": self._leave_with,
            "finally": lambda place: (*place[:-1], At("suite", place[-1].node)),
            "from": self._from,
            "sent": self._sent,
        }

    def outcomes(self) -> list[Outcome]:
        """Every way from where it stands to a ``yield`` or to its end.

        Raises:
            Raised: no way leads there.
            NotFollowed: what it does is not followed.
        """
        with self._interp.of(MadeAgain).turn() as repeated:
            try:
                return self._outcomes()
            finally:
                repeated[0] = self._repeats

    def _outcomes(self) -> list[Outcome]:
        state, iterator = self._interp.state, self._iterator
        outcomes: list[Outcome] = []
        while self._waiting:
            # A turn ends in all its ways before the next one begins, and all turns before what is behind the loop.
            place = min(self._waiting, key=lambda place: (-len(place), place in self._open))
            starts = self._waiting.pop(place)
            state.rollback(self._mark)
            state.join_into(starts)
            self._interp.pay_for_branches()
            found = None if place in self._open and self._settled(place) else self._to_yield(place)
            if found is not None:
                state.set(iterator, PLACES, Places({found.place}))
                outcomes.append((state.snapshot(self._mark), found.value))
        if not outcomes:
            raise Raised
        return outcomes

    def _settled(self, head: Place) -> bool:
        """Whether a further turn of a loop brings nothing new."""
        for inner in [each for each in self._open if len(each) > len(head) and each[: len(head)] == head]:
            del self._open[inner]
        return self._open[head].settled()

    def _to_yield(self, place: Place) -> Yielded | None:
        """What it yields next; None where control gets no further."""
        interp = self._interp
        interp.statement = self._statement or self._node
        again = False
        try:
            while place:
                interp.step()
                if again and place in self._open:
                    self._branch(place)  # the next turn
                    return None
                again = True
                step = self._steps[place[-1].kind](place)
                if step is None or isinstance(step, Yielded):
                    return step
                place = step
        except Raised:
            interp.statements.raised()
            return None
        return Yielded(None, ())

    def _branch(self, place: Place) -> None:
        """Control gets there as well, in the present state."""
        self._waiting.setdefault(place, []).append(self._interp.state.snapshot(self._mark))

    def _fresh(self) -> tuple[Frame, Loop]:
        """The frame and a loop, for a statement that begins now."""
        interp = self._interp
        frame, mark = interp.frame, interp.state.mark()
        frame.mark, frame.returns = mark, []
        loop = Loop(mark, frame.base)
        interp.loops = [loop]
        return frame, loop

    def _plain(self, run: Callable[[], bool], place: Place) -> Place | None:
        """A statement that yields nothing; ``place``: behind it."""
        state = self._interp.state
        frame, loop = self._fresh()
        goes_on = run()
        if not loop.breaks and not loop.continues and not frame.returns:
            return place if goes_on else None
        at = loop_around(place)
        ends = [(snapshot, pending(place)) for snapshot, _ in frame.returns]
        ends += [(snapshot, (*place[:at], *pending(place[at:]))) for snapshot in loop.breaks]
        ends += [(snapshot, (*place[: at + 1], *pending(place[at + 1 :]))) for snapshot in loop.continues]
        if goes_on:
            ends.append((state.snapshot(loop.mark), place))
        self.chose = self.chose or len(ends) > 1
        for snapshot, there in ends:
            state.rollback(loop.mark)
            state.join_into([snapshot])
            if len(ends) == 1:
                return there
            self._branch(there)
        return None

    def _suite(self, place: Place) -> Place | Yielded | None:
        interp = self._interp
        suite, index = place[-1].node, place[-1].part
        parts: Sequence[cst.CSTNode] = suite.body  # type: ignore[attr-defined]
        if index >= len(parts):
            return place[:-1]
        part, place = parts[index], behind(place)
        if not self._running.yields(part):
            small = isinstance(part, cst.BaseSmallStatement)
            run = cst.SimpleStatementSuite([part]) if small else None  # type: ignore[list-item]
            return self._plain(lambda: interp.statements.suite(run) if run else interp.statements.body([part]), place)
        if isinstance(part, cst.SimpleStatementLine):
            return (*place, At("line", part))
        if isinstance(part, cst.BaseSmallStatement):
            return self._yield(part, place)
        if self._statement is None:
            interp.statement = part
        if isinstance(part, cst.If):
            return (*place, At("if", part))
        if isinstance(part, cst.While):
            return self._begun((*place, At("while", part)))
        if isinstance(part, cst.For):
            return self._enter_for(part, place)
        if isinstance(part, cst.With):
            return self._enter_with(part, place)
        if isinstance(part, cst.Try) and not part.handlers and part.finalbody is not None:
            return (*place, At("finally", part.finalbody.body), At("suite", part.body))
        raise NotFollowed

    def _line(self, place: Place) -> Place | Yielded | None:
        line = place[-1].node
        if self._statement is None:
            self._interp.statement = line
        return self._suite(place)

    def _if(self, place: Place) -> Place | None:
        interp = self._interp
        node, outside = place[-1].node, place[:-1]
        assert isinstance(node, cst.If)
        truth = interp.expressions.tested(interp.eval(node.test))
        body = (*outside, At("suite", node.body))
        if isinstance(node.orelse, cst.If):
            other: Place = (*outside, At("if", node.orelse))
        else:
            other = (*outside, At("suite", node.orelse.body)) if node.orelse is not None else outside
        self.chose = self.chose or truth is None
        return self._either(node.test, truth, body, other)

    def _either(self, test: cst.BaseExpression, truth: bool | None, holds: Place, fails: Place) -> Place:
        interp, state = self._interp, self._interp.state
        if truth is not None:
            return holds if truth else fails
        mark = state.mark()
        interp.statements.narrow(test, False)
        self._branch(fails)
        state.rollback(mark)
        interp.statements.narrow(test, True)
        return holds

    def _pass_head(self, place: Place, sure: bool) -> None:
        """Another turn of a loop begins; ``sure``: known numbers tell that there is one."""
        self._passed[place] += 1
        if place not in self._open and not (sure and self._passed[place] <= _TURNS):
            self._open[place] = Fixpoint(self._interp, self._interp.recorder.now(), mark=self._mark)
        self._repeats = self._repeats or place in self._open

    def _while(self, place: Place) -> Place | None:
        interp = self._interp
        node = place[-1].node
        assert isinstance(node, cst.While)
        truth = interp.eval(node.test).truth()
        exit_ = place[:-1] if node.orelse is None else (*place[:-1], At("suite", node.orelse.body))
        if truth is not False:
            self._pass_head(place, truth is True)
        return self._either(node.test, truth, (*place, At("suite", node.body)), exit_)

    def _enter_for(self, node: cst.For, place: Place) -> Place:
        interp = self._interp
        source = interp.iteration.iterator(interp.eval(node.iter))
        interp.recorder.site = interp.here(node.iter)
        old = self._iterator.fields.get(("for", node))
        if not interp.iteration.begin_again(old, source):
            interp.state.set(self._iterator, ("for", node), source)
        return self._begun((*place, At("for", node)))

    def _begun(self, head: Place) -> Place:
        """A loop begins anew."""
        self._open.pop(head, None)
        self._passed.pop(head, None)
        return head

    def _for(self, place: Place) -> Place | None:
        interp = self._interp
        node = place[-1].node
        assert isinstance(node, cst.For)
        exit_ = place[:-1] if node.orelse is None else (*place[:-1], At("suite", node.orelse.body))
        sure = [True]

        def ended() -> None:
            sure[0] = False
            self._over(exit_)

        element = interp.iteration.take(self._iterator.fields["for", node], ended)
        if element is None:
            return exit_
        self._pass_head(place, sure[0])
        interp.recorder.site = interp.here(node.iter)
        interp.statements.assign(node.target, element)
        return (*place, At("suite", node.body))

    def _over(self, exit_: Place) -> None:
        """What it goes through may be over, perhaps as that leaves out the rest."""
        self.chose = self.chose or self._interp.of(Choices).left_out
        self._branch(exit_)

    def _enter_with(self, node: cst.With, place: Place) -> Place:
        interp = self._interp
        exits: list[Callable[[], object]] = []
        for item in node.items:
            manager = interp.eval(item.item)
            interp.recorder.site = interp.here(item.item)
            if isinstance(manager, ContextManagerCall):
                raise NotFollowed
            entered, leave = interp.tapes.enter(manager)
            exits.append(leave)
            if item.asname is not None:
                interp.statements.assign(item.asname.name, entered)
        interp.state.set(self._iterator, ("with", node), Exits(exits))
        return (*place, At("with", node), At("suite", node.body))

    def _leave_with(self, place: Place) -> Place:
        exits = self._iterator.fields["with", place[-1].node]
        if exits is None:
            raise NotFollowed
        for leave in reversed(exits):
            leave()
        return place[:-1]

    # -- yield

    def _yield(self, small: cst.BaseSmallStatement, place: Place) -> Place | Yielded | None:
        """A simple statement that yields; ``place``: behind it."""
        interp = self._interp
        if not isinstance(small, (cst.Expr, cst.Assign, cst.AnnAssign, cst.Return)):
            raise NotFollowed
        node = small.value
        if not isinstance(node, cst.Yield) or (node.value is not None and self._running.yields(node.value)):
            raise NotFollowed
        if isinstance(small, cst.Return):
            place = pending(place)
        elif not isinstance(small, cst.Expr):
            place = (*place, At("sent", small))
        if isinstance(node.value, cst.From):
            source = interp.iteration.iterator(interp.eval(node.value.item))
            interp.state.set(self._iterator, ("from", small), source)
            return (*place, At("from", small))
        return Yielded(interp.eval(node.value) if node.value is not None else NONE, place)

    def _from(self, place: Place) -> Place | Yielded:
        if not is_none(self._iterator.fields.get(SENT, NONE)):
            raise NotFollowed  # that one gets it
        source = self._iterator.fields["from", place[-1].node]
        element = self._interp.iteration.take(source, lambda: self._over(place[:-1]))
        return place[:-1] if element is None else Yielded(element, place)

    def _sent(self, place: Place) -> Place:
        interp = self._interp
        small = place[-1].node
        node = getattr(small, "value", None)
        of_another = isinstance(node, cst.Yield) and isinstance(node.value, cst.From)
        given = interp.unknown(origins.SENT) if of_another else self._iterator.fields.get(SENT, NONE)
        for target in [each.target for each in small.targets] if isinstance(small, cst.Assign) else [small.target]:  # type: ignore[attr-defined]
            interp.statements.assign(target, given)
        return place[:-1]
