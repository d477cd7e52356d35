"""What TensorFlow does with a program, on every path that it can take, and whatever the numbers are."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType, ModuleType
from typing import Any

from tfgradlint.evidence.observe import Failure, observe, tensorflow
from tfgradlint.evidence.training import Trained

#: Where a request stands, and the words of its evaluations in order.
Place = tuple[int, "int | None"]
Words = list[tuple[str, ...]]

#: Programs ask for ``len(sys.argv) > 5``: both answers are tried.
_SHORT, _LONG = ["program.py"], ["program.py", *"abcdef"]
#: The operations whose gradient is zeros for all inputs.
_ZERO_GRADIENTS = frozenset({"Sign", "NextAfter"})
#: The line that begins another module, a string: comments do not outlive the tools that make programs smaller.
_MODULE = re.compile(r"^(['\"])(\w+)\.py\1\n", re.MULTILINE)

#: Seconds after which a program is taken to be endless: a name may be bound anew that ends its loop.
ENDLESS = 20


class Endless(Exception):
    """The program goes on for longer than any program should."""


@dataclass
class Seen:
    """The outcomes of a program's requests by place, how it ended, and the lines of its requests."""

    words: dict[Place, Words] = field(default_factory=lambda: defaultdict(list))
    endings: list[Failure] = field(default_factory=list)
    #: What reached the variables, by the line of the optimizer's call or of ``fit``.
    training: dict[int, str] = field(default_factory=dict)
    #: The calls of ``fit`` and ``train_on_batch``, in order.
    trained: list[Trained] = field(default_factory=list)


def modules(text: str) -> tuple[str, dict[str, str]]:
    """The program of a text, and the other modules that follow it, by name."""
    program, *others = _MODULE.split(text)
    return program, dict(zip(others[1::3], others[2::3], strict=True))


def run(text: str) -> Seen:
    """Run a program, twice where it asks for the command line."""
    seen = Seen()
    for argv in (_SHORT, _LONG) if "sys." in text else (_SHORT,):
        _run(text, argv, seen)
    return seen


def stirred(text: str) -> Seen:
    """What a gradient by the same steps looks like when no number is an accident.

    ``x - x`` has a gradient, which is zero for every ``x``, and so has a ``relu`` of negative numbers. So each
    gradient of a single operation is multiplied, element by element, by numbers near one, and others near zero are
    added, unless there was nothing coming in or the operation gives zeros whatever its inputs are. What was never
    connected stays so.
    """
    with _stirring():
        return run(text)


def reaches(text: str, line: int) -> bool:
    """Whether a line is executed at all."""
    reached: set[int] = set()

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        if os.path.basename(frame.f_code.co_filename) != "program.py":
            return None
        reached.add(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run(text)
    finally:
        sys.settrace(before)
    return line in reached


def _run(text: str, argv: list[str], seen: Seen) -> None:
    before, sys.argv = sys.argv, list(argv)
    handler = signal.signal(signal.SIGALRM, _end)
    signal.setitimer(signal.ITIMER_REAL, ENDLESS, 5)  # again and again: the program may handle what is raised
    program, others = modules(text)
    try:
        with _importable(others):
            observation = observe(program)
    except Endless:  # raised behind the program itself
        seen.endings.append(Failure("Endless", "", 0, at_request=False, in_graph=False))
        return
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        sys.argv = before
    for evaluation in observation.evaluations:
        seen.words[(evaluation.site.line, evaluation.site.column)].append(evaluation.words)
    seen.training.update(observation.training)
    seen.trained += observation.trained
    if observation.failure is not None:
        seen.endings.append(observation.failure)


@contextmanager
def _importable(others: Mapping[str, str]) -> Iterator[None]:
    """Modules that a program can import while it runs, made anew for it."""
    for name, text in others.items():
        sys.modules[name] = module = ModuleType(name)
        exec(compile(text, f"{name}.py", "exec"), module.__dict__)
    try:
        yield
    finally:
        for name in others:
            del sys.modules[name]


def _end(signum: int, frame: FrameType | None) -> None:
    raise Endless


@contextmanager
def _stirring() -> Iterator[None]:
    import numpy as np
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import backprop

    tf = tensorflow()
    source = np.random.default_rng(0)
    original = backprop._gradient_function

    def stir(gradient: Any) -> Any:
        if not isinstance(gradient, tf.Tensor) or not gradient.dtype.is_floating:
            return gradient
        if not gradient.shape.is_fully_defined():
            return gradient
        shape, dtype = tuple(gradient.shape), gradient.dtype.as_numpy_dtype
        factors = np.asarray(source.uniform(0.5, 2.0, shape), dtype)
        return gradient * factors + np.asarray(source.uniform(0.01, 0.02, shape), dtype)

    def arrives(incoming: Any) -> bool:
        """Whether there may be something in a gradient; in a graph nobody knows."""
        if not isinstance(incoming, tf.Tensor):
            return incoming is not None
        return not hasattr(incoming, "numpy") or bool(np.any(incoming.numpy()))

    def stirred_gradients(*args: Any) -> Any:
        gradients = original(*args)
        name, incoming = args[0], args[5]
        if name in _ZERO_GRADIENTS or not any(map(arrives, incoming)):
            return gradients
        if isinstance(gradients, (list, tuple)):
            return [stir(gradient) for gradient in gradients]
        return stir(gradients)

    pywrap_tfe.TFE_Py_RegisterGradientFunction(stirred_gradients)
    try:
        yield
    finally:
        pywrap_tfe.TFE_Py_RegisterGradientFunction(original)
