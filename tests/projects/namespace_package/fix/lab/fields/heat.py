import tensorflow as tf

from lab.fields import grids


def residual(u, x):
    return u * grids.spacing(x)


def count(x):
    return len(x)
