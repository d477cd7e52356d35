"""Arguments of calls, bound to the parameters of functions."""

from __future__ import annotations

import libcst as cst

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import (
    Value,
)
from tfgradlint.flow.values.containers import DictContent, DictObject, Items, Repeated
from tfgradlint.flow.values.functions import (
    Function,
    Scope,
)


def bind(interp: Context, function: Function, scope: Scope, args: list[Value], kwargs: dict[str, Value]) -> bool:
    """Bind arguments to parameters; False where Python would refuse the call or its shape is unknown."""
    params = function.node.params
    positional = [param.name.value for param in (*params.posonly_params, *params.params)]
    keyword_only = [param.name.value for param in params.kwonly_params]
    fields = scope.fields
    extra: list[Value] = []
    uncertain: Value | None = None
    for position, value in enumerate(args):
        if isinstance(value, Repeated) and value.type == "star":
            uncertain = value.element
            break
        if position < len(positional):
            fields[positional[position]] = value
        else:
            extra.append(value)
    if isinstance(params.star_arg, cst.Param):
        content: Value = Items(tuple(extra))
        if uncertain is not None:
            content = Repeated(interp.join([*extra, uncertain]), "tuple")
        fields[params.star_arg.name.value] = content
    elif extra:
        return False
    others: dict[str, Value] = {}
    spread = kwargs.get("**")
    for name, value in kwargs.items():
        if name == "**":
            continue
        if (name in positional or name in keyword_only) and name not in fields:
            fields[name] = value
        else:
            others[name] = value
    if params.star_kwarg is not None:
        rest = interp.unknown(origins.SPREAD_KEYWORDS) if spread is not None else None
        fields[params.star_kwarg.name.value] = DictObject(DictContent(dict(others), rest))
    elif others:
        return False
    for name in (*positional, *keyword_only):
        if name not in fields:
            if uncertain is not None and name in positional:
                fields[name] = interp.unknown(origins.SPREAD_ARGUMENTS, uncertain)
            elif spread is not None:
                fields[name] = interp.unknown(origins.SPREAD_KEYWORDS)
            elif name in function.defaults:
                fields[name] = function.defaults[name]
            else:
                return False
    return True
