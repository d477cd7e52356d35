"""Containers in attributes: Keras 3 keeps a copy, in which it finds weights; Keras 2 wraps the very one."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Value
from tfgradlint.flow.values.containers import Container, DictContent, DictObject, Items, ListObject, Repeated, Union
from tfgradlint.flow.values.objects import Instance, Layer, LibraryObject
from tfgradlint.flow.values.walk import fold
from tfgradlint.flow.verdict.judgements import LACKING
from tfgradlint.libraries.keras.metrics import is_metric
from tfgradlint.libraries.keras.optimizers import is_optimizer
from tfgradlint.libraries.keras.state import TRACKER
from tfgradlint.libraries.keras.weights import is_keras, of_keras_2
from tfgradlint.libraries.session import keras_name

#: What is copied, down to what is in it: a deque stays, and so do iterators and what other objects hold.
_KINDS = frozenset({"list", "set", "tuple"})


def kept_as(interp: Context, receiver: Value, value: Value) -> Value | None:
    """What a layer, model, metric or optimizer of Keras 3 keeps of a container; None for any other object."""
    if (
        not isinstance(receiver, (Layer, Instance, LibraryObject))
        or not _tracks(receiver)
        or of_keras_2(interp, receiver)
    ):
        return None
    if isinstance(value, Union):
        return interp.join([_copy(each, receiver) for each in value.values])
    return _copy(value, receiver)


def _tracks(receiver: Layer | Instance | LibraryObject) -> bool:
    if isinstance(receiver, Instance):
        names = [keras_name(path) for each in receiver.cls.lineage() if (path := getattr(each, "path", None))]
        return is_keras(receiver.cls) or any(is_metric(name) or is_optimizer(name) for name in names if name)
    name = keras_name(receiver.path)
    return isinstance(receiver, Layer) or (name is not None and (is_metric(name) or is_optimizer(name)))


def _copy(value: Value, receiver: Value) -> Value:
    return fold(value, _parts, lambda leaf: leaf, lambda holder, parts: _rebuilt(holder, parts, receiver))


def _parts(value: Value, level: int) -> Sequence[Value] | None:
    if isinstance(value, DictObject):
        return value.structure.held()
    content = value.structure if isinstance(value, (ListObject, Items, Repeated)) else None
    return content.held() if isinstance(content, (Items, Repeated)) and content.type in _KINDS else None


def _rebuilt(holder: Value, parts: list[Value], receiver: Value) -> Value:
    content = holder.structure
    assert isinstance(content, (Items, Repeated, DictContent))
    made = content.with_held(parts)
    if not isinstance(holder, Container):
        return made
    copied = type(holder)(made)
    if isinstance(receiver, Instance):
        TRACKER.begin(copied, receiver)
    if LACKING in holder.fields:
        LACKING.begin(copied, LACKING.of(holder))
    return copied
