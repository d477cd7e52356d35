"""Builtins and functions of the standard library that carry values on: sequences, ``zip``, ``map``, ``sum`` ..."""

from __future__ import annotations

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.state import Raised, Snapshot
from tfgradlint.flow.python.container_methods import dictionary, mapping, plain_dictionary
from tfgradlint.flow.python.identity import Identity, one_of_many, same_object
from tfgradlint.flow.python.iterators import found
from tfgradlint.flow.python.sets import new_set
from tfgradlint.flow.python.strings import constant_text, unwrapped
from tfgradlint.flow.python.with_blocks import SWALLOWS
from tfgradlint.flow.values.base import NONE, Array, Const, Scalar, Symbol, Tensor, Value, Variable, is_none
from tfgradlint.flow.values.containers import Container, DictContent, Items, ListObject, Repeated
from tfgradlint.flow.values.functions import Descriptor, Function, Method, NativeFunction, Partial
from tfgradlint.flow.values.objects import Class, Instance, Layer, LibraryObject
from tfgradlint.libraries.python import (
    argparse,
    asyncio,
    attributes,
    collections,
    dataclasses,
    importing,
    iterators,
    mock,
    named_tuples,
    ordering,
    weakref,
)
from tfgradlint.libraries.python import enum as enumerations
from tfgradlint.libraries.python import itertools as iteration
from tfgradlint.libraries.python import operator as operations
from tfgradlint.libraries.python.copy import copied, deep_copied
from tfgradlint.libraries.python.isinstance import derives_from, isinstance_
from tfgradlint.libraries.registry import Handler

#: A longer range is any number of numbers: loops and comprehensions run through fewer one by one.
_COUNTED = 64


