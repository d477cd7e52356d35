"""Decorators: what the libraries' own make of a function or class, decorated at once or after a call with options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tfgradlint.flow.values.base import Symbol, Value
from tfgradlint.flow.values.functions import Descriptor, Function, Partial
from tfgradlint.flow.values.objects import Class

#: What a decorator makes of a function or class; None where that is not known.
Effect = Callable[[Value], "Value | None"]
_NO_OPTIONS: Mapping[str, Value] = MappingProxyType({})


def kept(decorated: Value) -> Value | None:
    """It is what it was."""
    return decorated


def registered(decorated: Value) -> Value | None:
    """It is what it was, where the decorator was given options: without any it takes what it decorates for one."""
    return decorated


def descriptor(kind: str) -> Effect:
    """A descriptor of this kind is made of it."""
    return lambda decorated: Descriptor(kind, decorated)


def cached(most: int) -> Effect:
    """A function keeps its results, at most so many, and gives them again for the same arguments."""
    return lambda decorated: decorated.flagged(cached=most) if isinstance(decorated, Function) else None


def managing(decorated: Value) -> Value | None:
    """A generator becomes a context manager."""
    plain = isinstance(decorated, Function) and not decorated.graph
    return decorated.flagged(manager=True) if isinstance(decorated, Function) and plain else None


def decorated_by(effects: Mapping[str, Effect], decorator: Value, decorated: Value) -> Value | None:
    """A function or class under a decorator with one of these names; None for any other."""
    path, called = _path(decorator)
    effect = effects.get(path)
    return effect(decorated) if effect is not None and (called or effect is not registered) else None


def decorator_called(effects: Mapping[str, Effect], path: str, args: list[Value]) -> Value | None:
    """A decorator that is called like any function: with what it decorates, or with options, to decorate then."""
    effect = effects.get(path)
    if effect not in (kept, registered):
        return None
    if args and isinstance(args[0], (Function, Class)) and effect is kept and path != "functools.wraps":
        return effect(args[0])
    return Symbol(f"{path}()")


def _path(decorator: Value) -> tuple[str, bool]:
    """The name of a decorator, "" for any other value, and whether it was called with options."""
    called = decorator.function if isinstance(decorator, Partial) else decorator
    path = called.path if isinstance(called, Symbol) else ""
    # ``@functools.wraps(f)`` is a partial application of what the call has given.
    with_options = path.endswith("()")
    return (path.removesuffix("()"), with_options) if decorator is called or with_options else ("", False)


def options_of(decorator: Value, path: str) -> Mapping[str, Value] | None:
    """The options that a decorator of this name was given; None for any other decorator."""
    called = decorator.function if isinstance(decorator, Partial) else decorator
    if not isinstance(called, Symbol) or called.path != path:
        return None
    return decorator.kwargs if isinstance(decorator, Partial) else _NO_OPTIONS
