"""What TensorFlow does with a program, on every path that it can take, and with other numbers."""

from __future__ import annotations

import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tfgradlint.evidence.observe import Failure, observe, tensorflow

#: Where a request stands, and the words of its evaluations in order.
Place = tuple[int, "int | None"]
Words = list[tuple[str, ...]]

#: Programs ask for ``len(sys.argv) > 5``: both answers are tried.
_SHORT, _LONG = ["program.py"], ["program.py", *"abcdef"]
_NUMBER = re.compile(r"(?<![\w.\]])\d+\.\d+(?![\w.])")


@dataclass
class Seen:
    """The outcomes of a program's requests by place, how it ended, and the lines of its requests."""

    words: dict[Place, Words] = field(default_factory=lambda: defaultdict(list))
    endings: list[Failure] = field(default_factory=list)


def run(text: str) -> Seen:
    """Run a program, twice where it asks for the command line."""
    seen = Seen()
    for argv in (_SHORT, _LONG) if "sys." in text else (_SHORT,):
        _run(text, argv, seen)
    return seen


def others(text: str) -> Iterator[Seen]:
    """What a gradient by the same steps looks like when no number is an accident.

    ``x - x`` has a gradient, which is zero for every ``x``: first every gradient of a single operation is
    multiplied by numbers near one, so that nothing cancels out. A ``relu`` of negative numbers has one too: then
    the numbers of the program are replaced by others.
    """
    with _shaken():
        yield run(text)
        for attempt, (low, high) in enumerate(((0.15, 0.85), (-1.5, 1.5), (0.4, 2.4), (-0.9, 0.2), (-3.0, -0.2))):
            yield run(_renumbered(text, random.Random(attempt), low, high))


def _run(text: str, argv: list[str], seen: Seen) -> None:
    before, sys.argv = sys.argv, list(argv)
    try:
        observation = observe(text)
    finally:
        sys.argv = before
    for evaluation in observation.evaluations:
        seen.words[(evaluation.site.line, evaluation.site.column)].append(evaluation.words)
    if observation.failure is not None:
        seen.endings.append(observation.failure)


def _renumbered(text: str, source: random.Random, low: float, high: float) -> str:
    """The program with other numbers in its lists; an exponent stays."""
    return _NUMBER.sub(lambda match: f"{source.uniform(low, high):.3f}".replace("-", " -"), text)


@contextmanager
def _shaken() -> Iterator[None]:
    """Every gradient of an operation multiplied, element by element, by numbers between one half and two."""
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import backprop

    import numpy as np

    tf = tensorflow()
    source = np.random.default_rng(0)
    original = backprop._gradient_function

    def shake(gradient: Any) -> Any:
        if not tf.is_tensor(gradient) or not hasattr(gradient, "numpy") or not gradient.dtype.is_floating:
            return gradient
        factors = source.uniform(0.5, 2.0, tuple(gradient.shape)).astype(gradient.dtype.as_numpy_dtype)
        return gradient * tf.constant(factors, gradient.dtype)

    def shaken(*args: Any) -> Any:
        return [shake(gradient) for gradient in original(*args)]

    pywrap_tfe.TFE_Py_RegisterGradientFunction(shaken)
    try:
        yield
    finally:
        pywrap_tfe.TFE_Py_RegisterGradientFunction(original)
