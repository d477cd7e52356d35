"""The kinds of break that a cause has, where it is not an operation that makes it."""

from __future__ import annotations

from enum import Enum

from tfgradlint.flow.graph.details import Detail


class Prediction(Detail, Enum):
    """The method of a model that gives no tensor (``PREDICTED``). The value is its name."""

    PREDICT = "predict"
    PREDICT_ON_BATCH = "predict_on_batch"
    EVALUATE = "evaluate"
    TEST_ON_BATCH = "test_on_batch"
