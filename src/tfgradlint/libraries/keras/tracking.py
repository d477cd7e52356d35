"""What an object of Keras 3 tracks: the weights and layers in its attributes, in the order in which they got there."""

from __future__ import annotations

from collections.abc import Sequence

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Value, Variable
from tfgradlint.flow.values.containers import Container, Items
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import walk
from tfgradlint.libraries.keras.parts import attributes_of, parts_of
from tfgradlint.libraries.keras.state import TRACKED, TRACKER


def put_into(interp: Context, container: Value, value: Value) -> None:
    """A method has put something into a container that an object may keep: it tracks that from now on."""
    tracker = TRACKER.of(container) if isinstance(container, Container) else None
    if tracker is not None and any(each is container for field in attributes_of(tracker) for each in walk(field)):
        track(interp, tracker, value)


def track(interp: Context, receiver: Instance, value: Value) -> None:
    """The object has got hold of the weights and layers in this."""
    old = TRACKED.of(receiver, Items(()))
    if not isinstance(old, Items):
        return
    found = [each for each in tracked_in(value) if all(each is not known for known in old.items)]
    if found:
        TRACKED.put(interp.state, receiver, Items((*old.items, *found)))


def tracked_in(value: Value) -> list[Value]:
    """The weights and layers in a value, as far as Keras looks into it."""
    found = {id(each): each for each in walk(value, _inside) if isinstance(each, (Layer, Instance, Variable))}
    return list(found.values())


def _inside(value: Value) -> Sequence[Value]:
    return () if isinstance(value, (Layer, Instance)) else parts_of(value)
