"""Builtins and functions of the standard library that carry values on: sequences, ``zip``, ``map``, ``sum`` ..."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import Raised
from tfgradlint.flow.python.container_methods import dictionary, listing, mapping, plain_dictionary, set_of
from tfgradlint.flow.python.strings import constant_text, unwrapped
from tfgradlint.flow.values.base import NONE, Const, Scalar, Tensor, Value, is_none
from tfgradlint.flow.values.containers import Deferred, DictContent, Items, ListObject, Repeated
from tfgradlint.flow.values.functions import Descriptor, Function, Method, NativeFunction, Partial
from tfgradlint.flow.values.objects import Class, Instance, LibraryObject
from tfgradlint.libraries.python import attributes, collections, dataclasses, named_tuples
from tfgradlint.libraries.python import enum as enumerations
from tfgradlint.libraries.python import itertools as iteration
from tfgradlint.libraries.python import operator as operations
from tfgradlint.libraries.python.copy import copied, deep_copied
from tfgradlint.libraries.python.isinstance import isinstance_
from tfgradlint.libraries.registry import Handler

#: A longer range is any number of numbers: loops and comprehensions run through fewer one by one.
_COUNTED = 64
_MAP = origins.returned_by("map")


def _sequence(kind: str) -> Handler:
    def make(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        content: Value = interp.iteration.iterate(args[0], ordered=kind != "set") if args else Items(())
        if isinstance(content, Items):
            content = set_of(interp, content.items) if kind == "set" else Items(content.items, kind)
        elif isinstance(content, Repeated):
            content = Repeated(content.element, kind)
        return content if kind == "tuple" else ListObject(content)

    return make


def _range(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    bounds = [value.value for value in args if isinstance(value, Const) and isinstance(value.value, int)]
    if len(bounds) == len(args) and args:
        try:
            numbers = range(*bounds)
        except (TypeError, ValueError):
            return None
        if not numbers[_COUNTED:]:
            return Items(tuple(Const(number) for number in numbers), "range")
    if any(isinstance(value, Tensor) for value in args) and interp.graph_level:
        return None
    return Repeated(Scalar(interp.recorder.leaf(), "int"), "range")


def _once(make: Handler) -> Handler:
    """What gives each element once."""

    def run(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        given = [value for value in args if interp.iteration.knows(value)]
        if len({id(value) for value in given}) < len(given):
            # The same iterator twice: the elements are dealt out.
            return None
        made = make(interp, args, kwargs)
        for value in given:
            # Perhaps not all of its elements are wanted.
            interp.iteration.forget_position(value)
        return made if made is None else interp.iteration.once(made)

    return run


def _iter(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) != 1:
        return None
    if interp.iteration.knows(args[0]):
        return args[0]
    content = interp.iteration.iterate(args[0])
    fresh = Items(content.items, "iterator") if isinstance(content, Items) else Repeated(content.element, "iterator")
    return interp.iteration.once(fresh)


def _rows(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if any(isinstance(value, Repeated) and value.type == "star" for value in args):
        content = next(value for value in args if isinstance(value, Repeated))
        return Repeated(Repeated(content.element, "tuple"), "zip")
    contents = [interp.iteration.iterate(value) for value in args]
    if contents and all(isinstance(content, Items) for content in contents):
        rows = zip(*(content.items for content in contents if isinstance(content, Items)), strict=False)
        return Items(tuple(Items(tuple(row)) for row in rows), "zip")
    sizes = [len(content.items) for content in contents if isinstance(content, Items)]
    if sizes and min(sizes) <= 8:
        # As long as the shortest known one, unless an unknown one is shorter still: taken to fit.
        rows = zip(
            *(
                content.items[: min(sizes)]
                if isinstance(content, Items)
                else [interp.iteration.another(content.element) for _ in range(min(sizes))]
                for content in contents
            ),
            strict=False,
        )
        return Items(tuple(Items(tuple(row)) for row in rows), "zip")
    return Repeated(Items(tuple(interp.state.element(content) for content in contents)), "zip")


def _enumerate(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[0]) if args else Items(())
    start = args[1] if len(args) > 1 else kwargs.get("start", Const(0))
    if isinstance(content, Items) and isinstance(start, Const) and isinstance(start.value, int):
        first = start.value
        return Items(tuple(Items((Const(first + i), item)) for i, item in enumerate(content.items)), "enumerate")
    return Repeated(Items((Scalar(interp.recorder.leaf(), "int"), interp.state.element(content))), "enumerate")


def _map(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) < 2:
        return None
    function = args[0]
    site, statement = interp.recorder.site, interp.statement

    def force() -> Value:
        rows = _rows(interp, args[1:], {})
        interp.recorder.site = site
        saved, interp.statement = interp.statement, statement
        try:
            content = interp.iteration.iterate(rows) if rows is not None else Repeated(interp.unknown(_MAP))
            if isinstance(content, Items) and len(content.items) <= 16:
                made = []
                for row in content.items:
                    interp.recorder.site = site
                    made.append(interp.calls.call(function, list(row.items), {}))  # type: ignore[attr-defined]
                return Items(tuple(made), "map")
            row = interp.state.element(content)
            parts = list(row.items) if isinstance(row, Items) else [row]
            return Repeated(interp.calls.call(function, parts, {}), "map")
        finally:
            interp.statement = saved

    return Deferred(force)


def _filter(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) != 2:
        return None
    content = interp.iteration.iterate(args[1])
    if not isinstance(content, Items):
        return Repeated(content.element)
    kept: list[Value] = []
    for item in content.items:
        verdict = item if isinstance(args[0], Const) else interp.calls.call(args[0], [item], {})
        truth = verdict.truth()
        if truth is None:
            return Repeated(interp.state.element(content))
        if truth:
            kept.append(item)
    return Items(tuple(kept), "filter")


def _sum(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``sum`` adds the elements up, one by one, with ``+``."""
    if not args:
        return None
    start = args[1] if len(args) > 1 else kwargs.get("start", Const(0))
    site = interp.recorder.site
    content = interp.iteration.iterate(args[0], ordered=False)
    elements = content.items if isinstance(content, Items) else (content.element,)
    total = start
    for element in elements:
        interp.recorder.site = site
        total = interp.expressions.binary("__add__", total, element, site.expression)  # type: ignore[arg-type]
    return total


