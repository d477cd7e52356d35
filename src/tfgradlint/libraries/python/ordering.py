"""``sorted``, ``max`` and ``min``."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.identity import one_of_many
from tfgradlint.flow.python.order import extreme, in_order
from tfgradlint.flow.values.base import FALSE, Value
from tfgradlint.flow.values.containers import Items, ListObject
from tfgradlint.libraries.registry import Handler


def _extreme(largest: bool) -> Handler:
    """``max`` and ``min`` return one of the elements."""

    def choose(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        content = interp.iteration.iterate(args[0], ordered=False) if len(args) == 1 else Items(tuple(args))
        found = extreme(interp, content, kwargs.get("key"), largest)
        if found is not None:
            return found
        if isinstance(content, Items) and not content.items:
            return kwargs.get("default")
        for each in content.items if isinstance(content, Items) else ():
            interp.expressions.tested(each)  # they are compared
        return one_of_many(interp, interp.state.element(content))

    return choose


def _sorted(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    content = interp.iteration.iterate(args[0], ordered=False) if args else Items(())
    return ListObject(in_order(interp, content, kwargs.get("key"), kwargs.get("reverse", FALSE)))


HANDLERS: dict[str, Handler] = {
    "builtins.max": _extreme(True),
    "builtins.min": _extreme(False),
    "builtins.sorted": _sorted,
}
