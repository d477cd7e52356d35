"""What layers, models and the objects of a program hold: what a walk over them goes into."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.containers import Container, DictContent, Items
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.libraries.keras.state import ADDED, INNER

_CONTAINERS = (Container, Items, DictContent)


def parts_of(value: Value) -> Sequence[Value]:
    """The weights and layers in a layer, the attributes of an object, the elements of a container that are known.

    What may be one of several, or stands for any number, is not gone into.
    """
    if isinstance(value, Layer):
        parts: Value = value.fields["parts"]
        return (parts,) if value.own is None else (value.own, parts)
    if isinstance(value, Instance):
        kept = (ADDED.of(value), INNER.of(value))
        return (*attributes_of(value), *(each for each in kept if each is not None))
    return value.handed() if isinstance(value, _CONTAINERS) else ()


def attributes_of(instance: Instance) -> list[Value]:
    """The values of an object's attributes, in the order in which they were first assigned."""
    return [value for name, value in instance.fields.items() if isinstance(name, str)]


def chained(value: Value) -> Sequence[Value]:
    """The layers of a chain, and nothing of any other layer."""
    return value.parts or () if isinstance(value, Layer) and is_sequential(value) else ()


def is_sequential(layer: Layer) -> bool:
    """Whether it is a chain of layers."""
    return layer.path.endswith("Sequential")
