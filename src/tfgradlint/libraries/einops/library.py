"""The hooks of einops."""

from __future__ import annotations

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Symbol, Value
from tfgradlint.knowledge.layers import LayerFacts
from tfgradlint.libraries.einops import core, data, layers
from tfgradlint.libraries.registry import Library

_MODULES = ("einops", "einops.layers", *layers.FAMILIES)
_NAMES = frozenset(
    [
        *_MODULES,
        *(f"einops.{name}" for name in core.HANDLERS),
        *(f"{family}.{name}" for family in layers.FAMILIES for name in layers.NAMES),
    ]
)


class _Einops(Library):
    def symbol(self, path: str) -> Value | None:
        return Symbol(path) if path in _NAMES else None

    def call(self, context: Context, path: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
        if path not in _NAMES:
            return None
        family, _, name = path.rpartition(".")
        if family in layers.FAMILIES:
            return layers.made(context, path, args, kwargs)
        return core.call(context, name, args, kwargs)

    def layer(self, path: str) -> LayerFacts | None:
        family, _, name = path.rpartition(".")
        return data.layer(name) if family in layers.FAMILIES else None


LIBRARY = _Einops({"einops": "einops"})
