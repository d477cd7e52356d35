"""Generators: a body that stands still where it yields, and goes on there when the next element is asked for.

Where it stands is kept in the state like everything else, as places in its text. A branch of the caller that asks for
an element is undone with what the generator did for it; where branches meet, it stands in one of several places.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tfgradlint.flow.machine import stacks
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Frame
from tfgradlint.flow.python.generator_bodies import Advance, NotFollowed
from tfgradlint.flow.python.generator_places import OVER, PLACES, At, Places, Running, pending
from tfgradlint.flow.python.identity import MadeAgain
from tfgradlint.flow.python.iterators import Choices, Outcome, lost, nothing, settle
from tfgradlint.flow.python.recursion import DEPTH
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.functions import Function, Scope
from tfgradlint.flow.values.iterators import Ended, Iterator, Producer

#: How many generators may run within each other, and how many of one definition.
_WITHIN, _AGAIN = 16, 8


class Generator(Producer):
    """What a call of a generator made: its function, and the names of the call."""

    __slots__ = ("_function", "_inside", "_interp", "_is_loop", "_owner", "_scope")

    def __init__(self, interp: Context, function: Function, scope: Scope, inside: cst.CSTNode | None = None) -> None:
        self._interp = interp
        self._function = function
        self._scope = scope
        #: The statement that it stands in, if it is an expression: then it runs in the function around it.
        self._inside = inside
        self._is_loop = False
        self._owner = function if inside is None else interp.frame.function

    def begin(self) -> Iterator:
        """The iterator that a call of the generator gives."""
        iterator = Iterator(self, self._scope.fields.values())
        iterator.fields[PLACES] = Places({(At("suite", self._function.node.body),)})
        return iterator

    def begin_loop(self, loop: cst.For, source: Value) -> Iterator:
        """The same for a generator that is one loop, whose iterable was evaluated when it was made."""
        inner: cst.CSTNode = loop
        while isinstance(inner, (cst.For, cst.If)) and (inner is loop or isinstance(inner, cst.If)):
            inner = inner.body.body[0]
        self._is_loop = not isinstance(inner, cst.For)
        iterator = Iterator(self, [source])
        iterator.fields[PLACES] = Places({(At("for", loop),)})
        iterator.fields["for", loop] = source
        return iterator

    def take(self, iterator: Iterator, ended: Ended) -> Value | None:
        """Run to the next ``yield``; None where the generator certainly ends."""
        interp, node = self._interp, self._function.node
        if iterator.fields[PLACES] == OVER:
            return None
        running = interp.of(Running)
        deep = len(running.now) >= _WITHIN or len(interp.frames) > DEPTH
        if deep or iterator in running.now or running.counted[node] >= _AGAIN:
            return lost(interp, iterator, ended)
        if stacks.used_up():
            return stacks.on_another(lambda: self._advance(iterator, ended))
        return self._advance(iterator, ended)

    def _advance(self, iterator: Iterator, ended: Ended) -> Value | None:
        interp, node = self._interp, self._function.node
        running = interp.of(Running)
        statement, site, loops, depth = interp.statement, interp.recorder.site, interp.loops, len(interp.frames)
        mark, via = interp.state.mark(), interp.via
        interp.via = interp.led_into(self._scope)
        running.now.append(iterator)
        running.counted[node] += 1
        interp.frames.append(
            Frame(self._owner, self._scope, mark, len(interp.contexts), interp.activated(self._owner, yields=True))
        )
        outcomes: list[Outcome] | None = None
        try:
            with interp.of(MadeAgain).turn():
                advance = Advance(interp, iterator, node, self._inside)
                outcomes = advance.outcomes()
                ended = interp.of(Choices).ending(ended) if advance.chose else ended
        except NotFollowed:
            interp.state.rollback(mark)
        finally:
            running.now.remove(iterator)
            running.counted[node] -= 1
            del interp.frames[depth:]
            interp.loops = loops
            interp.statement, interp.recorder.site, interp.via = statement, site, via
        return lost(interp, iterator, ended) if outcomes is None else settle(interp, mark, outcomes, ended)

    def entered(self, iterator: Iterator) -> bool:
        """Whether it perhaps stands in a ``with`` or ``try``."""
        places: Places = iterator.fields[PLACES]
        return any(pending(place) for place in places)

    def close(self, iterator: Iterator) -> None:
        """Leave what it stands in, as ``close()`` does."""
        if self.entered(iterator):
            state = self._interp.state
            places: Places = iterator.fields[PLACES]
            state.set(iterator, PLACES, Places(pending(place) for place in places))
            self.take(iterator, nothing)
            state.set(iterator, PLACES, OVER)

    def scatter(self, iterator: Iterator) -> None:
        """The loops that it is in may be at any of their elements."""
        for source in self.taken_from(iterator):
            self._interp.iteration.scatter(source)

    def bound(self, iterator: Iterator) -> float:
        """As many turns as the longest loop has left that it is in: until it runs, nothing is known."""
        return max(map(self._interp.iteration.bound, self.taken_from(iterator)), default=0)

    def standing(self, iterator: Iterator) -> object:
        """The places, and where the loops stand there."""
        return iterator.fields[PLACES], tuple(map(self._interp.iteration.standing, self.taken_from(iterator)))

    def is_loop(self, iterator: Iterator) -> bool:
        """If it is an expression of one clause."""
        return self._is_loop

    def finish(self, iterator: Iterator) -> None:
        """It has ended."""
        self._interp.state.set(iterator, PLACES, OVER)

    def holds(self, iterator: Iterator) -> Sequence[Value] | None:
        """Nobody knows."""
        return None

    def reached(self) -> Sequence[Value]:
        """The function, and what is bound to its names."""
        held = [value for value in self._scope.fields.values() if isinstance(value, Value)]
        return (self._function, *held)

    def taken_from(self, iterator: Iterator) -> list[Value]:
        """The iterators of the loops that it is in."""
        places: Places = iterator.fields[PLACES]
        entries = dict.fromkeys((entry.kind, entry.node) for place in places for entry in place)
        found = [iterator.fields.get(entry) for entry in entries]
        return [each for each in found if isinstance(each, Value)]
