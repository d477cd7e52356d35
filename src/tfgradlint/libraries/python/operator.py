"""The module ``operator``: operators as functions."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.operators import BINARY, COMPARISONS
from tfgradlint.flow.values.base import NONE, Const, Scalar, Value
from tfgradlint.flow.values.containers import Items
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.libraries.registry import Handler


def _binary(name: str) -> Handler:
    def apply(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if len(args) != 2 or kwargs:
            return None
        return interp.expressions.binary(name, args[0], args[1], interp.recorder.site.expression or cst.Pass())

    return apply


def _in_place(name: str) -> Handler:
    def apply(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        changed = interp.calls.in_place(args[0], name, args[1]) if len(args) == 2 else None
        return changed if changed is not None else _binary(name)(interp, args, kwargs)

    return apply


def _unary(name: str) -> Handler:
    def apply(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        return interp.expressions.unary(name, args[0]) if len(args) == 1 and not kwargs else None

    return apply


def _not(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    truth = args[0].truth() if len(args) == 1 else None
    return Scalar(interp.recorder.leaf(), "bool") if truth is None else Const(not truth)


def _truth(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    truth = args[0].truth() if len(args) == 1 else None
    return Scalar(interp.recorder.leaf(), "bool") if truth is None else Const(truth)


def _element(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return interp.elements.get(args[0], args[1]) if len(args) == 2 else None


def _set_element(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) == 3:
        interp.elements.set(*args)
    return NONE


def _delete_element(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if len(args) == 2:
        interp.elements.delete(*args)
    return NONE


def _getter(get: Callable[[Context, Value, Value], Value | None]) -> Handler:
    """``itemgetter`` and ``attrgetter``: a function that gets one thing, or several in a tuple."""

    def make(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        wanted = list(args)

        def run(given: list[Value], named: dict[str, Value]) -> Value:
            site = interp.recorder.site
            found: list[Value] = []
            for each in wanted:
                interp.recorder.site = site
                got = get(interp, given[0], each) if len(given) == 1 and not named else None
                if got is None:
                    return interp.unknown(origins.returned_by("getter"), *given)
                found.append(got)
            return found[0] if len(found) == 1 else Items(tuple(found))

        return NativeFunction("getter", run) if wanted and not kwargs else None

    return make


def _attribute(interp: Context, receiver: Value, path: Value) -> Value | None:
    if not isinstance(path, Const) or not isinstance(path.value, str):
        return None
    for name in path.value.split("."):
        receiver = interp.attributes.get(receiver, name)
    return receiver


def _method(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``methodcaller``."""
    if not args or not isinstance(args[0], Const) or not isinstance(args[0].value, str):
        return None
    name, others, named = args[0].value, args[1:], dict(kwargs)

    def run(given: list[Value], more: dict[str, Value]) -> Value:
        if len(given) != 1 or more:
            return interp.unknown(origins.returned_by("methodcaller"), *given)
        return interp.calls.call(interp.attributes.get(given[0], name), others, named)

    return NativeFunction("methodcaller", run)


_NAMES = (*BINARY.values(), *COMPARISONS.values())

HANDLERS: dict[str, Handler] = {
    **{f"operator.{name.strip('_')}": _binary(name) for name in _NAMES if name not in ("__and__", "__or__")},
    **{f"operator.{name}": _binary(name) for name in _NAMES},
    "operator.and_": _binary("__and__"),
    "operator.or_": _binary("__or__"),
    **{f"operator.i{name.strip('_')}": _in_place(name) for name in BINARY.values()},
    "operator.iconcat": _in_place("__add__"),
    "operator.concat": _binary("__add__"),
    "operator.truth": _truth,
    "operator.neg": _unary("__neg__"),
    "operator.pos": _unary("__pos__"),
    "operator.not_": _not,
    "operator.getitem": _element,
    "operator.setitem": _set_element,
    "operator.delitem": _delete_element,
    "operator.itemgetter": _getter(lambda interp, receiver, index: interp.elements.get(receiver, index)),
    "operator.attrgetter": _getter(_attribute),
    "operator.methodcaller": _method,
}
