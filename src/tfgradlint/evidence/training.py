"""Records what reaches the variables where a program calls an optimizer or ``fit``.

Keras' methods are replaced while a program runs. The optimizer's ``apply``, through which every update goes, tells
the gradients (in Keras 2 ``apply_gradients``); the site is the nearest line of the program on the stack. Compiled
training loops trace it once and run it often, so what happened between the start and the end of a ``fit`` counts for
that ``fit``.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tfgradlint.evidence.log import WIDTH, Log
from tfgradlint.evidence.record import exception_name
from tfgradlint.evidence.sites import Site, Sites
from tfgradlint.knowledge.versions import choose_keras

#: The user's calls that hand gradients to an optimizer, and those that train by themselves.
UPDATES = ("apply_gradients", "apply", "minimize")
LOOPS = ("fit", "train_on_batch")

#: Of methods to replace the class, the name, and what makes the new one of the old one.
Wrappers = list[tuple[Any, str, Callable[[Callable[..., Any]], Callable[..., Any]]]]


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


@dataclass(frozen=True, slots=True)
class Trained:
    """One call of ``fit`` or ``train_on_batch``: the words for variables; one that was not updated has none."""

    site: Site
    #: Those that the model lists as trainable when the call ends, in order; None where it can list none.
    listed: tuple[frozenset[str], ...] | None
    #: Those that were updated, in order.
    updated: tuple[frozenset[str], ...]
    raised: str


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
    _reached: dict[tuple[str, int], Reached] = field(default_factory=dict)
    _loops: list[Reached] = field(default_factory=list)
    _calls: list[tuple[Site, Reached, list[Any] | None]] = field(default_factory=list)
    _spans: list[tuple[Reached, int, int]] = field(default_factory=list)
    #: Variables by their identity, by which they are told apart: they are kept alive.
    _kept: dict[int, Any] = field(default_factory=dict)

    @contextmanager
    def recording(self, keras: Any) -> Iterator[None]:
        """Replace the methods of this Keras that update variables."""
        wrappers = self._of_keras_2(keras) if keras.__version__.startswith("2.") else self._of_keras_3(keras)
        wrappers += [(keras.Model, name, self._loop) for name in LOOPS]
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

    def _of_keras_3(self, keras: Any) -> Wrappers:
        optimizers = keras.optimizers
        return [
            (optimizers.Optimizer, "apply", self._apply),
            (optimizers.Optimizer, "apply_gradients", self._handing),
            (optimizers.LossScaleOptimizer, "apply", self._handing),
        ]

    def _of_keras_2(self, keras: Any) -> Wrappers:
        scaled = keras.mixed_precision.LossScaleOptimizer
        scaling = [type(scaled(module.SGD())) for module in (keras.optimizers, keras.optimizers.legacy)]
        updating = [keras.optimizers.Optimizer, keras.optimizers.legacy.Optimizer]
        return [
            *((kind, "apply_gradients", self._pairs) for kind in updating),
            *((kind, "minimize", self._handing) for kind in updating),
            *((kind, "apply_gradients", functools.partial(self._pairs, handing=True)) for kind in scaling),
        ]

    def words(self) -> dict[tuple[str, int], str]:
        """The word for each file and line that was reached; to be asked once, at the end."""
        spans = sorted(self._spans, key=lambda span: span[1], reverse=True)
        under_way: list[tuple[Reached, int, int]] = []
        for position, (number, written) in enumerate(self.log.rows()):
            while spans and spans[-1][1] <= position:
                under_way.append(spans.pop())
            under_way = [span for span in under_way if position < span[2]]
            update = self.log.entries[number]
            if not isinstance(update, TracedUpdate):
                continue
            words = [word if word == "none" else written[place] for place, word in enumerate(update.words)]
            for reached in [*(span[0] for span in under_way), *self._at(update.site)]:
                reached.add(update.variables, words)
        return {place: reached.word for place, reached in sorted(self._reached.items())}

    def trained(self) -> tuple[Trained, ...]:
        """What each call that trains by itself gave, in order; complete once ``words`` was asked."""
        return tuple(_trained(*call) for call in self._calls)

    def _apply(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def apply(optimizer: Any, grads: Any, trainable_variables: Any = None) -> Any:
            site = self.sites.nearest(UPDATES)
            if trainable_variables is not None:
                trainable_variables = list(trainable_variables)
            try:
                with self._raising(site):
                    result = original(optimizer, grads, trainable_variables)
            except Exception:
                self._refused(grads, trainable_variables or [])
                raise
            variables = optimizer._trainable_variables if trainable_variables is None else trainable_variables
            self._judge(site, list(grads), list(variables))
            return result

        return apply

    def _pairs(self, original: Callable[..., Any], handing: bool = False) -> Callable[..., Any]:
        """``handing``: the method hands on the pairs that have a gradient, which are judged there."""

        @functools.wraps(original)
        def apply_gradients(optimizer: Any, grads_and_vars: Any, *args: Any, **kwargs: Any) -> Any:
            site = self.sites.nearest(UPDATES)
            with self._raising(site):
                pairs = list(grads_and_vars)
            try:
                with self._raising(site):
                    result = original(optimizer, pairs, *args, **kwargs)
            except Exception:
                self._refused([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
                raise
            judged = [pair for pair in pairs if not handing or pair[0] is None]
            self._judge(site, [gradient for gradient, _ in judged], [variable for _, variable in judged])
            return result

        return apply_gradients

    def _handing(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """For methods that end in ``apply``, and may raise before they do."""

        @functools.wraps(original)
        def handing(*args: Any, **kwargs: Any) -> Any:
            with self._raising(self.sites.nearest(UPDATES)):
                return original(*args, **kwargs)

        return handing

    def _loop(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def loop(model: Any, *args: Any, **kwargs: Any) -> Any:
            site = self.sites.nearest(LOOPS)
            call = Reached()
            reached = [call, *self._at(site)]
            start = self.log.position()
            self._loops += reached
            try:
                with self._raising(site):
                    return original(model, *args, **kwargs)
            except Exception as error:
                call.raised = exception_name(error)
                raise
            finally:
                del self._loops[len(self._loops) - len(reached) :]
                self._spans += [(one, start, self.log.position()) for one in reached]
                if site is not None:
                    self._calls.append((site, call, _listed(model)))

        return loop

    def _judge(self, site: Site | None, gradients: list[Any], variables: list[Any]) -> None:
        self._kept.update((id(variable), variable) for variable in variables)
        if self.tf.executing_eagerly():
            words = [self.log.word(gradient) for gradient in gradients]
            for reached in [*self._loops, *self._at(site)]:
                reached.add(variables, words)
            return
        for start in range(0, len(gradients), WIDTH):
            part = slice(start, start + WIDTH)
            words = ["none" if gradient is None else "tensor" for gradient in gradients[part]]
            self.log.enter(TracedUpdate(site, variables[part], words), gradients[part])

    def _refused(self, given: Any, variables: list[Any]) -> None:
        """An update that raised: in a graph that is never run, of numbers nothing is known."""
        gradients = given if isinstance(given, (list, tuple)) else []
        self._kept.update((id(variable), variable) for variable in variables)
        eager = self.tf.executing_eagerly()
        words = [
            "none" if gradient is None else self.log.word(gradient) if eager else "tensor" for gradient in gradients
        ]
        for reached in self._loops:
            reached.add(variables, words)

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
        return [] if site is None else [self._reached.setdefault((site.file, site.line), Reached())]


def keras_of_programs() -> Any:
    """The Keras that ``tf.keras`` is in this process."""
    return importlib.import_module("tf_keras" if legacy_keras() else "keras")


def legacy_keras() -> bool:
    """Whether TensorFlow is asked for Keras 2, by the environment."""
    return choose_keras() == 2


def _owner(kind: type, name: str) -> Any:
    """The class that defines a method."""
    return next(one for one in kind.__mro__ if name in vars(one))


def _listed(model: Any) -> list[Any] | None:
    """The variables that a model would train; a model without a shape yet may refuse to tell."""
    try:
        return list(model.trainable_variables)
    except Exception:
        return None


def _trained(site: Site, reached: Reached, listed: list[Any] | None) -> Trained:
    words = {variable: frozenset(each) for variable, each in reached.words.items()}
    of_listed = None if listed is None else tuple(words.get(id(variable), frozenset()) for variable in listed)
    return Trained(site, of_listed, tuple(words.values()), reached.raised)
