"""Where values come from of which Keras says nothing, or not all."""

from __future__ import annotations

from functools import lru_cache

from tfgradlint.flow.graph.origins import Kind, Origin

#: What a layer returned.
LAYER = Origin(Kind.MADE, "layer")
#: A layer that a model or another layer has.
SUBLAYER = Origin(Kind.PART, "layer")
#: What a model returned that holds layers nobody sees: they may be those of another model.
MODEL = Origin(Kind.GIVEN_UP, "model")
ACTIVATION = Origin(Kind.MADE, "activation")
LOSS = Origin(Kind.MADE, "loss")
ADDED_LOSS = Origin(Kind.MADE, "added loss")
#: A loss that its weight may switch off.
LOSS_WEIGHT = Origin(Kind.MADE, "loss weight")
COMPUTE_LOSS = Origin(Kind.MADE, "compute_loss")
#: What a model is given of the data, one batch at a time.
BATCH = Origin(Kind.PART, "batch")
TRUTH = Origin(Kind.OUTSIDE, "truth")
#: Losses that layers add for their weights may reach those behind a step without a gradient.
REGULARIZER = Origin(Kind.UNDECIDED, "regularizer")

#: Which of the traces runs that Keras keeps.
TRACE = Origin(Kind.UNDECIDED, "trace")


@lru_cache(maxsize=64)
def named_loss(name: str) -> Origin:
    """What a loss returned that a model was given by its name."""
    return Origin(Kind.MADE, f"loss {name}")
