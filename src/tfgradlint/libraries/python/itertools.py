"""The module ``itertools``: its functions carry elements on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from math import inf
from typing import Any

import libcst as cst

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.iterators import lost, nothing
from tfgradlint.flow.values.base import NONE, Const, Scalar, Value, is_none
from tfgradlint.flow.values.containers import Items, Repeated
from tfgradlint.flow.values.functions import Function, Scope
from tfgradlint.flow.values.iterators import Ended, Iterator
from tfgradlint.libraries.python.iterators import first, starred
from tfgradlint.libraries.registry import Handler

#: A longer sequence is any number of elements that are alike, as a list is that grows longer than that.
_LONG = 64


def _chain(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return None if starred(args) else _chained(interp, Items(tuple(args)))


def _chain_from_iterable(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return _chained(interp, args[0]) if len(args) == 1 else None


def _chained(interp: Context, iterables: Value) -> Value:
    """What a generator yields that yields from each of the iterables."""
    function = cst.ensure_type(_CHAIN.body[0], cst.FunctionDef)
    scope = Scope("function", interp.module, "chain")
    scope.fields["iterables"] = interp.iteration.iterator(iterables)
    return interp.iteration.generator(Function(function, "chain", interp.module, {}), scope, interp.statement)


_CHAIN = cst.parse_module("def chain(iterables):\n    for each in iterables:\n        yield from each\n")


def _islice(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The elements from one number on, up to another: they are counted as they are taken."""
    bounds: list[Any] = [value.value for value in args[1:] if isinstance(value, Const)]
    if len(args) < 2 or len(bounds) < len(args) - 1:
        return None
    try:
        start, stop, each = _slice(*bounds)
    except (TypeError, ValueError):
        return None
    source = interp.iteration.iterator(args[0])

    def step(iterator: Iterator, ended: Ended) -> Value | None:
        taken = iterator.fields[_COUNT]
        if not isinstance(taken, Const):
            over(ended)
            return interp.iteration.take(source, ended)
        element: Value | None = None
        wanted = start if taken.value == 0 else taken.value + each - 1
        if wanted >= stop:
            return None
        for _ in range(wanted + 1 - taken.value):
            element = interp.iteration.take(source, ended)
            if element is None:
                return None
        interp.state.set(iterator, _COUNT, Const(wanted + 1))
        return element

    def over(ended: Ended) -> None:
        mark = interp.state.mark()
        interp.iteration.finish(made)
        ended()
        interp.state.rollback(mark)

    def bound(iterator: Iterator) -> float:
        taken = iterator.fields[_COUNT]
        if not isinstance(taken, Const):
            return inf
        return min((stop - max(int(taken.value), start) + each - 1) // each, interp.iteration.bound(source) or inf)

    made = interp.iteration.derived([source], step, bound)
    made.fields[_COUNT] = Const(0)
    return made


def _slice(*bounds: int | None) -> tuple[int, float, int]:
    """Start, stop and step of ``islice``.

    Raises:
        ValueError: Python refuses them.
    """
    itertools.islice((), *bounds)
    parts = slice(*bounds)
    return parts.start or 0, inf if parts.stop is None else parts.stop, parts.step or 1


_COUNT = "count"


def _combined(function: Callable[..., Iterable[tuple[Value, ...]]]) -> Handler:
    """``combinations`` and its like: tuples of elements of one sequence."""

    def make(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        content = interp.iteration.iterate(args[0]) if args else Items(())
        others = [value.value for value in args[1:] if isinstance(value, Const)]
        if not isinstance(content, Items) or len(others) < len(args) - 1 or kwargs or len(content.items) > _LONG:
            return None
        try:
            return _tuples(interp, function(content.items, *others), content)
        except (TypeError, ValueError):
            return None

    return make


def _tuples(interp: Context, rows: Iterable[tuple[Value, ...]], content: Items) -> Value | None:
    taken = list(itertools.islice(rows, _LONG + 1))
    if len(taken) <= _LONG:
        return Items(tuple(Items(row) for row in taken))
    element = interp.state.element(content)
    return Repeated(Items(tuple(element for _ in taken[0])))


def _product(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    repeat = kwargs.get("repeat", Const(1))
    contents = [interp.iteration.iterate(value) for value in args]
    if not isinstance(repeat, Const) or not isinstance(repeat.value, int) or not 0 < repeat.value <= 4:
        return None
    contents *= repeat.value
    lengths = 1
    for content in contents:
        lengths *= len(content.items) if isinstance(content, Items) else _LONG + 1
    if lengths > _LONG:
        return Repeated(Items(tuple(interp.state.element(content) for content in contents)))
    rows = itertools.product(*(content.items for content in contents if isinstance(content, Items)))
    return Items(tuple(Items(row) for row in rows))


def _repeat(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    times = args[1] if len(args) > 1 else kwargs.get("times")
    if not args:
        return None
    if isinstance(times, Const) and isinstance(times.value, int) and times.value <= _LONG:
        return Items((args[0],) * max(times.value, 0))
    return Repeated(args[0])


def _cycle(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The elements over and over: each is kept when it is taken for the first time."""
    if len(args) != 1:
        return None
    source = interp.iteration.iterator(args[0])

    def any_of_them(iterator: Iterator) -> Value:
        if interp.iteration.knows(args[0]):
            return lost(interp, source, nothing)
        content = interp.iteration.elements(args[0])
        others = [interp.state.element(content)] if isinstance(content, Repeated) or content.items else []
        return interp.iteration.another(interp.join([*(iterator.fields[_LAST].held() or ()), *others]))

    def step(iterator: Iterator, ended: Ended) -> Value | None:
        place, kept = iterator.fields[_COUNT], iterator.fields[_LAST]
        if not isinstance(kept, Items):
            return any_of_them(iterator)
        if place is _NONE_YET:
            perhaps: list[bool] = []
            element = interp.iteration.take(source, lambda: perhaps.append(True))
            if element is not None and not perhaps and len(kept.items) < _LONG:
                interp.state.set(iterator, _LAST, Items((*kept.items, element)))
                return element
            place = Const(0) if element is None else Scalar(interp.recorder.leaf(), "int")
            interp.state.set(iterator, _COUNT, place)
            if element is None and not kept.items:
                return None
            kept = kept if element is None else Items((*kept.items, element))
            interp.state.set(iterator, _LAST, kept)
        if not isinstance(place, Const):
            return any_of_them(iterator)
        number: int = place.value
        interp.state.set(iterator, _COUNT, Const((number + 1) % len(kept.items)))
        return kept.items[number]

    made = interp.iteration.derived([source], step, bound=lambda iterator: inf)
    made.fields.update({_COUNT: _NONE_YET, _LAST: Items(())})
    return made


def _takewhile(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The elements before the first that fails; that one is taken as well."""
    if len(args) != 2 or starred(args):
        return None
    source, site = interp.iteration.iterator(args[1]), interp.recorder.site

    def step(iterator: Iterator, ended: Ended) -> Value | None:
        element = interp.iteration.take(source, ended)
        if element is None:
            return None
        interp.recorder.site = site
        holds = interp.expressions.truth(interp.calls.call(args[0], [element], {}))
        if holds is False:
            interp.iteration.finish(iterator)
            return None
        if holds is None:
            mark = interp.state.mark()
            interp.iteration.finish(iterator)
            ended()
            interp.state.rollback(mark)
            # From here on one element stands for all that are left.
            interp.iteration.scatter(source)
            other = interp.iteration.take(source, nothing)
            if other is not None:
                interp.calls.call(args[0], [other], {})
                return interp.join([element, other])
        return element

    return interp.iteration.derived([source], step, functions=args[:1])


def _dropwhile(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The elements from the first on that fails."""
    if len(args) != 2 or starred(args):
        return None
    source, site = interp.iteration.iterator(args[1]), interp.recorder.site

    def verdict(element: Value) -> bool | None:
        interp.recorder.site = site
        holds = interp.expressions.truth(interp.calls.call(args[0], [element], {}))
        return None if holds is None else not holds

    def step(iterator: Iterator, ended: Ended) -> Value | None:
        if iterator.fields[_LAST] is not _NONE_YET:
            return interp.iteration.take(source, ended)
        element = first(interp, source, verdict, ended)
        interp.state.set(iterator, _LAST, NONE)
        return element

    made = interp.iteration.derived([source], step, functions=args[:1])
    made.fields[_LAST] = _NONE_YET
    return made


def _count(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    given = [*args, *kwargs.values()]
    whole = all(isinstance(value, Const) and isinstance(value.value, int) for value in given)
    return Repeated(Scalar(interp.recorder.leaf(), "int" if whole else ""))


_LAST, _NONE_YET = "last", Const("none yet")


def _accumulate(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if not args:
        return None
    source = interp.iteration.iterator(args[0])
    function = args[1] if len(args) > 1 else kwargs.get("func", NONE)
    first = kwargs.get("initial", NONE)
    site = interp.recorder.site

    def step(iterator: Iterator, ended: Ended) -> Value | None:
        total: Value | None = iterator.fields[_LAST]
        element = first if total is _NONE_YET and not is_none(first) else interp.iteration.take(source, ended)
        if element is None:
            return None
        interp.recorder.site = site
        if total is None or total is _NONE_YET:
            made = element
        elif is_none(function):
            made = interp.expressions.binary("__add__", total, element, site.expression or cst.Pass())
        else:
            made = interp.calls.call(function, [total, element], {})
        interp.state.set(iterator, _LAST, made)
        return made

    made = interp.iteration.derived([source], step, functions=[function])
    made.fields[_LAST] = _NONE_YET
    return made


def _pairwise(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) != 1:
        return None
    source = interp.iteration.iterator(args[0])

    def step(iterator: Iterator, ended: Ended) -> Value | None:
        last: Value | None = iterator.fields[_LAST]
        first = interp.iteration.take(source, ended) if last is _NONE_YET else last
        second = None if first is None else interp.iteration.take(source, ended)
        if first is None or second is None:
            return None
        interp.state.set(iterator, _LAST, second)
        return Items((first, second))

    made = interp.iteration.derived([source], step)
    made.fields[_LAST] = _NONE_YET
    return made


def tee(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``tee``: several iterators over the same elements."""
    count = args[1] if len(args) > 1 else Const(2)
    if not args or not isinstance(count, Const) or not isinstance(count.value, int) or not 0 <= count.value <= 8:
        return None
    content = interp.iteration.iterate(args[0])
    return Items(tuple(interp.iteration.iterator(content) for _ in range(count.value)))


def _zip_longest(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    contents = [interp.iteration.iterate(value) for value in args]
    fill = kwargs.get("fillvalue", NONE)
    if not all(isinstance(content, Items) for content in contents):
        return None
    rows = itertools.zip_longest(*(each.items for each in contents if isinstance(each, Items)), fillvalue=fill)
    return Items(tuple(Items(row) for row in rows))


def _at_once(make: Handler, again: bool = False) -> Handler:
    """What takes all elements when it is made. Python does so only where they are wanted ``again``, in other orders.

    Where code makes the elements, that is a difference, and such a call is not followed.
    """

    def run(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if not again and any(interp.iteration.knows(value) and value.held() is None for value in args):
            return None
        made = make(interp, args, kwargs)
        return made if made is None or make is tee else interp.iteration.iterator(made)

    return run


_COMBINED = (
    itertools.combinations,
    itertools.combinations_with_replacement,
    itertools.permutations,
)
HANDLERS: dict[str, Handler] = {
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain_from_iterable,
    "itertools.islice": _islice,
    "itertools.pairwise": _pairwise,
    "itertools.accumulate": _accumulate,
    "itertools.tee": _at_once(tee),
    "itertools.repeat": _at_once(_repeat),
    "itertools.cycle": _at_once(_cycle),
    "itertools.takewhile": _takewhile,
    "itertools.dropwhile": _dropwhile,
    "itertools.count": _at_once(_count),
    "itertools.zip_longest": _at_once(_zip_longest),
    "itertools.product": _at_once(_product, again=True),
    **{f"itertools.{make.__name__}": _at_once(_combined(make), again=True) for make in _COMBINED},
}
