"""Records what TensorFlow gives at every gradient request of one program.

The tape's methods are replaced while a program runs. A request made in eager mode is judged at once, one
made while a graph is traced whenever the graph runs, through the log.
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

from tfgradlint.evidence.log import WIDTH, Log
from tfgradlint.evidence.sites import Site, Sites

#: The user's calls that ask for gradients.
TAPE_METHODS = ("gradient", "jacobian", "batch_jacobian")


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
    log: Log
    _done: list[tuple[float, Evaluation]] = field(default_factory=list)
    _inside: threading.local = field(default_factory=threading.local)
    #: The last exception that a request raised.
    raised: BaseException | None = None

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Replace TensorFlow's requests by recorded ones."""
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
        done = [*self._done, *self.in_graphs(failed=failed)]
        done.sort(key=lambda pair: pair[0])
        return [evaluation for _, evaluation in done]

    def in_graphs(self, *, failed: bool) -> Iterator[tuple[float, Evaluation]]:
        """The evaluations in graphs, each with its time."""
        ran = set()
        for position, (number, written) in enumerate(self.log.rows()):
            traced = self.log.entries[number]
            if not isinstance(traced, Traced):
                continue
            ran.add(number)
            words = tuple(
                known if known == "none" or place >= WIDTH else written[place]
                for place, known in enumerate(traced.words)
            )
            yield position + 0.5, Evaluation(traced.site, words)
        for number, traced in enumerate(self.log.entries if failed else ()):
            if isinstance(traced, Traced) and number not in ran:
                yield traced.time, Evaluation(traced.site, traced.words)

    def _recorded(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        # functools.wraps also keeps AutoGraph away: it goes by the module a function says it is from.
        @functools.wraps(original)
        def request(*args: Any, **kwargs: Any) -> Any:
            inside = getattr(self._inside, "request", False)
            site = None if inside else self.sites.of(sys._getframe(), name)
            if site is None:
                return original(*args, **kwargs)
            self._inside.request = True
            self._begin(*args, **kwargs)
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

    def _begin(self, *args: Any, **kwargs: Any) -> None:
        """What is done before a request; ``args`` and ``kwargs`` are those of the call."""

    def _judge(self, site: Site, result: Any) -> None:
        gradients = self.tf.nest.flatten(result)
        if not gradients:
            self._add(Evaluation(site, ("empty",)))
        elif self.tf.executing_eagerly():
            self._add(Evaluation(site, tuple(self.log.word(gradient) for gradient in gradients)))
        else:
            words = tuple("none" if gradient is None else "tensor" for gradient in gradients)
            if _vectorising():  # a loop that TensorFlow vectorises cannot write to variables
                self._add(Evaluation(site, words))
                return
            self.log.enter(Traced(site, words, self._time()), gradients)

    def _add(self, evaluation: Evaluation) -> None:
        self._done.append((self._time(), evaluation))

    def _time(self) -> float:
        """Later than the rows that graphs have written, earlier than the next; later than any time before."""
        return self.log.position() + 1e-6 * (len(self._done) + len(self.log.entries))


def exception_name(error: BaseException) -> str:
    """The name of an exception's type, where AutoGraph made a type of its own that of its base."""
    kind = type(error)
    if kind.__name__ == "MultilineMessageKeyError":
        return "KeyError"
    return kind.__name__


def _vectorising() -> bool:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if "parallel_for" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False
