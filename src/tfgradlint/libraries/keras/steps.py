"""The step of training that Keras 3 compiles: it keeps the traces, from one ``compile`` to the next.

What a step read of Python when it was traced holds for all batches of that kind: which weights are trained, and the
flags that the program's own code asks for.
"""

from __future__ import annotations

from collections.abc import Callable

from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.fixpoint import Carried
from tfgradlint.flow.machine.frames import Compiled
from tfgradlint.flow.machine.state import Snapshot
from tfgradlint.flow.python.places import changes
from tfgradlint.flow.values.base import FALSE, NONE, TRUE, Array, Const, HostObject, Tensor, Value, Variable, next_birth
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.flow.values.walk import fold, walk
from tfgradlint.libraries.keras.compiling import eager
from tfgradlint.libraries.keras.origins import BATCH
from tfgradlint.libraries.keras.parts import parts_of
from tfgradlint.libraries.keras.state import COMPILED, OPENED, TRACES
from tfgradlint.libraries.tensorflow.datasets import element_of

Run = Callable[[], object]

_PARAMETERS = {
    "fit": (
        "x y batch_size epochs verbose callbacks validation_split validation_data shuffle class_weight sample_weight "
        "initial_epoch steps_per_epoch validation_steps validation_batch_size validation_freq"
    ).split(),
    "train_on_batch": "x y sample_weight class_weight return_dict".split(),
}
#: What does not change what batches are like.
_WHATEVER = frozenset(
    "epochs verbose callbacks validation_data shuffle initial_epoch validation_steps validation_batch_size "
    "validation_freq return_dict".split()
)
#: The program's own methods that a step runs.
_METHODS = ("train_step", "compute_loss", "compute_metrics", "call")


class Steps:
    """Runs the steps that ``model.fit(...)`` or ``model.train_on_batch(...)`` makes."""

    def __init__(self, interp: Context, model: Layer | Instance, name: str) -> None:
        self._interp = interp
        self._model = model
        self._name = name
        self._options: dict[str, Value] = COMPILED.of(model) or {}

    def run(self, args: list[Value], kwargs: dict[str, Value], step: Run) -> None:
        """``step`` executes the Python of one step."""
        eagerly = eager(self._interp, self._options)
        given = self._given(args, kwargs)
        if eagerly is None:
            self._interp.calls.any_of([TRUE, FALSE], lambda one: self._in_mode(one is TRUE, given, step))
        else:
            self._in_mode(eagerly, given, step)

    def _in_mode(self, eagerly: bool, given: dict[str, Value], step: Run) -> Value:
        if eagerly:
            self._each_batch(step)
        else:
            self._compiled(given, step)
        return NONE

    def _each_batch(self, step: Run) -> None:
        """Each batch runs Python, and finds what those before left behind."""
        state = self._interp.state
        mark, ends = state.mark(), list[Snapshot]()
        turns = Carried(self._interp, NONE)
        while True:
            step()
            ends.append(state.snapshot(mark))
            if self._name == "train_on_batch" or not turns.touched() or turns.settled(NONE):
                break
        if len(ends) > 1:
            state.rollback(mark)
            state.join_into(ends)

    def _compiled(self, given: dict[str, Value], step: Run) -> None:
        interp, state = self._interp, self._interp.state

        def run() -> Value:
            step()
            return NONE

        compiled = Compiled(self._reads(), self._model, TRACES, True, 0, self._is_open())
        mark, since = state.mark(), next_birth()
        interp.traces.step(compiled, given, run)
        if self._name == "fit" and changes(state, mark, since):
            # A batch of another shape, as the last one may be, is traced by itself.
            interp.traces.step(compiled, {**given, "x": interp.unknown(BATCH)}, run)

    def _is_open(self) -> bool:
        """Whether somebody got hold of the model who may have compiled it again."""
        model = self._model
        return model.fields["opened"] is not False if isinstance(model, Layer) else OPENED in model.fields

    def _reads(self) -> list[Value]:
        """What a trace may read of Python."""
        model = self._model
        own = [
            self._interp.attributes.of_class(model.cls, name) if isinstance(model, Instance) else None
            for name in _METHODS
        ]
        return [*walk(model, parts_of), *self._options.values(), *(each for each in own if isinstance(each, Function))]

    def _given(self, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
        """What says which kind of batches there are: those of other kinds are traced by themselves."""
        given = {**dict(zip(_PARAMETERS[self._name], args, strict=False)), **kwargs}
        told = {name: self._told(value) for name, value in given.items() if name not in _WHATEVER}
        return {"method": Const(self._name), **told}

    def _told(self, value: Value) -> Value:
        return fold(value, _parts, lambda each: each if _lasting(each) else self._interp.unknown(BATCH), _rebuilt)


def _lasting(value: Value) -> bool:
    """Whether the batches that are made of it are of one kind whenever it is given."""
    if isinstance(value, HostObject):
        return False
    return isinstance(value, (Const, Array, Tensor, Variable)) or element_of(value) is not None


def _parts(value: Value, level: int) -> list[Value] | None:
    return None if value.nested() is None else list(value.held() or ())


def _rebuilt(holder: Value, parts: list[Value]) -> Value:
    return holder.with_held(parts)
