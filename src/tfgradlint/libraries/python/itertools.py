"""The module ``itertools``: its functions carry elements on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import NONE, Const, Scalar, Value, is_none
from tfgradlint.flow.values.containers import Deferred, Items, Repeated
from tfgradlint.libraries.registry import Handler

#: A longer sequence is any number of elements that are alike, as a list is that grows longer than that.
_LONG = 64


def _chain(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    contents = [interp.iteration.iterate(value) for value in args]
    if any(isinstance(value, Repeated) and value.type == "star" for value in args):
        return None
    return _joined(interp, contents)


def _chain_from_iterable(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) != 1:
        return None
    outer = interp.iteration.iterate(args[0])
    if isinstance(outer, Repeated):
        return Repeated(interp.state.element(interp.iteration.iterate(outer.element)))
    return _joined(interp, [interp.iteration.iterate(value) for value in outer.items])


def _joined(interp: Context, contents: list[Items | Repeated]) -> Value:
    if all(isinstance(content, Items) for content in contents):
        items = tuple(item for content in contents if isinstance(content, Items) for item in content.items)
        return Items(items)
    return Repeated(interp.join([interp.state.element(content) for content in contents]))


def _islice(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) < 2:
        return None
    content = interp.iteration.iterate(args[0])
    bounds: list[Any] = [value.value for value in args[1:] if isinstance(value, Const)]
    if isinstance(content, Items) and len(bounds) == len(args) - 1:
        try:
            return Items(tuple(itertools.islice(content.items, *bounds)))
        except (TypeError, ValueError):
            return None
    return Repeated(interp.state.element(content))


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
    return Repeated(interp.state.element(interp.iteration.iterate(args[0]))) if len(args) == 1 else None


def _count(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    given = [*args, *kwargs.values()]
    whole = all(isinstance(value, Const) and isinstance(value.value, int) for value in given)
    return Repeated(Scalar(interp.recorder.leaf(), "int" if whole else ""))


def _accumulate(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[0]) if args else Items(())
    function = args[1] if len(args) > 1 else kwargs.get("func")
    first = kwargs.get("initial")
    if not isinstance(content, Items) or len(content.items) > 16:
        return None
    items = [*([first] if first is not None and not is_none(first) else []), *content.items]
    site = interp.recorder.site
    totals: list[Value] = []
    for item in items:
        interp.recorder.site = site
        if not totals:
            totals.append(item)
        elif function is None or is_none(function):
            totals.append(interp.expressions.binary("__add__", totals[-1], item, site.expression))  # type: ignore[arg-type]
        else:
            totals.append(interp.calls.call(function, [totals[-1], item], {}))
    return Items(tuple(totals))


def _starmap(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) != 2:
        return None
    function, rows = args
    site = interp.recorder.site

    def one(row: Value) -> Value:
        interp.recorder.site = site
        parts = interp.iteration.iterate(row)
        if not isinstance(parts, Items):
            return interp.calls.call(function, [Repeated(interp.state.element(parts), "star")], {})
        return interp.calls.call(function, list(parts.items), {})

    def force() -> Value:
        content = interp.iteration.iterate(rows)
        if isinstance(content, Items) and len(content.items) <= 16:
            return Items(tuple(one(row) for row in content.items))
        return Repeated(one(interp.state.element(content)))

    return Deferred(force)


def tee(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``tee``: several iterators over the same elements."""
    count = args[1] if len(args) > 1 else Const(2)
    if not args or not isinstance(count, Const) or not isinstance(count.value, int) or not 0 <= count.value <= 8:
        return None
    content = interp.iteration.iterate(args[0])
    return Items(tuple(interp.iteration.once(_again(content)) for _ in range(count.value)))


def _again(content: Items | Repeated) -> Value:
    return Items(content.items) if isinstance(content, Items) else Repeated(content.element)


def _zip_longest(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    contents = [interp.iteration.iterate(value) for value in args]
    fill = kwargs.get("fillvalue", NONE)
    if not all(isinstance(content, Items) for content in contents):
        return None
    rows = itertools.zip_longest(*(each.items for each in contents if isinstance(each, Items)), fillvalue=fill)
    return Items(tuple(Items(row) for row in rows))


HANDLERS: dict[str, Handler] = {
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain_from_iterable,
    "itertools.islice": _islice,
    "itertools.combinations": _combined(itertools.combinations),
    "itertools.combinations_with_replacement": _combined(itertools.combinations_with_replacement),
    "itertools.permutations": _combined(itertools.permutations),
    "itertools.pairwise": _combined(itertools.pairwise),
    "itertools.product": _product,
    "itertools.repeat": _repeat,
    "itertools.cycle": _cycle,
    "itertools.count": _count,
    "itertools.accumulate": _accumulate,
    "itertools.starmap": _starmap,
    "itertools.zip_longest": _zip_longest,
}
