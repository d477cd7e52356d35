"""What a rule is. A rule's module defines exactly one subclass of :class:`Rule`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail, Operation

if TYPE_CHECKING:
    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene


@dataclass(frozen=True, slots=True)
class Break:
    """What a rule's message may speak of.

    ``step``: the step that breaks, as the user would name it: ``np.mean()``, ``tf.round()``,
    ``a slice of x``, ``w.numpy()``. ``request``: the call's text, shortened: ``tape.gradient(loss, w)``.
    ``line``: the request's line. ``source``: the source's text. ``result``: what TensorFlow does
    there: ``returns None``, ``returns zeros``, ``raises RuntimeError``. ``detail``: the kind of break, where a
    cause has kinds (each rule says which ones it knows). ``remedy``: what the measured
    knowledge suggests instead of the step (``tf.reduce_mean()``), else ``""``.
    """

    cause: Cause
    step: str
    request: str
    line: int
    source: str
    result: str
    detail: Detail | None = None
    remedy: str = ""

    @property
    def operation(self) -> str:
        """The name of the operation, function or method that breaks, where that is known; else ``""``."""
        return self.detail.name if isinstance(self.detail, Operation) else ""

    @property
    def second(self) -> bool:
        """Whether only the derivative of a derivative meets the break."""
        return isinstance(self.detail, Operation) and self.detail.second

    @property
    def suffers(self) -> str:
        """The middle part of every message: the request that suffers, where, and what it gets.

        A step that raises by itself has no request.
        """
        if not self.request:
            return f"{self.step} {self.result}"
        return f"{self.request} on line {self.line} {self.result}"


class Rule(ABC):
    """One kind of break: its documentation (the docstring), its outcome and its message.

    The docstring is Markdown: a one-line summary, then the sections ``## What it does``,
    ``## Why it matters``, ``## Example``, ``## Use instead`` and ``## References``. The two code blocks are
    run under TensorFlow by the tests and by ``tfgradlint prove``.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    #: What TensorFlow gives for the example in eager mode: ``none``, ``zero`` or ``raises:RuntimeError``.
    outcome: ClassVar[str]
    #: ``None`` for a rule that reports no break.
    cause: ClassVar[Cause | None]

    @abstractmethod
    def message(self, broken: Break) -> str:
        """One line: what was seen, what it costs, what to write."""

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """What to change, where the rule knows that. It is proposed only where the changed module proves it right."""
        return None
