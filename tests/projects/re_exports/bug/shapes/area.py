import numpy as np
import tensorflow as tf

from . import units

__all__ = ["area"]


def area(x):
    return np.sum(x * units.SCALE)  # expect: TFG202


def hidden(x):
    return np.sum(x)
