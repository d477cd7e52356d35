"""Keras 2 trains with the flags that layers had when their model was compiled: it puts them back for that time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.values.base import Const
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import walk
from tfgradlint.libraries.keras.compiled import Flag
from tfgradlint.libraries.keras.parts import parts_of
from tfgradlint.libraries.keras.state import FLAGS_THEN, FROZEN_AT
from tfgradlint.libraries.keras.weights import flag_of, is_keras


def note_flags(interp: Context, model: Layer | Instance) -> None:
    """The model is compiled."""
    FLAGS_THEN.put(interp.state, model, _flags(interp, model))


def flags_then(interp: Context, model: Layer | Instance) -> tuple[Flag, ...] | None:
    """The flags that are to be put back; None where they are not known, () where nothing has changed."""
    then, now = FLAGS_THEN.of(model), _flags(interp, model)
    if then is None or now is None or {id(each.owner) for each in now} - {id(each.owner) for each in then}:
        return None  # a layer that came later gets its flag of what holds it
    present = {id(each.owner): each.trained for each in now}
    changed = any(present.get(id(each.owner), each.trained) is not each.trained for each in then)
    return tuple(each for each in then if id(each.owner) in present) if changed else ()


@contextmanager
def as_compiled(interp: Context, then: tuple[Flag, ...]) -> Iterator[None]:
    """What runs inside finds those flags; afterwards there are those of before again."""
    before = [_flag(interp, each.owner) for each in then]
    for each in then:
        _put(interp, each)
    try:
        yield
    finally:
        for flag in before:
            if flag is not None:
                _put(interp, flag)


def _flags(interp: Context, model: Layer | Instance) -> tuple[Flag, ...] | None:
    found: list[Flag] = []
    for each in {id(each): each for each in walk(model, parts_of)}.values():
        if isinstance(each, Layer) or (isinstance(each, Instance) and is_keras(each.cls)):
            flag = _flag(interp, each)
            if flag is None:
                return None
            found.append(flag)
    return tuple(found)


def _flag(interp: Context, owner: Layer | Instance) -> Flag | None:
    """None where it is not known."""
    trained = flag_of(interp, owner)
    return None if trained is None else Flag(owner, trained, FROZEN_AT.of(owner))


def _put(interp: Context, flag: Flag) -> None:
    """It is so from here on."""
    state, owner = interp.state, flag.owner
    if flag_of(interp, owner) is not flag.trained:
        state.set(owner, "trainable", flag.trained if isinstance(owner, Layer) else Const(flag.trained))
    if FROZEN_AT.of(owner) != flag.when:
        FROZEN_AT.put(state, owner, flag.when)
