"""Which trace a call of a compiled function runs, and what of its Python happens.

TensorFlow runs the Python of a function for the first call with arguments of a kind, and keeps the graph. Later calls
of that kind run the graph: what it read of Python has the value of that moment, and Python itself does not happen
again. Here the Python of the trace is executed anew for each call, with what it read put back for that time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any, NamedTuple

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.frames import Attempt, Compiled
from tfgradlint.flow.machine.state import MISSING
from tfgradlint.flow.python.moments import History, Moment
from tfgradlint.flow.python.places import (
    Traced,
    changes,
    of_old,
)
from tfgradlint.flow.python.signatures import Match, Signature
from tfgradlint.flow.values.base import Value, Variable, next_birth
from tfgradlint.flow.values.functions import Function, Scope
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import walk

#: Each call is compared with every trace. Of a function that is called with more kinds of arguments than this, the
#: first trace may serve for every call from then on.
_TRACES = 24
#: A call that may run any of more traces than this, which differ in what they read, gives what nobody knows.
_ALTERNATIVES = 4

Run = Callable[[], Value]


class Trace(NamedTuple):
    """A trace that was made for a signature (None: for any), at one of these moments."""

    signature: Signature | None
    moments: tuple[Moment, ...]


class Kept(tuple[tuple[Trace, bool], ...]):
    """The traces of a function, and whether each was certainly made."""

    __slots__ = ()

    @staticmethod
    def joined(alternatives: list[Kept]) -> Kept:
        certain = [{trace.signature for trace, certain in each if certain} for each in alternatives]
        traces = dict.fromkeys(trace for each in alternatives for trace, _ in each)
        return Kept._shortened([(trace, all(trace.signature in each for each in certain)) for trace in traces])

    @staticmethod
    def latest(alternatives: list[Kept]) -> list[Kept]:
        """Those at the ends of ways: the others hold nothing that they do not."""
        ends: list[set[Trace]] = []
        left: list[Kept] = []
        for each in sorted(alternatives, key=len, reverse=True):
            traces = {trace for trace, _ in each}
            if not any(traces <= other for other in ends):
                ends.append(traces)
                left.append(each)
        return left

    def with_one(self, trace: Trace) -> Kept:
        """These and another one."""
        return Kept._shortened([*self, (trace, True)])

    @staticmethod
    def _shortened(traces: list[tuple[Trace, bool]]) -> Kept:
        """Of those for which the same calls match the last; of too many one for every call in place of the first."""
        last: dict[Hashable, tuple[Trace, bool]] = {}
        for trace, certain in traces:
            signature = trace.signature
            key = None if signature is None else signature if signature.key is None else signature.key
            known = last.pop(key, None)
            if known is not None:
                certain = certain or (known[1] and known[0].signature is signature)
                trace = Trace(signature, (*dict.fromkeys((*known[0].moments, *trace.moments)),))
            last[key] = (trace, certain)
        kept = [*last.values()]
        if len(kept) > _TRACES:
            first, kept = kept[: _TRACES // 2], kept[_TRACES // 2 :]
            moments = dict.fromkeys(moment for each, _ in first for moment in each.moments)
            kept.insert(0, (Trace(None, (*moments,)), True))
        return Kept(kept)

    def with_alike(self, alike: Collection[Moment]) -> Kept:
        """One of these moments stands for all of them: the latest."""
        latest = max(alike, key=lambda moment: moment.born)
        others = dict.fromkeys(alike, latest)
        return Kept(
            (Trace(trace.signature, (*dict.fromkeys(others.get(each, each) for each in trace.moments),)), certain)
            for trace, certain in self
        )


class Retracing:
    """Runs compiled functions as TensorFlow does."""

    def __init__(self, interp: Context) -> None:
        self._interp = interp
        self._cache = Traced()
        self._history = History(interp)

    def made_unseen(self, function: Function) -> None:
        """The function was traced with arguments of which nothing is known."""
        self._keep(self._compiled(function), Trace(None, (Moment(self._interp.state),)))

    def replay(self) -> Callable[[Run], Value]:
        """What runs Python again that is traced now, for a graph that runs again: in Python nothing happens."""
        moment = Moment(self._interp.state)
        return lambda run: self._without_python(run, moment)

    def call(self, function: Function, given: Scope | None, run: Run) -> Value:
        """A call with what is ``given`` for the parameters; ``run`` executes the function's Python.

        None is given where that is not known.
        """
        if given is None:
            return self._perhaps(run)[0]
        return self.step(self._compiled(function), given.fields, run)

    def step(self, compiled: Compiled, given: dict[str, Value], run: Run) -> Value:
        """A call of anything that is traced."""
        signature = Signature(self._interp, given)
        served, certain = self._serving(compiled, signature)
        moments = dict.fromkeys(moment for trace in served for moment in trace.moments)
        old = self._history.old(moments, [*compiled.reads, *given.values()])
        if len(moments) - len(old) > 1:
            # At all others it read what it would read now.
            kept = self._kept(compiled).with_alike(moments.keys() - set(old))
            self._interp.state.set(compiled.cell, compiled.key, kept)
        if not old:
            if certain:
                return self._without_python(run)
            value, traced = self._perhaps(run) if served else self._run(run)
            self._keep(compiled, Trace(signature, traced))
            return value
        traced = (Moment(self._interp.state),)

        def anew() -> Value:
            nonlocal traced
            value, traced = self._run(run)
            return value

        runs: list[Run] = [lambda moment=moment: self._without_python(run, moment) for moment in old]  # type: ignore[misc]
        if len(old) < len(moments):
            runs.append(lambda: self._without_python(run))
        if not certain:
            runs.append(anew)
        value = self._any_of(runs)
        if not certain:
            self._keep(compiled, Trace(signature, (*old, *traced)))
        return value

    # -- which trace

    def _compiled(self, function: Function) -> Compiled:
        # Tensors are what a declaration says. The object of a method is none of them.
        compared = int(function.owner is not None) if function.signature else None
        return Compiled([function], self._cache, function, function.relaxed, compared)

    def _kept(self, compiled: Compiled) -> Kept:
        # What was never set is the same as what was there before every branch.
        kept: Kept = compiled.cell.fields.setdefault(compiled.key, Kept())
        return kept

    def _keep(self, compiled: Compiled, trace: Trace) -> None:
        self._interp.state.set(compiled.cell, compiled.key, self._kept(compiled).with_one(trace))

    def _serving(self, compiled: Compiled, signature: Signature) -> tuple[list[Trace], bool]:
        """The traces that may serve for a call, and whether one of them certainly does."""
        served: list[Trace] = []
        for trace, certain in reversed(self._kept(compiled)):
            match = self._match(compiled, trace, signature)
            if match is Match.YES and certain and not compiled.doubtful:
                return [trace], True
            if match is not Match.NO:
                served.append(trace)
        return served, False

    def _match(self, compiled: Compiled, trace: Trace, signature: Signature) -> Match:
        if trace.signature is None:
            return Match.PERHAPS
        match = trace.signature.match(signature, relaxed=compiled.relaxed)
        if match is Match.NO and compiled.compared is not None:
            names = list(signature.values)[: compiled.compared]
            return min(Match.PERHAPS, trace.signature.match(signature, names))
        return match

    # -- what happens

    def _any_of(self, runs: list[Run]) -> Value:
        interp = self._interp
        results: list[Value] = []
        either = interp.reports.either()

        def one(run: Run) -> bool:
            with either.alternative():
                results.append(run())
            return True

        if len(runs) == 1:
            return runs[0]()
        try:
            interp.alternatives([lambda run=run: one(run) for run in runs[-_ALTERNATIVES:]])  # type: ignore[misc]
        finally:
            either.end()
        value = interp.join(results)
        return interp.unknown(origins.MANY_ALTERNATIVES, value) if len(runs) > _ALTERNATIVES else value

    def _run(self, run: Run, again: bool = True) -> tuple[Value, tuple[Moment, ...]]:
        """Trace, and say when. Where a trace made variables, TensorFlow traces once more, and keeps that."""
        interp, state, reports = self._interp, self._interp.state, self._interp.reports
        now, mark, since = Moment(state), state.mark(), next_birth()
        first, made, perhaps_made = reports.counts(), interp.variables_made, interp.variables_perhaps_made
        value = run()
        changed = changes(state, mark, since)
        if not changed or not again:
            return value, (now,)  # a second time would find all as the first did
        if interp.variables_made > made or any(
            _made_variables(cell.fields.get(key), since) for cell, key, _ in changed
        ):
            now, second = Moment(state), reports.counts()
            value = run()
            reports.once_more(first, second)
        elif interp.variables_perhaps_made > perhaps_made:
            return self._perhaps_again(run, value, now, first)
        return value, (now,)

    def _perhaps_again(
        self, run: Run, value: Value, now: Moment, since: Counter[Any]
    ) -> tuple[Value, tuple[Moment, ...]]:
        """What was traced at a moment is perhaps traced once more."""
        either = self._interp.reports.either()
        either.begun(since)
        try:
            with either.alternative():
                other, moments = self._perhaps(run, again=False)
        finally:
            either.end()
        return self._interp.join([value, other]), (now, *moments)

    def _perhaps(self, run: Run, again: bool = True) -> tuple[Value, tuple[Moment, ...]]:
        """Trace, or not: Python happens or does not."""
        state = self._interp.state
        mark, since = state.mark(), next_birth()
        value, now = self._run(run, again)
        changed = changes(state, mark, since)
        if changed:
            happened = state.snapshot(mark)
            not_happened = {**happened, **{(id(place[0]), place[1]): place for place in changed}}
            state.rollback(mark)
            state.join_into([happened, not_happened])
        return value, now

    def _without_python(self, run: Run, moment: Moment | None = None) -> Value:
        """Run a graph that was made before: nothing happens in Python. It read what was there at that moment."""
        interp, state = self._interp, self._interp.state
        mark, since = state.mark(), next_birth()
        attempts = [(attempt, len(attempt.raises)) for attempt in interp.attempts]
        undoubted = self._put_back(moment) if moment is not None else None
        with state.without(lambda cell, key: of_old(cell, key, since)):
            try:
                return run()
            finally:
                if undoubted is not None:
                    undoubted()
                happened = state.snapshot(mark)
                state.rollback(mark)
                state.join_into([{place: each for place, each in happened.items() if not of_old(*each[:2], since)}])
                for attempt, count in attempts:
                    _as_it_is(attempt, count, since)

    def _put_back(self, moment: Moment) -> Callable[[], None] | None:
        interp = self._interp
        changed = moment.changed(interp.state)
        for cell, key, old in changed:
            interp.state.write(cell, key, old)
        if interp.recorder.tapes.active and any(key == "trainable" for _, key, _ in changed):
            return interp.tapes.doubt()  # a tape from outside watches by the flags of today
        return None


def _made_variables(value: Any, since: int) -> bool:
    """Whether a value holds variables that were made since then, or layers, which make them when they are called."""
    return isinstance(value, Value) and any(
        isinstance(each, (Variable, Layer)) and each.born >= since for each in walk(value, _parts)
    )


def _parts(value: Value) -> Sequence[Value] | None:
    if isinstance(value, Instance):
        return [each for each in value.fields.values() if isinstance(each, Value)]
    return value.held()


def _as_it_is(attempt: Attempt, count: int, since: int) -> None:
    """What an exception inside of a graph leaves behind in Python: what is there without it."""
    for snapshot in attempt.raises[count:]:
        for place, (cell, key, _) in snapshot.items():
            if of_old(cell, key, since):
                snapshot[place] = (cell, key, cell.fields.get(key, MISSING))
