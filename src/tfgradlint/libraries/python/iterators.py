"""``zip``, ``map``, ``filter`` and their like: iterators that make each element when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.iterators import Choices, Outcome, nothing, settle
from tfgradlint.flow.values.base import Const, Scalar, Value, is_none
from tfgradlint.flow.values.containers import Items, Repeated
from tfgradlint.flow.values.iterators import Ended, Iterator
from tfgradlint.libraries.registry import Handler

_COUNT = "count"
_MAP = origins.returned_by("map")


def sources_of(interp: Context, args: list[Value]) -> list[Value]:
    """The iterators over what was given."""
    return [interp.iteration.iterator(value) for value in args]


def starred(args: list[Value]) -> bool:
    """Whether the arguments are those of a sequence of unknown length."""
    return any(isinstance(value, Repeated) and value.type == "star" for value in args)


def row(interp: Context, sources: list[Value], ended: Ended) -> list[Value] | None:
    """The next element of each; None where one has none.

    Beside one whose length is known others are taken to be as long.
    """
    fits = any(interp.iteration.bound(source) < inf for source in sources)
    taken: list[Value] = []
    for source in sources:
        any_length = interp.iteration.bound(source) == inf
        element = interp.iteration.take(source, nothing if fits and any_length else ended)
        if element is None:
            return None
        if any_length and source.held() is not None:
            fits = True  # the others end no earlier than this one
        taken.append(element)
    return taken


def _zip(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if starred(args):
        content = next(value for value in args if isinstance(value, Repeated))
        return interp.iteration.iterator(Repeated(Repeated(content.element, "tuple")))
    sources = sources_of(interp, args)

    def step(iterator: Iterator, ended: Ended) -> Value | None:
        taken = row(interp, sources, ended) if sources else None
        return None if taken is None else Items(tuple(taken))

    return interp.iteration.derived(sources, step)


def _enumerate(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if not args:
        return None
    sources = sources_of(interp, args[:1])
    start = args[1] if len(args) > 1 else kwargs.get("start", Const(0))

    def step(iterator: Iterator, ended: Ended) -> Value | None:
        element = interp.iteration.take(sources[0], ended)
        if element is None:
            return None
        count = iterator.fields[_COUNT]
        known = isinstance(count, Const) and isinstance(count.value, int)
        following = Const(count.value + 1) if known else Scalar(interp.recorder.leaf(), "int")
        interp.state.set(iterator, _COUNT, following)
        return Items((count if known else following, element))

    made = interp.iteration.derived(sources, step)
    made.fields[_COUNT] = start
    return made


def _map(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) < 2 or starred(args):
        return None
    function, sources = args[0], sources_of(interp, args[1:])
    site, statement = interp.recorder.site, interp.statement

    def step(iterator: Iterator, ended: Ended) -> Value | None:
        taken = row(interp, sources, ended)
        if taken is None:
            return None
        saved, interp.statement = interp.statement, statement
        interp.recorder.site = site
        try:
            return interp.calls.call(function, taken, {})
        finally:
            interp.statement = saved

    return interp.iteration.derived(sources, step, functions=[function])


def _starmap(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) != 2:
        return None
    function, sources = args[0], sources_of(interp, args[1:])
    site = interp.recorder.site

    def step(iterator: Iterator, ended: Ended) -> Value | None:
        taken = interp.iteration.take(sources[0], ended)
        if taken is None:
            return None
        interp.recorder.site = site
        parts = interp.iteration.iterate(taken)
        if isinstance(parts, Items):
            return interp.calls.call(function, list(parts.items), {})
        return interp.calls.call(function, [Repeated(parts.element, "star")], {})

    return interp.iteration.derived(sources, step, functions=[function])


def _chosen(passes: bool) -> Handler:
    """``filter`` and ``filterfalse``: each looks at elements until one ``passes``."""

    def make(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if len(args) != 2:
            return None
        function, sources = args[0], sources_of(interp, args[1:])
        site = interp.recorder.site

        def verdict(element: Value) -> bool | None:
            interp.recorder.site = site
            tested = element if is_none(function) else interp.calls.call(function, [element], {})
            truth = tested.truth()
            return None if truth is None else truth is passes

        return interp.iteration.derived(
            sources, lambda iterator, ended: first(interp, sources[0], verdict, ended), functions=[function]
        )

    return make


#: How many elements in a row may be left out.
_LEFT_OUT = 64


def first(interp: Context, source: Value, verdict: Callable[[Value], bool | None], ended: Ended) -> Value | None:
    """The next element that passes; behind one that perhaps passes it may be any, or none."""
    state = interp.state
    mark = state.mark()
    outcomes: list[Outcome] = []
    perhaps = chose = False
    for _ in range(_LEFT_OUT):
        element = interp.iteration.take(source, lambda: outcomes.append((state.snapshot(mark), None)))
        passes = verdict(element) if element is not None else True
        if passes is not False:
            outcomes.append((state.snapshot(mark), element))
        if passes is True:
            break
        if perhaps or len(outcomes) > 2:
            interp.iteration.finish(source)
            outcomes.append((state.snapshot(mark), None))
            break
        if outcomes:
            interp.iteration.scatter(source)
        perhaps = passes is None
        chose = chose or perhaps
    return settle(interp, mark, outcomes, interp.of(Choices).ending(ended) if chose else ended)


def _reversed(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return interp.iteration.backwards(args[0]) if args else None


HANDLERS: dict[str, Handler] = {
    "builtins.zip": _zip,
    "builtins.enumerate": _enumerate,
    "builtins.map": _map,
    "builtins.filter": _chosen(True),
    "builtins.reversed": _reversed,
    "itertools.filterfalse": _chosen(False),
    "itertools.starmap": _starmap,
}
