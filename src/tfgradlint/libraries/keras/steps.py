"""The step of training that Keras compiles: it keeps the traces, from one ``compile`` to the next.

What a step read of Python when it was traced holds for all batches of that kind: which weights are trained, and the
flags that the program's own code asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tfgradlint.flow.graph import origins
from tfgradlint.flow.machine.context import Context
from tfgradlint.flow.machine.fixpoint import Carried
from tfgradlint.flow.machine.frames import Compiled
from tfgradlint.flow.machine.state import Snapshot
from tfgradlint.flow.python.escape import STAYS
from tfgradlint.flow.python.moments import Moment
from tfgradlint.flow.python.places import changes
from tfgradlint.flow.python.retracing import Kept, Trace
from tfgradlint.flow.values.base import FALSE, NONE, TRUE, Array, Const, HostObject, Tensor, Value, Variable, next_birth
from tfgradlint.flow.values.functions import Function
from tfgradlint.flow.values.objects import Class, Instance, Layer
from tfgradlint.flow.values.walk import fold, walk
from tfgradlint.libraries.keras.callbacks import Callbacks
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
        given = self._by_name(args, kwargs)
        callbacks = callbacks_of(self._interp, self._model, given)
        callbacks.begin()
        if eagerly is None:
            self._interp.calls.any_of(
                [TRUE, FALSE], lambda one: self._in_mode(one is TRUE, _Fit(given, callbacks, step))
            )
        else:
            self._in_mode(eagerly, _Fit(given, callbacks, step))
        callbacks.end()

    def _in_mode(self, eagerly: bool, fit: _Fit) -> Value:
        if eagerly:
            self._each_batch(fit)
        else:
            self._compiled(fit)
        return NONE

    def _each_batch(self, fit: _Fit) -> None:
        """Each batch runs Python, and finds what those before left behind."""
        state = self._interp.state
        mark, ends = state.mark(), list[Snapshot]()
        turns = Carried(self._interp, NONE)
        number = fit.first
        while True:
            fit.callbacks.before(number)
            fit.step()
            fit.callbacks.after()
            number = fit.callbacks.any_number()
            ends.append(state.snapshot(mark))
            if self._name == "train_on_batch" or not turns.touched() or turns.settled(NONE):
                break
        if len(ends) > 1:
            state.rollback(mark)
            state.join_into(ends)

    def _compiled(self, fit: _Fit) -> None:
        interp, state = self._interp, self._interp.state

        def run() -> Value:
            fit.step()
            return NONE

        given = self._told(fit.given)
        mark, since = state.mark(), next_birth()
        fit.callbacks.before(fit.first)
        interp.traces.step(self._step(), given, run)
        fit.callbacks.after()
        if self._name != "fit" or not (fit.callbacks.run or changes(state, mark, since)):
            return

        def later() -> bool:
            # A batch of another shape, as the last one may be, is traced by itself.
            fit.callbacks.before(fit.callbacks.any_number())
            interp.traces.step(self._step(), {**given, "x": interp.unknown(BATCH)}, run)
            fit.callbacks.after()
            return True

        interp.alternatives([later, lambda: True])

    def _step(self) -> Compiled:
        return Compiled(self._reads(), self._model, TRACES, True, 0, self._is_open())

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

    def _by_name(self, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
        return {**dict(zip(_PARAMETERS[self._name], args, strict=False)), **kwargs}

    def _told(self, given: dict[str, Value]) -> dict[str, Value]:
        """What says which kind of batches there are: those of other kinds are traced by themselves."""
        told = {name: self._lasting(value) for name, value in given.items() if name not in _WHATEVER}
        return {"method": Const(self._name), **told}

    def _lasting(self, value: Value) -> Value:
        return fold(value, _parts, lambda each: each if _lasts(each) else self._interp.unknown(BATCH), _rebuilt)


def unseen(interp: Context, model: Layer | Instance) -> None:
    """Steps ran that were not followed: they were traced in the present state, and the program's code may have changed
    what its methods assign.
    """
    kept = TRACES.of(model) or ()
    before = [moment for trace, _ in kept if trace.signature is None for moment in trace.moments]
    made = Trace(None, (*before, Moment(interp.state)))
    TRACES.put(interp.state, model, Kept((*(each for each in kept if each[0].signature is not None), (made, True))))
    for each in list(walk(model, parts_of)):
        if isinstance(each, Instance):
            _forget_assigned(interp, each)


def _forget_assigned(interp: Context, instance: Instance) -> None:
    for cls in instance.cls.lineage():
        of_class = cls.name if isinstance(cls, Class) else ""
        for name in sorted({name for each in interp.prescans() for name in each.reassigned[of_class]}):
            old = instance.fields.get(name)
            if isinstance(old, Value) and not isinstance(old, STAYS) and name != "trainable":
                interp.state.set(instance, name, interp.join([old, interp.unknown(origins.LAID_OPEN)]))


class _Fit(NamedTuple):
    """What a model trains with: what the method is given by name, and what happens."""

    given: dict[str, Value]
    callbacks: Callbacks
    step: Run

    @property
    def first(self) -> Value:
        """The number of the first epoch."""
        return self.given.get("initial_epoch", Const(0))


def callbacks_of(interp: Context, model: Layer | Instance, given: dict[str, Value]) -> Callbacks:
    """The callbacks among what ``fit`` is given."""
    unknown = [interp.unknown(BATCH)] if "**" in given else []
    validates = bool(unknown) or bool(given.keys() & {"validation_data", "validation_split"})
    return Callbacks(interp, model, unknown[0] if unknown else given.get("callbacks", NONE), validates)


def _lasts(value: Value) -> bool:
    """Whether the batches that are made of it are of one kind whenever it is given."""
    if isinstance(value, HostObject):
        return False
    return isinstance(value, (Const, Array, Tensor, Variable)) or element_of(value) is not None


def _parts(value: Value, level: int) -> list[Value] | None:
    return None if value.nested() is None else list(value.held() or ())


def _rebuilt(holder: Value, parts: list[Value]) -> Value:
    return holder.with_held(parts)
