"""Why a gradient does not pass: one cause a kind of break, each told by one rule."""

from __future__ import annotations

from enum import Enum


class Cause(Enum):
    """The kinds of break. The value is the code of the rule that reports it."""

    TAPE_REUSED = "TFG101"
    DERIVED_SOURCE = "TFG102"
    UNWATCHED_TENSOR = "TFG103"
    LATE_WATCH = "TFG104"
    OFF_TAPE = "TFG105"
    UNWATCHED_VARIABLE = "TFG106"
    REBOUND_VARIABLE = "TFG107"
    UNRELATED_TARGET = "TFG108"
    WATCH_OF_NON_TENSOR = "TFG109"
    SOURCE_NOT_TENSOR = "TFG110"
    ASSIGNED = "TFG111"
    TAPE_NEVER_ENTERED = "TFG112"
    GRADIENTS_IN_EAGER = "TFG113"
    #: A method that tapes do not have.
    NO_SUCH_METHOD = "TFG114"
    PYTHON_VALUE = "TFG201"
    NUMPY_FUNCTION = "TFG202"
    NUMPY_CALLBACK = "TFG203"
    NEW_VARIABLE = "TFG204"
    PREDICTED = "TFG205"
    #: Another library than NumPy, or Keras' own way to NumPy, computes on the only path.
    OTHER_LIBRARY = "TFG206"
    NO_GRADIENT = "TFG301"
    INTEGER_CAST = "TFG302"
    INTEGER_SOURCE = "TFG303"
    UNREGISTERED = "TFG304"
    ZERO_GRADIENT = "TFG305"
    STOP_GRADIENT = "TFG306"
    #: A term of a sum carries no gradient, another one does.
    IDLE_TERM = "TFG308"
    #: A loss given to Keras does not depend differentiably on the prediction.
    KERAS_LOSS = "TFG401"
    #: Gradients and variables handed to an optimizer the wrong way round, or not in pairs.
    SWAPPED_PAIRS = "TFG402"
    #: A gradient paired with another variable than its own.
    MISMATCHED_VARIABLES = "TFG403"
    #: Variables listed before the model had any.
    UNBUILT = "TFG404"
    #: A weight in an attribute that Keras, or tf.Module, does not track.
    UNTRACKED = "TFG405"
    #: Layers or variables are created anew by every call.
    CREATED_IN_CALL = "TFG406"
    #: A metric stands where a loss belongs.
    METRIC_AS_LOSS = "TFG407"
    #: ``minimize`` of an optimizer of Keras 3, which has none.
    MINIMIZE = "TFG408"
    #: The forward pass stops the gradient between two trainable parts.
    CUT_OFF = "TFG409"
    #: Gradients that nothing reads, or that are filtered out to the last.
    UNUSED_GRADIENT = "TFG410"
    #: Sources frozen by ``trainable = False``.
    FROZEN = "TFG411"
    #: An optimizer is given a variable that it was not built for.
    FOREIGN_VARIABLE = "TFG412"
    #: What only stands for a tensor in a model of Keras 3 is given to TensorFlow.
    SYMBOLIC_TENSOR = "TFG413"
    #: A small number that was to keep a step from zero is lost in rounding.
    LOST_IN_ROUNDING = "TFG501"
    #: The logarithm of a probability that was computed by hand.
    LOG_OF_PROBABILITY = "TFG502"
    #: Exponentials that overflow.
    OVERFLOW = "TFG503"
    #: A softmax over an axis of one element.
    AXIS_OF_ONE = "TFG504"
    #: A step without a slope at zero, of what a ``relu`` has made zero.
    BEHIND_RELU = "TFG505"
    #: A step without a value or a slope at zero is given one.
    PROVEN_ZERO = "TFG506"
    #: A step that gives zeros alone at the numbers with which the program begins, and so for ever.
    STRUCTURAL_ZERO = "TFG507"
    #: A function that is a loss by its name or its parameters has no gradient, and nothing asks for one.
    LOSS_FUNCTION = "TFG903"
    #: The same as ``IDLE_TERM``, where it may be meant: rounded, compared, or computed before the tape.
    TERM_WITHOUT_GRADIENT = "TFG908"
