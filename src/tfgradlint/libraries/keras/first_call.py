"""The first call of a layer or model of the program: Keras 3 tries it out before, to make the weights inside."""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.python.places import changes
from tfgradlint.flow.values.base import FALSE, TRUE, Value, Variable, next_birth
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import walk
from tfgradlint.libraries.keras.parts import parts_of
from tfgradlint.libraries.keras.state import BUILT, CALLED, keras_state
from tfgradlint.libraries.keras.weights import is_keras, of_keras_2

Run = Callable[[], Value]


def called(interp: Context, instance: Instance, run: Run) -> Value:
    """``instance(...)``, where ``run`` executes its ``call``.

    The trial calls the very same function. Where that leaves nothing behind in Python it makes no difference.
    """
    tried = False if CALLED in instance.fields else _is_tried(interp, instance)
    CALLED.put(interp.state, instance, True)
    if tried is False:
        return run()
    state, reports, keras = interp.state, interp.reports, keras_state(interp)
    mark, since, first = state.mark(), next_birth(), reports.counts()
    creations, losses = dict(keras.creations), len(keras.added_losses or ())
    value = run()
    if not changes(state, mark, since):
        return value

    def again() -> Value:
        keras.creations = creations
        del (keras.added_losses or [])[losses:]
        return run()

    if tried is None:
        return interp.calls.any_of([TRUE, FALSE], lambda once_more: again() if once_more is TRUE else value)
    second = reports.counts()
    value = again()
    reports.once_more(first, second)
    return value


def _is_tried(interp: Context, instance: Instance) -> bool | None:
    """Whether Keras tries a layer out: if it has no ``build`` of its own, and layers inside that are not built.

    None: that depends on what is inside.
    """
    if of_keras_2(interp, instance) or isinstance(interp.attributes.of_class(instance.cls, "build"), Function):
        return False
    tried: bool | None = False
    for each in walk(instance, parts_of):
        if each is instance:
            continue
        if isinstance(each, Instance) and is_keras(each.cls) and CALLED not in each.fields:
            return True
        if isinstance(each, Layer) and BUILT.of(each, True) is not True:
            if BUILT.of(each) is False and any(isinstance(part, Variable) for part in each.parts or ()):
                return True
            tried = None
    return tried


def traced_on_trial(interp: Context) -> bool:
    """Whether a compiled function is running that a layer of the program calls, which Keras tries out.

    Variables that are made in there do not exist yet: its trace reads the values that they are to begin with.
    """
    compiled = False
    for frame in reversed(interp.frames):
        function = frame.function
        if function is None:
            continue
        compiled = compiled or (function.graph and not interp.eager_functions)
        if compiled and function.name == "call" and function.owner is not None and is_keras(function.owner):
            return not isinstance(interp.attributes.of_class(function.owner, "build"), Function)
    return False
