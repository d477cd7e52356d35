"""The measured raw operations held against TensorFlow's own registry of gradients.

An operation registered as not differentiable must give ``none``. One that is not registered at all must raise
``LookupError``, or give ``none`` where nothing floating-point comes out of it. What differs is explained, one by
one, in ``registry.txt``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tensorflow.python.framework import op_def_registry, ops

from tfgradlint.knowledge import Output, load
from tools.measure.raw_ops import PREFIX, kinds

EXPLANATIONS = Path(__file__).with_name("registry.txt")
_FLOATING = ("float", "complex", "bfloat", "=")


def registered(name: str) -> str:
    """``gradient``, ``not differentiable`` or ``nothing``: what TensorFlow's registry says of an operation."""
    try:
        gradient = ops.get_gradient_function(_Named(name))
    except LookupError:
        return "nothing"
    return "gradient" if gradient is not None else "not differentiable"


class _Named:
    """As much of an operation as the registry looks at."""

    def __init__(self, name: str) -> None:
        self.type = name
        self.inputs = (None,)
        self._gradient_function = None

    def get_attr(self, name: str) -> str:
        raise ValueError(f"no attribute {name}")


def measured() -> list[str]:
    """The operations in the data that take something floating-point."""
    names = (name.removeprefix(PREFIX) for name in load().names() if name.startswith(PREFIX))
    return sorted(n for n in names if op_def_registry.get(n) is not None and "float" in kinds(n).values())


def _effects(name: str) -> Iterator[tuple[Output, str, str]]:
    known = load().get(PREFIX + name)
    assert known is not None
    inputs = kinds(name)
    for case in known.cases:
        for output in case.outputs:
            for argument, word in output.effects.items():
                if inputs.get(argument) == "float":
                    yield output, argument, word


def disagreements() -> dict[str, str]:
    """The operations that do not do what the registry says, and what they do instead."""
    found: dict[str, str] = {}
    for name in measured():
        says = registered(name)
        if says == "gradient":
            continue
        for output, argument, word in _effects(name):
            floating = output.dtype.startswith(_FLOATING)
            allowed = ("none",) if says == "not differentiable" else ("raises:LookupError",)
            if word not in allowed and (floating or word != "none"):
                found[name] = f"{says} is registered, {argument} gives {word}"
    return found


def explanations() -> dict[str, str]:
    """The explained disagreements: operation -> why."""
    lines = EXPLANATIONS.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return {name: why for name, _, why in pairs}
