"""``sorted``, ``max`` and ``min``."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.container_methods import listing
from tfgradlint.flow.python.iteration import call_with_each
from tfgradlint.flow.values.base import Const, Value
from tfgradlint.flow.values.containers import Items, ListObject, Repeated
from tfgradlint.libraries.registry import Handler


def _extreme(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """``max`` and ``min`` return one of the elements."""
    content = interp.iteration.iterate(args[0], ordered=False) if len(args) == 1 else Items(tuple(args))
    call_with_each(interp, kwargs.get("key"), content)
    if isinstance(content, Items) and content.items and all(isinstance(each, Const) for each in content.items):
        return None
    if isinstance(content, Items) and not content.items:
        return kwargs.get("default")
    for each in content.items if isinstance(content, Items) else ():
        interp.expressions.tested(each)  # they are compared
    return interp.state.element(content)


def _sorted(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[0], ordered=False) if args else Items(())
    call_with_each(interp, kwargs.get("key"), content)
    if isinstance(content, Items) and all(isinstance(each, Const) for each in content.items) and not kwargs:
        try:
            ordered = sorted(content.items, key=lambda each: each.value)  # type: ignore[attr-defined]
        except TypeError:
            return ListObject(Repeated(interp.state.element(content)))
        return listing(ordered)
    return ListObject(Repeated(interp.state.element(content)))


HANDLERS: dict[str, Handler] = {
    "builtins.max": _extreme,
    "builtins.min": _extreme,
    "builtins.sorted": _sorted,
}
