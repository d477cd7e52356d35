"""What TensorFlow does with a program that trains: the requests, every update, and which weights moved."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tfgradlint.evidence.observe import tensorflow

from ..running import Seen, run


@dataclass
class Weight:
    """A trainable variable of the program."""

    variable: Any
    first: Any
    moved: bool = False
    #: Whether its first value was seen at all.
    seen: bool = True

    def look(self, ended: bool = False) -> None:
        """Compare it with its first value; one that a graph creates has none when it is created."""
        now = self.variable.numpy()
        if self.first is None or self.first.shape != now.shape:
            self.first, self.seen = now, not ended
        self.moved = bool((now != self.first).any())


@dataclass
class Ledger:
    """What was created and trained."""

    weights: list[Weight] = field(default_factory=list)
    #: How many variables each line has created.
    created: Counter[int] = field(default_factory=Counter)
    #: Calls that handed gradients to other variables than those they were computed for.
    mismatched: int = 0
    #: The sources of the requests, in order.
    requested: list[list[Any]] = field(default_factory=list)

    @property
    def stopped(self) -> list[Weight]:
        """The weights that have not moved."""
        return [each for each in self.weights if not each.moved]

    def left_out(self) -> bool:
        """Whether some request had no sources, or lacked a weight among them."""
        wanted = {id(each.variable) for each in self.weights}
        return any(not sources or not wanted <= {id(one) for one in sources} for sources in self.requested)

    def why(self, weight: Weight) -> str:
        """In which way a weight has not been trained."""
        if not weight.seen:
            return ""
        asked = any(weight.variable is one for sources in self.requested for one in sources)
        return "a weight that is asked for does not move" if asked else "a weight is never asked for"

    def told(self) -> str:
        """A line about the weights."""
        return f"{len(self.stopped)} of {len(self.weights)} weights have not moved"


def observe_training(text: str) -> tuple[Seen, Ledger]:
    """Run a program."""
    ledger = Ledger()
    with _watching(ledger):
        seen = run(text)
    for each in ledger.weights:
        each.look(ended=True)
    return seen, ledger


@contextmanager
def _watching(ledger: Ledger) -> Iterator[None]:
    tf = tensorflow()
    import keras
    from tensorflow.python.ops import resource_variable_ops as ops

    kind, tape = ops.BaseResourceVariable, tf.GradientTape
    update = "apply" if hasattr(keras.optimizers.Optimizer, "apply") else "apply_gradients"  # as in Keras 2
    optimizer = next(each for each in keras.optimizers.Optimizer.__mro__ if update in vars(each))
    originals = [(kind, "__init__"), (tape, "gradient"), (optimizer, update), (tape, "jacobian")]
    kept = [owner.__dict__[name] for owner, name in originals]

    def created(self: Any, *args: Any, **kwargs: Any) -> None:
        kept[0](self, *args, **kwargs)
        lines, keepers = _stack()
        ledger.created.update(lines)
        if keepers:  # the state of an optimizer or of a metric
            return
        if self.trainable and self.dtype.is_floating and hasattr(self, "numpy"):
            with tf.init_scope():
                try:
                    first = self.numpy()
                except Exception:  # without a value yet, in a graph
                    first = None
                ledger.weights.append(Weight(self, first))

    def look() -> None:
        if tf.executing_eagerly():
            for each in ledger.weights:
                if each.first is None:
                    each.look()

    def request(original: Callable[..., Any], self: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
        flat = [_plain(each) for each in tf.nest.flatten(sources)]
        if any(isinstance(each, kind) for each in flat) or not flat:
            ledger.requested.append(flat)
        look()
        return original(self, target, sources, *args, **kwargs)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        return request(kept[1], *args, **kwargs)

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        return request(kept[3], *args, **kwargs)

    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> Any:
        look()
        grads = list(grads)
        if trainable_variables is not None:
            trainable_variables = list(trainable_variables)
            compare(grads, trainable_variables)
        return kept[2](self, grads, trainable_variables)

    def apply_gradients(self: Any, grads_and_vars: Any, *args: Any, **kwargs: Any) -> Any:
        look()
        pairs = list(grads_and_vars)
        compare(pairs, [pair[1] for pair in pairs])
        return kept[2](self, pairs, *args, **kwargs)

    def compare(grads: list[Any], variables: list[Any]) -> None:
        flat = [_plain(each) for each in variables]
        known = not ledger.requested or any(_within(flat, one) for one in ledger.requested[-2:])
        if not known or len(grads) != len(flat):
            ledger.mismatched += 1

    wrappers: list[Callable[..., Any]] = [created, gradient, apply if update == "apply" else apply_gradients, jacobian]
    for (owner, name), wrapper in zip(originals, wrappers, strict=True):
        setattr(owner, name, wrapper)
    try:
        yield
    finally:
        for (owner, name), original in zip(originals, kept, strict=True):
            setattr(owner, name, original)


def _stack() -> tuple[set[int], bool]:
    """The lines of the program that are being executed, and whether an optimizer or a metric is at work."""
    lines, keepers = set(), False
    frame = sys._getframe(1).f_back
    while frame is not None:
        filename = frame.f_code.co_filename
        if os.path.basename(filename) == "program.py":
            lines.add(frame.f_lineno)
        keepers = keepers or "/keras/src/optimizers/" in filename or "/keras/src/metrics/" in filename
        frame = frame.f_back
    return lines, keepers


def _plain(variable: Any) -> Any:
    """TensorFlow's variable within one of Keras."""
    return getattr(variable, "value", variable) if hasattr(variable, "regularizer") else variable


def _within(part: list[Any], whole: list[Any]) -> bool:
    """Whether the one list is the other with some left out."""
    rest = iter(whole)
    return all(any(one is each for each in rest) for one in part)
