"""What is kept of Keras: for one run of the interpreter, and as notes about layers, models, weights and optimizers."""

from __future__ import annotations

from typing import NamedTuple

from tfgradlint.flow.graph.nodes import Node, Site
from tfgradlint.flow.machine.machine import Machine
from tfgradlint.flow.python.retracing import Kept
from tfgradlint.flow.values.base import NONE, Tensor, Value, Variable
from tfgradlint.flow.values.containers import Items, Repeated
from tfgradlint.flow.values.functions import NativeFunction
from tfgradlint.flow.values.notes import Gathered, Note
from tfgradlint.flow.values.objects import Instance, Layer
from tfgradlint.libraries.keras.compiled import Flag, Objection, Options

# -- of a layer, as it was made

#: The arguments that it was made with.
RECIPE: Note[tuple[list[Value], dict[str, Value]]] = Note("arguments")
#: What it was given for a name.
NAME: Note[Value] = Note("name")
#: Whether it was given the shape of its input.
SHAPED: Note[bool] = Note("input shape given")
#: Its weights by name, or what stands in the place of one; NONE for those that it does without.
NAMED: Note[dict[str, Value]] = Note("weights by name", read=True)
#: The state of the random numbers that it draws. None: its place among the weights is not known.
SEED: Note[Variable] = Note("seed")
#: How many states it returns behind its output. None: not known, or what it returns is of another form.
STATE_COUNT: Note[int] = Note("number of states")
#: Whether what was measured of its gradients holds of it.
MEASURED: Note[bool] = Note("measured", read=True)
#: How many elements the last axis of its result has.
WIDTH: Note[int] = Note("width")
#: It does what the layers do that it holds; how their results are put together, or whether it returns the states.
WRAPS: Note[Value] = Note("wraps")
#: Something of it is not known that may lead to any weight.
HIDDEN: Note[bool] = Note("hidden parts", read=True)
#: Something was assigned to an attribute of it that changes what it computes.
CHANGED: Note[bool] = Note("changed", read=True)
#: It adds a loss of its own, for its weights or for what it returns.
REGULARISED: Note[bool] = Note("regularised")
#: It stands for all the layers of a model that Keras brings along.
BUILT_IN: Note[bool] = Note("brought along")
#: What the layers gave that were asked for by their names or places.
INSIDE: Note[dict[object, Tensor]] = Note("layers asked for")
#: Somebody else made it, or something in it: it may add losses that nobody sees.
FOREIGN: Note[bool] = Note("made by others")

# -- of a model

#: Its inputs and outputs, where it was made of them.
GRAPH: Note[tuple[Value, Value]] = Note("inputs and outputs")
#: Whether there are steps between them that are no layer's.
PLAIN_STEPS: Note[bool] = Note("plain steps")
#: The model of inputs and outputs, or the chain, that an object of a class of the module is at heart.
INNER: Note[Value] = Note("inner model")
#: The placeholder and the result of a chain of layers, once somebody asked for them. None: it has none.
TRACED: Note[tuple[Value, Value]] = Note("traced")
#: Whether a chain of layers was tried out, by which its layers make their weights.
ASSEMBLED: Note[bool] = Note("assembled")
#: Whether its ``call`` was tried out as ``predict`` runs it.
TRIED: Note[bool] = Note("tried out")
#: Where its ``call`` makes what stops Keras from compiling it.
PENDING: Note[tuple[Site, ...]] = Note("made in call")

# -- of the weights of a layer or model

