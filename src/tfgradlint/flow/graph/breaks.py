"""The kinds of break that a cause has, where it is not an operation that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.nodes import Site


class Reuse(Detail, Enum):
    """How a tape that answers once comes to be asked twice (``TAPE_REUSED``)."""

    #: An earlier request has used it up.
    EARLIER_REQUEST = auto()
    #: One request asks it for one element after the other.
    BY_ELEMENT = auto()


class StandIn(Detail, Enum):
    """What a source takes the place of (``DERIVED_SOURCE``, ``UNWATCHED_TENSOR``)."""

    #: The tensor that a compiled function gets for a variable of Keras.
    KERAS_VARIABLE = auto()


@dataclass(frozen=True, slots=True)
class Derived(Detail):
    """The step that made a source of what the target was computed from (``DERIVED_SOURCE``)."""

    step: Site


class Gap(Detail, Enum):
    """When a step was computed that the tape did not record (``OFF_TAPE``)."""

    #: Before the tape started.
    BEFORE = auto()
    #: After it had stopped.
    AFTER = auto()
    #: Before it was reset.
    RESET = auto()
    #: Under ``stop_recording()``.
    STOPPED = auto()
    #: In a scope that is lifted out of every tape.
    LIFTED = auto()
    #: In a thread of its own, in which no tape from outside records.
    APART = auto()
    #: While only another tape recorded.
    OTHER_TAPE = auto()


class Unwatched(Detail, Enum):
    """Why a tape does not watch a variable by itself (``UNWATCHED_VARIABLE``)."""

    #: The variable is not trainable.
    FROZEN = auto()
    #: The tape does not watch what is accessed.
    ON_REQUEST_ONLY = auto()


class Rebinding(Detail, Enum):
    """What becomes of the name of a variable (``REBOUND_VARIABLE``)."""

    #: It is bound to a tensor.
    TO_TENSOR = auto()
    #: An augmented assignment to the variable, which raises.
    AUGMENTED = auto()


class NonTensor(Detail, Enum):
    """What is watched, or asked for as a source, and is none (``WATCH_OF_NON_TENSOR``, ``SOURCE_NOT_TENSOR``)."""

    ARRAY = auto()
    NUMBER = auto()
    KERAS_VARIABLE = auto()


class Prediction(Detail, Enum):
    """The method of a model that gives no tensor (``PREDICTED``). The value is its name."""

    PREDICT = "predict"
    PREDICT_ON_BATCH = "predict_on_batch"
    EVALUATE = "evaluate"
    TEST_ON_BATCH = "test_on_batch"


class LossFault(Detail, Enum):
    """What is wrong with a loss (``KERAS_LOSS``, ``LOSS_FUNCTION``)."""

    #: There is none.
    MISSING = auto()
    #: It does not use the prediction.
    UNUSED_PREDICTION = auto()
    #: Its gradient is zero.
    ZERO = auto()
    #: A step takes its gradient away.
    CUT = auto()


class PartGradient(Detail, Enum):
    """What comes to the part of a model that is cut off (``CUT_OFF``)."""

    NONE = auto()
    ZERO = auto()


class Pairing(Detail, Enum):
    """What an optimizer is given in place of pairs of a gradient and its variable (``SWAPPED_PAIRS``)."""

    #: Pairs of a variable and its gradient.
    SWAPPED = auto()
    #: Gradients and variables, or gradients alone.
    UNZIPPED = auto()
    #: One pair.
    SINGLE_PAIR = auto()
    #: ``apply(variables, gradients)``.
    SWAPPED_LISTS = auto()
    #: Pairs with a tensor or an array for the variable.
    TENSOR = auto()


@dataclass(frozen=True, slots=True)
class Unbuilt(Detail):
    """What is listed before the model is built (``UNBUILT``).

    ``partly``: some of the weights are there. ``sonnet``: it is a module of Sonnet. ``refused``: asking for the list
    raises, as that of a chain of Keras 2 does.
    """

    partly: bool = False
    sonnet: bool = False
    refused: bool = False


class Untracked(Detail, Enum):
    """What an attribute holds that its owner does not track (``UNTRACKED``)."""

    #: A ``tf.Variable``, in a layer of Keras 3.
    TF_VARIABLE = auto()
    #: A ``tf.Module``, in a layer of Keras 3.
    TF_MODULE = auto()
    #: Something of Keras, in a ``tf.Module``.
    OF_KERAS = auto()
    #: An object of a plain class that holds weights, in a layer.
    IN_OBJECT = auto()
    #: What the function of a ``Lambda`` reads.
    IN_LAMBDA = auto()
    #: What a loss object keeps, or a loss function reads.
    IN_LOSS = auto()


class Creation(Detail, Enum):
    """Where layers or variables are made anew (``CREATED_IN_CALL``)."""

    IN_CALL = auto()
    IN_COMPILED_FUNCTION = auto()
    IN_TAPE = auto()


class Minimizing(Detail, Enum):
    """What is wrong with a call of ``minimize`` (``MINIMIZE``)."""

    #: The optimizer has no such method.
    NO_SUCH_METHOD = auto()
    #: Its loss is a tensor that no tape recorded.
    UNRECORDED_LOSS = auto()


@dataclass(frozen=True, slots=True)
class Idle(Detail):
    """A term of a sum that carries no gradient: where its value was computed, and what breaks it.

    It belongs to ``IDLE_TERM`` and ``TERM_WITHOUT_GRADIENT``.
    """

    term: Site
    cause: Cause
    step: Detail | None


class Discarded(Detail, Enum):
    """What becomes of gradients (``UNUSED_GRADIENT``)."""

    #: Nothing reads them.
    UNREAD = auto()
    #: All are None and filtered out.
    FILTERED = auto()


class FrozenIn(Detail, Enum):
    """Where it is found that all variables are frozen (``FROZEN``)."""

    #: In a list that a request is given.
    LIST = auto()
    FIT = auto()
    #: In a step of training that was made before they were thawed.
    TRACED = auto()


@dataclass(frozen=True, slots=True)
class BuiltBefore(Detail):
    """An optimizer was built for other variables (``FOREIGN_VARIABLE``): where, and what it raises."""

    site: Site
    raised: str


class Symbolic(Detail, Enum):
    """What a tensor of Keras is given to that only stands for what a model will be given (``SYMBOLIC_TENSOR``)."""

    FUNCTION = auto()
    COMPILED_FUNCTION = auto()
    WATCH = auto()
    REQUEST = auto()
    ADD_LOSS = auto()
