"""Records what TensorFlow gives at every gradient request of one program.

The tape's methods are replaced while a program runs. A request made in eager mode is judged at once. A
request made while a graph is traced has no value yet: the operations that judge it are put into the graph
and write into a variable, which works in loops, in branches and under XLA alike, where callbacks do not.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from tfgradlint.evidence.sites import Site, Sites

#: The user's calls that ask for gradients.
TAPE_METHODS = ("gradient", "jacobian", "batch_jacobian")

_LOG_ROWS, _LOG_SOURCES = 4096, 32
_CODES = ("none", "zero", "nonfinite", "flows")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation of a request: one word a source, or a single ``raises:Type``."""

    site: Site
    words: tuple[str, ...]


@dataclass(slots=True)
class Traced:
    """A request in a graph; ``words`` holds what is known without running it."""

    site: Site
    words: tuple[str, ...]
    time: float


@dataclass(slots=True)
class Recorder:
    """Collects the evaluations of one program."""

    sites: Sites
    tf: Any
    _log: Any = None
    _cursor: Any = None
    _traced: list[Traced] = field(default_factory=list)
    _done: list[tuple[float, Evaluation]] = field(default_factory=list)
    _inside: threading.local = field(default_factory=threading.local)
    #: The last exception that a request raised.
    raised: BaseException | None = None

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Replace TensorFlow's requests by recorded ones."""
        self._log, self._cursor = _log_variables()
        self._log.assign(self.tf.zeros_like(self._log))
        self._cursor.assign(0)
        patched = [(self.tf.GradientTape, name) for name in TAPE_METHODS] + [(self.tf, "gradients")]
        originals = [(owner, name, getattr(owner, name)) for owner, name in patched]
        for owner, name, original in originals:
            setattr(owner, name, self._recorded(name, original))
        try:
            yield
        finally:
            for owner, name, original in originals:
                setattr(owner, name, original)

    def evaluations(self, *, failed: bool) -> list[Evaluation]:
        """All evaluations in order.

        A request in a graph counts as often as the graph ran. Where the program failed while tracing the
        graph never ran, and what is known without running has to do: ``none``, else ``tensor``.
        """
        rows = self._log.numpy()[: int(self._cursor.numpy())]
        ran = {int(row[0]) for row in rows}
        done = list(self._done)
        for position, row in enumerate(rows):
            traced = self._traced[int(row[0])]
            words = tuple(
                known if known == "none" or place >= _LOG_SOURCES else _CODES[row[1 + place]]
                for place, known in enumerate(traced.words)
            )
            done.append((position + 0.5, Evaluation(traced.site, words)))
        if failed:
            done += [
                (traced.time, Evaluation(traced.site, traced.words))
                for number, traced in enumerate(self._traced)
                if number not in ran
            ]
        done.sort(key=lambda pair: pair[0])
        return [evaluation for _, evaluation in done]

    def _recorded(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        # functools.wraps also keeps AutoGraph away: it goes by the module a function says it is from.
        @functools.wraps(original)
        def request(*args: Any, **kwargs: Any) -> Any:
            inside = getattr(self._inside, "request", False)
            site = None if inside else self.sites.of(sys._getframe(), name)
            if site is None:
                return original(*args, **kwargs)
            self._inside.request = True
            try:
                result = original(*args, **kwargs)
            except Exception as error:
                self.raised = error
                self._add(Evaluation(site, (f"raises:{exception_name(error)}",)))
                raise
            finally:
                self._inside.request = False
            self._judge(site, result)
            return result

        return request

    def _judge(self, site: Site, result: Any) -> None:
        gradients = self.tf.nest.flatten(result)
        if not gradients:
            self._add(Evaluation(site, ("empty",)))
        elif self.tf.executing_eagerly():
            self._add(Evaluation(site, tuple(self._eager_word(gradient) for gradient in gradients)))
        else:
            words = tuple("none" if gradient is None else "tensor" for gradient in gradients)
            if _vectorising():  # a loop that TensorFlow vectorises cannot write to variables
                self._add(Evaluation(site, words))
                return
            self._traced.append(Traced(site, words, self._time()))
            self._write(len(self._traced) - 1, gradients)

    def _add(self, evaluation: Evaluation) -> None:
        self._done.append((self._time(), evaluation))

    def _time(self) -> float:
        """Later than the rows that graphs have written, earlier than the next; later than any time before."""
        with self.tf.init_scope():
            written = int(self._cursor.numpy())
        return written + 1e-6 * (len(self._done) + len(self._traced))

    def _eager_word(self, gradient: Any) -> str:
        return "none" if gradient is None else _CODES[int(self._code(gradient))]

    def _write(self, number: int, gradients: list[Any]) -> None:
        tf = self.tf
        codes = [0 if gradient is None else self._code(gradient) for gradient in gradients[:_LOG_SOURCES]]
        row = tf.stack([number, *codes, *[0] * (_LOG_SOURCES - len(codes))])
        self._log.scatter_nd_update([[self._cursor.read_value()]], [row])
        self._cursor.assign_add(1)

    def _code(self, gradient: Any) -> Any:
        """The index into ``_CODES``, as a tensor."""
        tf = self.tf
        value = gradient
        for name in ("values", "flat_values"):  # IndexedSlices and SparseTensor; RaggedTensor
            if not tf.is_tensor(value) or hasattr(value, "dense_shape") or hasattr(value, "flat_values"):
                value = getattr(value, name, value)
        value = tf.convert_to_tensor(value)
        parts = [tf.math.real(value), tf.math.imag(value)] if value.dtype.is_complex else [value]
        # Of a gradient without elements none is zero.
        nonzero = tf.reduce_any([tf.reduce_any(tf.not_equal(part, 0)) for part in parts]) | (tf.size(value) == 0)
        code = tf.where(nonzero, 3, 1)
        if value.dtype.is_floating or value.dtype.is_complex:
            finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(part)) for part in parts])
            code = tf.where(finite, code, 2)
        return code


def exception_name(error: BaseException) -> str:
    """The name of an exception's type, where AutoGraph made a type of its own that of its base."""
    kind = type(error)
    if kind.__name__ == "MultilineMessageKeyError":
        return "KeyError"
    return kind.__name__


@functools.cache
def _log_variables() -> tuple[Any, Any]:
    import tensorflow as tf

    log = tf.Variable(tf.zeros([_LOG_ROWS, 1 + _LOG_SOURCES], tf.int32), trainable=False)
    cursor = tf.Variable(0, trainable=False)
    return log, cursor


def _vectorising() -> bool:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if "parallel_for" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False