#: Whether a layer has made its weights. None: perhaps. Without this note it has.
BUILT: Note[bool] = Note("built")
#: Whether an object of the module has been called.
CALLED: Note[bool] = Note("called")
#: What ``add_weight`` gave a layer of the module: a sequence, whose length may depend on what was executed.
ADDED: Note[Items | Repeated] = Note("added weights")
#: When and where ``trainable`` was set last.
FROZEN_AT: Note[tuple[int, Site]] = Note("frozen at", read=True)
#: What an object of Keras 3 has come to track: weights and layers, in the order in which it got hold of them.
TRACKED: Note[Items] = Note("tracked")
#: Of a container that such an object keeps: the object.
TRACKER: Note[Instance] = Note("tracker")
#: Somebody got hold of the parts of an object of the module, and may have frozen or replaced them.
OPENED: Note[bool] = Note("opened", read=True)
#: Where each attribute of an object was assigned, the last one last.
ASSIGNED: Note[dict[str, Site]] = Note("assigned at")
#: Of a list of weights: the object whose list it is.
OWNER: Note[Value] = Note("owner")
#: Of a weight: the class of its layer, its name in there, and the layer's size.
MAKE: Note[tuple[object, ...]] = Note("make")
#: Of a weight: where its layer was made inside a tape.
IN_TAPE: Note[Site] = Note("made in tape")

# -- of a model that is compiled, of metrics and optimizers

#: What ``compile`` was given, by the names of its parameters, and where that was.
COMPILED: Note[Options] = Note("compiled")
COMPILED_AT: Note[Site] = Note("compiled at")
#: Which of its layers were to be trained when it was compiled. None: not known.
FLAGS_THEN: Note[tuple[Flag, ...]] = Note("flags when compiled")
#: The traces of the step that it trains with.
TRACES: Note[Kept] = Note("traces")
#: Whether a loss that it was compiled with has no gradient, which is reported where it was compiled.
BROKEN: Note[bool] = Note("broken loss")
#: What is to be said of the losses of the ``compile`` that is in force, or of several that may be.
OBJECTIONS: Note[Gathered[Objection]] = Note("objections")
#: Of a metric: what it was given so far, on any of the paths that may have been taken.
SEEN: Note[Gathered[Node]] = Note("seen")
#: Of an optimizer: the variables that it was used for first.
FIRST_VARIABLES: Note[tuple[Variable, ...]] = Note("first variables")


# -- of the run


class LayerCall(NamedTuple):
    """A call of a layer or model while no tape was open, with the steps of the graph before and behind it."""

    first: int
    last: int
    layer: Value
    result: Value


class LambdaReads(NamedTuple):
    """What the function of a ``Lambda`` was seen to read and to call besides its input; ``site``: where it was made."""

    layer: NativeFunction
    site: Site
    variables: dict[int, Variable]
    layers: dict[int, Value]


class KerasState:
    """What holds for one run."""

    def __init__(self) -> None:
        #: The outermost calls of layers, in order: models of inputs and outputs are made of them.
        self.calls: list[LayerCall] = []
        #: What is to be said of the losses of every ``compile`` so far.
        self.objections: list[Objection] = []
        #: What ``add_loss`` was given in the step of training that runs; None where none does.
        self.added_losses: list[Value] | None = None
        #: What ``add_loss`` was given elsewhere, as where models are put together from placeholders, and who added it.
        self.planned_losses: list[tuple[Value, Value]] = []
        #: The training flag of the call that runs, for the layers inside it.
        self.training: Value = NONE
        #: How often the ``call`` of an object made something at a place.
        self.creations: dict[tuple[int, int], int] = {}
        #: What layers were asked for and nothing is known of, by its node, with the layer.
        self.members: dict[Node, Layer] = {}
        #: Whether something was assigned to an attribute of some layer.
        self.changed = False
        #: What steps of the functions of ``Lambda`` layers read besides the layer's input: (step, what it reads).
        self.read_besides: set[tuple[Node, Node]] = set()
        #: What the functions of ``Lambda`` layers read that is no part of their input, by the layer's identity.
        self.lambdas: dict[int, LambdaReads] = {}
        #: The layers that the function of the ``Lambda`` calls that runs now; None where none does.
        self.called_in_lambda: list[Value] | None = None
        #: The objects of the program that are losses of Keras', by their identity.
        self.losses: dict[int, Instance] = {}
        #: The names that inputs of models were given.
        self.input_names: dict[Node, object] = {}
        #: Whether some layer of the program adds a loss of its own, for its weights or for what it returns.
        self.regularised = False


def keras_state(machine: Machine) -> KerasState:
    """What is kept for this run."""
    return machine.of(KerasState)
