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
    PYTHON_VALUE = "TFG201"
    NUMPY_FUNCTION = "TFG202"
    NUMPY_CALLBACK = "TFG203"
    NEW_VARIABLE = "TFG204"
    PREDICTED = "TFG205"
    NO_GRADIENT = "TFG301"
    INTEGER_CAST = "TFG302"
    INTEGER_SOURCE = "TFG303"
    UNREGISTERED = "TFG304"
    ZERO_GRADIENT = "TFG305"
    STOP_GRADIENT = "TFG306"
    #: Another library than NumPy, or Keras' own way to NumPy, computes on the only path.
    OTHER_LIBRARY = "TFG206"
    #: A loss given to Keras does not depend differentiably on the prediction.
    KERAS_LOSS = "TFG401"
    #: Layers or variables are created anew by every call.
    CREATED_IN_CALL = "TFG406"
    #: A metric stands where a loss belongs.
    METRIC_AS_LOSS = "TFG407"
    #: The forward pass stops the gradient between two trainable parts.
    CUT_OFF = "TFG409"
    #: A function that is a loss by its name or its parameters has no gradient, and nothing asks for one.
    LOSS_FUNCTION = "TFG903"