def _sequence(kind: str) -> Handler:
    def make(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        content: Value = interp.iteration.iterate(args[0], ordered=kind != "set") if args else Items(())
        if kind == "set" and isinstance(content, (Items, Repeated)):
            content = new_set(interp, content)
        elif isinstance(content, Items):
            content = Items(content.items, kind)
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


def _iter(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) == 2:
        return interp.unknown(origins.returned_by("iter"), *args)
    return interp.iteration.iterator(args[0]) if args else None


def _sum(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``sum`` adds the elements up, one by one, with ``+``."""
    if not args:
        return None
    start = args[1] if len(args) > 1 else kwargs.get("start", Const(0))
    site = interp.recorder.site
    content = interp.iteration.in_any_order(args[0]) or interp.iteration.iterate(args[0], ordered=False)
    elements = content.items if isinstance(content, Items) else (content.together,)
    total = start
    for element in elements:
        interp.recorder.site = site
        total = interp.expressions.binary("__add__", total, element, site.expression)  # type: ignore[arg-type]
    if isinstance(content, Items) or isinstance(start, Const):
        return total
    return interp.join([start, total])  # nothing may be in it: then the sum is the start itself


def _len(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    given = args[0] if args else NONE
    method = interp.attributes.of_object(given, "__len__") if isinstance(given, Instance) else None
    if method is not None:
        counted = interp.calls.call(Method(method, given), [], {})
        return counted if isinstance(counted, (Const, Scalar)) else Scalar(interp.recorder.leaf(), "int")
    if isinstance(given, Const) and isinstance(given.value, str):
        return Const(len(given.value))
    if isinstance(given, Class) and (members := interp.libraries.elements(interp, given)) is not None:
        return Const(len(members.items))
    content = given.structure
    if isinstance(content, Items):
        return Const(len(content.items))
    if isinstance(content, DictContent) and content.complete:
        return Const(len(content.entries))
    return Scalar(interp.recorder.leaf(), "int")


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
    if len(args) != 1:
        return None
    value = args[0]
    if isinstance(value, Instance):
        return None if value.open or "__class__" in value.fields else value.cls
    content = value.structure if isinstance(value, (ListObject, Items)) else None
    known = value.type if isinstance(value, Scalar) else getattr(content, "type", "")
    if isinstance(value, Const) and isinstance(value.value, (bool, int, float, str, bytes)):
        known = type(value.value).__name__
    plain = known in _TYPES and not (isinstance(content, Items) and content.fields)
    return Symbol(f"builtins.{known}") if plain else None


_TYPES = frozenset("bool int float str bytes list tuple".split())


def _id(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A number that no other object has while this one is there."""
    known = len(args) == 1 and same_object(interp, args[0], args[0])
    return Const(Identity(args[0])) if known else Scalar(interp.recorder.leaf(), "int")


def _issubclass(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    known = derives_from(args[0], args[1]) if len(args) == 2 else None
    return Scalar(interp.recorder.leaf(), "bool") if known is None else Const(known)


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
    default = args[1] if len(args) > 1 else None
    if interp.iteration.knows(args[0]):
        return _taken(interp, args[0], default)
    advance = interp.attributes.of_class(args[0].cls, "__next__") if isinstance(args[0], Instance) else None
    if advance is not None:
        given = interp.calls.call(Method(advance, args[0]), [], {})
        return given if default is None else interp.join([given, default])
    content = interp.iteration.iterate(args[0])
    if isinstance(content, Items) and not content.items:
        return args[1] if len(args) > 1 else None
    return interp.iteration.another(interp.state.element(content))


def _taken(interp: Context, iterator: Value, default: Value | None) -> Value:
    """``next(iterator, default)``: without a default it raises where nothing is left."""
    state = interp.state
    if default is None:
        taken = interp.iteration.take(iterator, interp.statements.raised)
        if taken is None:
            raise Raised
        return one_of_many(interp, taken)
    mark = state.mark()
    over: list[Snapshot] = []
    taken = interp.iteration.take(iterator, lambda: over.append(state.snapshot(mark)))
    if not over:
        return default if taken is None else one_of_many(interp, taken)
    over.append(state.snapshot(mark))
    state.rollback(mark)
    state.join_into(over)
    return default if taken is None else interp.join([one_of_many(interp, taken), default])


def _super(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return interp.calls.super_call(args)


def _partial(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return Partial(args[0], args[1:], dict(kwargs)) if args else None


def _reduce(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[1]) if len(args) > 1 else None
    if not isinstance(content, Items) or len(content.items) > 16:
        return None
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


def _suppress(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    made = LibraryObject("contextlib.suppress")
    made.fields["__enter__"] = NativeFunction("__enter__", lambda args, kwargs: NONE)
    made.fields["__exit__"] = NativeFunction("__exit__", lambda args, kwargs: NONE)
    SWALLOWS.begin(made, True)
    return made


def _nothing(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return NONE


def _text(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return Scalar(interp.recorder.leaf(), "str")


def _str(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return constant_text(interp, lambda: str(unwrapped(args[0]))) if len(args) == 1 and not kwargs else None


def _callable(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    value = args[0] if args else NONE
    if isinstance(value, (Function, Method, Class, Partial, NativeFunction, Layer)):
        return Const(True)
    if isinstance(value, Instance) and not value.open and not interp.attributes.hooked(value.cls):
        own = all(isinstance(each, Class) for each in value.cls.lineage()) and "__class__" not in value.fields
        if own or interp.attributes.of_object(value, "__call__") is not None:
            return Const(interp.attributes.of_object(value, "__call__") is not None)
    known = isinstance(value, (Const, Tensor, Variable, Array, Container, Items))
    return Const(False) if known else Scalar(interp.recorder.leaf(), "bool")


def _all_or_any(stops: bool) -> Handler:
    """``any`` stops at what is true, ``all`` at what is not; the rest is left."""

    def decide(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if not args:
            return None
        truth = found(interp, interp.iteration.iterator(args[0]), lambda each: _is(each.truth(), stops))
        return Scalar(interp.recorder.leaf(), "bool") if truth is None else Const(truth is stops)

    return decide


def _is(truth: bool | None, stops: bool) -> bool | None:
    return None if truth is None else truth is stops


def _number(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return Scalar(interp.recorder.leaf(), "float")


def _rewritten(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``exec`` and ``globals`` may bind any name to anything."""
    for scope in (interp.scope, interp.module):
        for name in [*scope.fields, *(interp.module.pending if scope is interp.module else ())]:
            interp.state.set(scope, name, interp.unknown(origins.returned_by("exec")))
    return interp.unknown(origins.returned_by("exec"))


def _evaluated(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``eval`` gets hold of every name in sight; it cannot bind one anew."""
    evaluator = interp.unknown(origins.returned_by("eval"))
    if args and isinstance(args[0], Const) and isinstance(args[0].value, str) and "(" not in args[0].value:
        return evaluator  # nothing is called, and so nothing changes
    held = [value for scope in (interp.scope, interp.module) for value in scope.fields.values()]
    return interp.calls.call(evaluator, [*args, *(value for value in held if isinstance(value, Value))], kwargs)


HANDLERS: dict[str, Handler] = {
    "builtins.exec": _rewritten,
    "builtins.globals": _rewritten,
    "builtins.vars": _vars,
    "builtins.type": _type,
    "builtins.id": _id,
    "builtins.issubclass": _issubclass,
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
    "builtins.sum": _sum,
    "builtins.len": _len,
    "builtins.isinstance": isinstance_,
    "builtins.dict": plain_dictionary,
    "builtins.dict.fromkeys": _from_keys,
    "builtins.next": _next,
    "builtins.super": _super,
    "builtins.print": _nothing,
    "builtins.str": _str,
    "builtins.callable": _callable,
    "builtins.eval": _evaluated,
    "builtins.locals": lambda interp, args, kwargs: interp.unknown(origins.returned_by("locals")),
    "builtins.repr": _text,
    "builtins.format": _text,
    "builtins.input": _text,
    "builtins.all": _all_or_any(False),
    "builtins.any": _all_or_any(True),
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
    "contextlib.suppress": _suppress,
    **argparse.HANDLERS,
    **asyncio.HANDLERS,
    **importing.HANDLERS,
    **mock.HANDLERS,
    **weakref.HANDLERS,
    **iterators.HANDLERS,
    **iteration.HANDLERS,
    **collections.HANDLERS,
    **ordering.HANDLERS,
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
