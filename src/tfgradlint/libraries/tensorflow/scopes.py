"""Scopes in which tapes do not record, or variables are others than they are asked to be."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.tape.tape import LIFTED, Active, Tape
from tfgradlint.flow.values.base import NONE, Const, Unknown, Value
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.notes import Note
from tfgradlint.libraries.registry import Handler
from tfgradlint.libraries.tensorflow.distribute import transparent

Make = Callable[[list[Value], dict[str, Value]], Value]

#: Of the tapes: what the scopes that are open have put between the program and its new variables, the last one last.
_CREATORS: Note[tuple[Value, ...]] = Note("creators of variables")
#: What a creator of variables is given by name, whether the program says something of it or not.
_TOLD = (
    "initial_value trainable validate_shape caching_device name variable_def dtype import_scope constraint "
    "synchronization aggregation shape experimental_enable_variable_lifting"
).split()


def _other_rules(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Inside of it tapes may not record, and variables may be others than they are asked to be."""
    return Unknown(interp.recorder.opaque(origins.SCOPE_OF_OTHER_RULES))


def _init_scope(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``tf.init_scope()``: no tape records inside, and what a function that is traced made is no value there."""
    if interp.graph_level:
        return _other_rules(interp, args, kwargs)
    tapes, state = interp.recorder.tapes, interp.state
    before: list[tuple[Active, tuple[Tape, ...], object]] = []

    def enter() -> None:
        active, stopped = tapes.active, tapes.stopped
        before.append((active, stopped, tapes.fields["replaced"]))
        state.set(tapes, "stopped", (*stopped, *(tape for tape, _ in active if tape not in stopped), LIFTED))
        state.set(tapes, "active", Active())
        state.set(tapes, "replaced", True)  # nor does a tape record that begins in there

    def leave() -> None:
        active, stopped, replaced = before.pop()
        state.set(tapes, "active", Active(dict([*tapes.active, *active]).items()))
        state.set(tapes, "stopped", stopped)
        state.set(tapes, "replaced", replaced)

    return transparent(enter, leave)


def _creator_scope(interp: Context, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``tf.variable_creator_scope(creator)``: variables are made by a function of the program."""
    creator = args[0] if args else kwargs.get("variable_creator", NONE)
    tapes = interp.recorder.tapes

    def enter() -> None:
        _CREATORS.put(interp.state, tapes, (*(_CREATORS.of(tapes, ()) or ()), creator))

    def leave() -> None:
        _CREATORS.put(interp.state, tapes, (_CREATORS.of(tapes, ()) or ())[:-1])

    return transparent(enter, leave)


def creates(interp: Context) -> bool:
    """Whether functions of the program may have a say in what the variables are like that a layer makes."""
    return _CREATORS.of(interp.recorder.tapes, ()) != ()


def created(interp: Context, args: list[Value], kwargs: dict[str, Value], make: Make) -> Value:
    """A new variable of TensorFlow: the function of the innermost scope is asked first, and may ask the next one."""
    creators = _CREATORS.of(interp.recorder.tapes, ())
    if creators == ():
        return make(args, kwargs)
    if creators is None or "**" in kwargs or len(args) > len(_TOLD):
        return interp.unknown(origins.SCOPE_OF_OTHER_RULES, *args, *kwargs.values())
    asked: dict[str, Value] = dict.fromkeys(_TOLD, NONE)
    asked |= {"validate_shape": Const(True), **dict(zip(_TOLD, args, strict=False)), **kwargs}

    def create(left: tuple[Value, ...], named: dict[str, Value]) -> Value:
        if not left:
            return make([], {name: value for name, value in named.items() if name in _TOLD or name == "**"})
        following = NativeFunction("next_creator", lambda given, more: create(left[:-1], more))
        return interp.calls.call(left[-1], [following], named)

    return create(creators, asked)


HANDLERS: dict[str, Handler] = {
    "tf.init_scope": _init_scope,
    "tf.variable_creator_scope": _creator_scope,
    "tf.compat.v1.variable_creator_scope": _other_rules,
    "keras.StatelessScope": _other_rules,
    "tf.keras.StatelessScope": _other_rules,
}