def _extreme(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``max`` and ``min`` return one of the elements."""
    content = interp.iteration.iterate(args[0], ordered=False) if len(args) == 1 else Items(tuple(args))
    if isinstance(content, Items) and content.items and all(isinstance(each, Const) for each in content.items):
        return None
    if isinstance(content, Items) and not content.items:
        return kwargs.get("default")
    for each in content.items if isinstance(content, Items) else ():
        interp.expressions.tested(each)  # they are compared
    return interp.state.element(content)


def _len(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = (args[0] if args else NONE).structure
    if isinstance(content, Items):
        return Const(len(content.items))
    if isinstance(content, DictContent) and content.complete:
        return Const(len(content.entries))
    return Scalar(interp.recorder.leaf(), "int")


def _reversed(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[0]) if args else Items(())
    return Items(content.items[::-1]) if isinstance(content, Items) else Repeated(content.element)


def _sorted(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[0], ordered=False) if args else Items(())
    if isinstance(content, Items) and all(isinstance(each, Const) for each in content.items) and not kwargs:
        try:
            ordered = sorted(content.items, key=lambda each: each.value)  # type: ignore[attr-defined]
        except TypeError:
            return ListObject(Repeated(interp.state.element(content)))
        return listing(ordered)
    return ListObject(Repeated(interp.state.element(content)))


def _vars(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return interp.attributes.get(args[0], "__dict__") if args else _rewritten(interp, args, kwargs)


def _property(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``loss = property(get, set)`` in the body of a class."""
    getter = args[0] if args else kwargs.get("fget")
    setter = args[1] if len(args) > 1 else kwargs.get("fset")
    return Descriptor("property", getter, None if setter is None or is_none(setter) else setter) if getter else None


def _descriptor(kind: str) -> Handler:
    """``make = staticmethod(function)``, called like any function."""
    return lambda interp, args, kwargs: Descriptor(kind, args[0]) if len(args) == 1 else None


def _type(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return args[0].cls if len(args) == 1 and isinstance(args[0], Instance) and not args[0].open else None


def _from_keys(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[0], ordered=False) if args else Items(())
    value = args[1] if len(args) > 1 else NONE
    return (
        dictionary(interp, Items(tuple(Items((key, value)) for key in content.items)))
        if isinstance(content, Items)
        else mapping({}, value)
    )


def _next(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if not args:
        return None
    if interp.iteration.knows(args[0]):
        taken = interp.iteration.take(args[0])
        if taken is None and len(args) < 2:
            raise Raised
        return taken if taken is not None else args[1]
    content = interp.iteration.iterate(args[0])
    if isinstance(content, Items) and not content.items:
        return args[1] if len(args) > 1 else None
    return interp.iteration.another(interp.state.element(content))


def _super(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return interp.calls.super_call(args)


def _partial(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return Partial(args[0], args[1:], dict(kwargs)) if args else None


def _reduce(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[1]) if len(args) > 1 else None
    if not isinstance(content, Items) or len(content.items) > 16:
        return interp.unknown(origins.returned_by("functools.reduce"), *args)
    items = [*args[2:3], *content.items]
    total = items[0] if items else NONE
    for item in items[1:]:
        total = interp.calls.call(args[0], [total, item], {})
    return total


def _null_context(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    entered = args[0] if args else kwargs.get("enter_result", NONE)
    made = LibraryObject("contextlib.nullcontext")
    made.fields["__enter__"] = NativeFunction("__enter__", lambda args, kwargs: entered)
    made.fields["__exit__"] = NativeFunction("__exit__", lambda args, kwargs: NONE)
    return made


def _nothing(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return NONE


def _text(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return Scalar(interp.recorder.leaf(), "str")


def _str(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return constant_text(interp, lambda: str(unwrapped(args[0]))) if len(args) == 1 and not kwargs else None


def _callable(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    value = args[0] if args else NONE
    if isinstance(value, (Function, Method, Class, Partial, NativeFunction)):
        return Const(True)
    return Const(False) if isinstance(value, Const) else Scalar(interp.recorder.leaf(), "bool")


def _truths(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[0], ordered=False) if args else Items(())
    if isinstance(content, Items):
        truths = [item.truth() for item in content.items]
        if None not in truths:
            return Const(all(truths))
    return Scalar(interp.recorder.leaf(), "bool")


def _any(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[0], ordered=False) if args else Items(())
    if isinstance(content, Items):
        truths = [item.truth() for item in content.items]
        if None not in truths:
            return Const(any(truths))
    return Scalar(interp.recorder.leaf(), "bool")


def _number(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return Scalar(interp.recorder.leaf(), "float")


def _rewritten(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``exec`` and ``globals`` may bind any name to anything."""
    for scope in (interp.scope, interp.module):
        for name in list(scope.fields):
            interp.state.set(scope, name, interp.unknown(origins.returned_by("exec")))
    return interp.unknown(origins.returned_by("exec"))


HANDLERS: dict[str, Handler] = {
    "builtins.exec": _rewritten,
    "builtins.globals": _rewritten,
    "builtins.vars": _vars,
    "builtins.type": _type,
    "builtins.property": _property,
    "builtins.staticmethod": _descriptor("staticmethod"),
    "builtins.classmethod": _descriptor("classmethod"),
    "functools.cached_property": _descriptor("cached"),
    "builtins.list": _sequence("list"),
    "builtins.set": _sequence("set"),
    "builtins.frozenset": _sequence("set"),
    "builtins.tuple": _sequence("tuple"),
    "builtins.iter": _iter,
    "builtins.range": _range,
    "builtins.zip": _once(_rows),
    "builtins.enumerate": _once(_enumerate),
    "builtins.map": _once(_map),
    "builtins.filter": _once(_filter),
    "builtins.sum": _sum,
    "builtins.max": _extreme,
    "builtins.min": _extreme,
    "builtins.len": _len,
    "builtins.isinstance": isinstance_,
    "builtins.reversed": _once(_reversed),
    "builtins.sorted": _sorted,
    "builtins.dict": plain_dictionary,
    "builtins.dict.fromkeys": _from_keys,
    "builtins.next": _next,
    "builtins.super": _super,
    "builtins.print": _nothing,
    "builtins.str": _str,
    "builtins.callable": _callable,
    "builtins.eval": lambda interp, args, kwargs: interp.unknown(origins.returned_by("eval")),
    "builtins.locals": lambda interp, args, kwargs: interp.unknown(origins.returned_by("locals")),
    "builtins.repr": _text,
    "builtins.format": _text,
    "builtins.input": _text,
    "builtins.all": _truths,
    "builtins.any": _any,
    "functools.partial": _partial,
    "functools.reduce": _reduce,
    "collections.OrderedDict": plain_dictionary,
    "collections.namedtuple": named_tuples.named_tuple,
    "types.SimpleNamespace": named_tuples.namespace,
    **attributes.HANDLERS,
    **dataclasses.HANDLERS,
    "enum.auto": enumerations.automatic,
    "typing.cast": lambda interp, args, kwargs: args[1] if len(args) == 2 else None,
    "copy.copy": copied,
    "copy.deepcopy": deep_copied,
    "contextlib.nullcontext": _null_context,
    **{path: _once(handler) for path, handler in iteration.HANDLERS.items()},
    "itertools.tee": iteration.tee,
    **collections.HANDLERS,
    **operations.HANDLERS,
    "time.time": _number,
    "time.perf_counter": _number,
    "random.choice": lambda interp, args, kwargs: (
        interp.state.element(interp.iteration.iterate(args[0])) if args else None
    ),
    "random.random": _number,
    "random.uniform": _number,
    "random.gauss": _number,
    "random.seed": _nothing,
}
