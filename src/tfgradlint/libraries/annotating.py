"""Decorators of libraries that register, check or mark what they are put on, and leave it what it is.

Read in these libraries and tried with them: typeguard 4.6, check_shapes 1.1, gin-config 0.5, pytest 9.
"""

from __future__ import annotations

from collections.abc import Mapping

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Symbol, Value
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Class
from tfgradlint.libraries.python.decorators import Effect, decorated_by, decorator_called, kept, registered
from tfgradlint.libraries.registry import Library

#: Marks of tests: the function stays, and pytest reads what stands on it.
_MARKS = "pytest.mark"
#: Takes arguments that a call leaves out from settings.
_SETTING = "gin.configurable"
_DECORATORS: Mapping[str, Effect] = {
    "typeguard.typechecked": kept,
    "check_shapes.check_shapes": registered,
    "check_shapes.inherit_check_shapes": kept,
    "gin.register": kept,
    "typing_extensions.deprecated": registered,
    "typing_extensions.final": kept,
    "typing_extensions.override": kept,
    "typing_extensions.runtime_checkable": kept,
}
_ROOTS = ("typeguard", "check_shapes", "gin", "typing_extensions", "pytest")
_NAMES = frozenset([*_ROOTS, *_DECORATORS, _SETTING])


class _Annotating(Library):
    def symbol(self, path: str) -> Value | None:
        return Symbol(path) if path in _NAMES or path.startswith(_MARKS) else None

    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if path.startswith(f"{_MARKS}."):
            return decorator_called({path: kept}, path, args)
        if path == _SETTING:
            decorated = args[0] if args and isinstance(args[0], (Function, Class)) else None
            return Symbol(f"{path}()") if decorated is None else _with_settings(context, decorated)
        return decorator_called(_DECORATORS, path, args)

    def decorate(self, context: Context, decorator: Value, decorated: Value) -> Value | None:
        path = decorator.path.removesuffix("()") if isinstance(decorator, Symbol) else ""
        if path.startswith(f"{_MARKS}."):
            return decorated
        if path == _SETTING:
            return _with_settings(context, decorated)
        return decorated_by(_DECORATORS, decorator, decorated)


def _with_settings(context: Context, decorated: Value) -> Value | None:
    """A function whose arguments, where a call leaves them out, may be anything; None for what else is decorated.

    A class gets another ``__init__``, which Keras may refuse.
    """
    if not isinstance(decorated, Function) or decorated.node.params.star_kwarg is not None:
        return None
    params = decorated.node.params
    setting = context.unknown(origins.returned_by(_SETTING))
    made = decorated.flagged()
    made.defaults = {
        each.name.value: setting for each in (*params.posonly_params, *params.params, *params.kwonly_params)
    }
    return made


LIBRARY = _Annotating({root: root for root in _ROOTS})
