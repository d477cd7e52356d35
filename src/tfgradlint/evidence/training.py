"""Records what reaches the variables where a program calls an optimizer or ``fit``.

Keras' methods are replaced while a program runs. The optimizer's ``apply``, through which every update goes, tells
the gradients; the site is the nearest line of the program on the stack. Compiled training loops trace ``apply``
once and run it often, so what happened between the start and the end of a ``fit`` counts for that ``fit``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tfgradlint.evidence.log import WIDTH, Log
from tfgradlint.evidence.record import exception_name
from tfgradlint.evidence.sites import Site, Sites

#: The user's calls that hand gradients to an optimizer, and those that train by themselves.
UPDATES = ("apply_gradients", "apply", "minimize")
LOOPS = ("fit", "train_on_batch")


@dataclass(slots=True)
class Reached:
    """What reached the variables at one place: the words for each variable, by its identity."""

    words: dict[int, set[str]] = field(default_factory=dict)
    raised: str = ""

    def add(self, variables: list[Any], words: list[str]) -> None:
        """One evaluation."""
        for variable, word in zip(variables, words, strict=False):
            self.words.setdefault(id(variable), set()).add(word)

    @property
    def word(self) -> str:
        """The word of a ``training`` comment."""
        if self.raised:
            return f"raises:{self.raised}"
        if any("nonfinite" in words for words in self.words.values()):
            return "nonfinite"
        trained = ["flows" in words for words in self.words.values()]
        if not any(trained):
            return "nothing"
        return "all" if all(trained) else "some"


@dataclass(slots=True)
class TracedUpdate:
    """An update in a graph. It keeps the variables alive: they are told apart by identity."""

    site: Site | None
    variables: list[Any]
    words: list[str]


@dataclass(slots=True)
class Training:
    """Collects the updates of one program."""

    sites: Sites
    tf: Any
    log: Log
    #: The last exception that left a call of the program which updates variables.
    raised: BaseException | None = None
    _reached: dict[int, Reached] = field(default_factory=dict)
    _loops: list[Reached] = field(default_factory=list)
    _spans: list[tuple[Reached, int, int]] = field(default_factory=list)
    _kept: list[Any] = field(default_factory=list)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Replace the methods of Keras 3 that update variables. Under Keras 2 nothing is recorded of them."""
        from keras import Model, __version__

        if __version__.startswith("2."):
            yield
            return
        from keras.optimizers import LossScaleOptimizer, Optimizer

        wrappers = [(Optimizer, "apply", self._apply), (Optimizer, "apply_gradients", self._handing)]
        wrappers += [(LossScaleOptimizer, "apply", self._handing)]
        wrappers += [(_owner(Model, name), name, self._loop) for name in LOOPS]
        originals = []
        for kind, name, wrapper in wrappers:
            owner = _owner(kind, name)
            originals.append((owner, name, owner.__dict__[name]))
            setattr(owner, name, wrapper(owner.__dict__[name]))
        try:
            yield
        finally:
            for owner, name, original in originals:
                setattr(owner, name, original)

    def words(self) -> dict[int, str]:
        """The word for each line that was reached."""
        rows = self.log.rows()
        for position, (number, written) in enumerate(rows):
            update = self.log.entries[number]
            if not isinstance(update, TracedUpdate):
                continue
            words = [word if word == "none" else written[place] for place, word in enumerate(update.words)]
            within = [reached for reached, start, end in self._spans if start <= position < end]
            for reached in [*within, *self._at(update.site)]:
                reached.add(update.variables, words)
        return {line: reached.word for line, reached in sorted(self._reached.items())}

    def _apply(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def apply(optimizer: Any, grads: Any, trainable_variables: Any = None) -> Any:
            site = self.sites.nearest(UPDATES)
            with self._raising(site):
                if trainable_variables is not None:
                    trainable_variables = list(trainable_variables)
                result = original(optimizer, grads, trainable_variables)
            variables = optimizer._trainable_variables if trainable_variables is None else trainable_variables
            self._judge(site, list(grads), list(variables))
            return result

        return apply

    def _handing(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """For methods that end in ``apply``, and may raise before they do."""

        @functools.wraps(original)
        def handing(*args: Any, **kwargs: Any) -> Any:
            with self._raising(self.sites.nearest(UPDATES)):
                return original(*args, **kwargs)

        return handing

    def _loop(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def loop(*args: Any, **kwargs: Any) -> Any:
            site = self.sites.nearest(LOOPS)
            reached = self._at(site)
            start = self.log.position()
            self._loops += reached
            try:
                with self._raising(site):
                    return original(*args, **kwargs)
            finally:
                del self._loops[len(self._loops) - len(reached) :]
                self._spans += [(one, start, self.log.position()) for one in reached]

        return loop

    def _judge(self, site: Site | None, gradients: list[Any], variables: list[Any]) -> None:
        self._kept += variables
        if self.tf.executing_eagerly():
            words = [self.log.word(gradient) for gradient in gradients]
            for reached in [*self._loops, *self._at(site)]:
                reached.add(variables, words)
            return
        for start in range(0, len(gradients), WIDTH):
            part = slice(start, start + WIDTH)
            words = ["none" if gradient is None else "tensor" for gradient in gradients[part]]
            self.log.enter(TracedUpdate(site, variables[part], words), gradients[part])

    @contextmanager
    def _raising(self, site: Site | None) -> Iterator[None]:
        """Note that the site was reached, and the exception that leaves it."""
        reached = self._at(site)
        try:
            yield
        except Exception as error:
            self.raised = error
            for one in reached:
                one.raised = exception_name(error)
            raise

    def _at(self, site: Site | None) -> list[Reached]:
        return [] if site is None else [self._reached.setdefault(site.line, Reached())]


def _owner(kind: type, name: str) -> Any:
    """The class that defines a method."""
    return next(one for one in kind.__mro__ if name in vars(one))
