"""What has the name of a request, and is a function of a module or a method of an object that is no tape."""

from __future__ import annotations

import tfgradlint

PROGRAM = """
import autograd
import helpers
import numpy as np
import tensorflow as tf
from elsewhere import thing


class Grid:
    def gradient(self, values, axis):
        return np.gradient(values, axis)


def slopes(x, unknown):
    autograd.jacobian(x, 0)
    autograd.numpy.gradient(x, 0)
    np.gradient(x, 0)
    helpers.gradient(x, 0)
    Grid().gradient(x, 0)
    thing.gradient(x, 1)
    helpers.tape.gradient(x, 2)
    unknown.gradient(x, 3)


def of_either(tape_or_grid, flag):
    each = Grid() if flag else tape_or_grid
    return each.gradient(flag, 4)
"""


def test_only_what_may_be_a_tape_is_asked_for_gradients() -> None:
    said = [(each.sources[0].source, each.verdict) for each in tfgradlint.predict(PROGRAM)]
    assert said == [("1", "unknown"), ("2", "unknown"), ("3", "unknown"), ("4", "unknown")]
