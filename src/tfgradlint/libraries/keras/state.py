"""What is kept of Keras for one run of the interpreter, whatever branch it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tfgradlint.flow.values.base import NONE, Value

if TYPE_CHECKING:
    from tfgradlint.flow.machine.machine import Machine
    from tfgradlint.libraries.keras.compiled import Objection


class LayerCall(NamedTuple):
    """A call of a layer or model while no tape was open, with the steps of the graph before and behind it."""

    first: int
    last: int
    layer: Value
    result: Value


class KerasState:
    """What holds for one run."""

    def __init__(self) -> None:
        #: The outermost calls of layers, in order: models of inputs and outputs are made of them.
        self.calls: list[LayerCall] = []
        #: What is to be said of the losses of every ``compile`` so far.
        self.objections: list[Objection] = []
        #: What ``add_loss`` was given in the step of training that runs; None where none does.
        self.added_losses: list[Value] | None = None
        #: What ``add_loss`` was given while models were put together from placeholders.
        self.planned_losses: list[Value] = []
        #: The training flag of the call that runs, for the layers inside it.
        self.training: Value = NONE
        #: How often the ``call`` of an object made something at a place.
        self.creations: dict[tuple[int, int], int] = {}
        #: Whether some layer of the program adds a loss of its own for its weights.
        self.regularised = False


def keras_state(machine: Machine) -> KerasState:
    """What is kept for this run."""
    return machine.of(KerasState)
