"""What a rule is. A rule's module defines exactly one subclass of :class:`Rule`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail, Operation

if TYPE_CHECKING:
    import libcst as cst

    from tfgradlint.analysis.results import Fix
    from tfgradlint.fixing.scene import Scene
    from tfgradlint.flow.graph.nodes import Site
    from tfgradlint.flow.verdict.judgements import Reason

#: The methods of tapes that ask for gradients.
REQUESTS = frozenset({"gradient", "jacobian", "batch_jacobian"})


@dataclass(frozen=True, slots=True)
class Break:
    """What a rule's message may speak of.

    ``step``: the step that breaks, as the user would name it: ``np.mean()``, ``tf.round()``,
    ``a slice of x``, ``w.numpy()``. ``request``: the call's text, shortened: ``tape.gradient(loss, w)``.
    ``line``: the request's line, in the file ``path`` where that is another one. ``source``: the source's text.
    ``result``: what TensorFlow does there: ``returns None``, ``returns zeros``, ``raises RuntimeError``. ``detail``:
    the kind of break, where a cause has kinds (each rule says which ones it knows). ``remedy``: what to write instead
    of the step, in the program's own names (``tf.math.log_sigmoid(x)``), where that is known, else ``""``.
    ``other_requests``: where there are more that it affects (``on line 20``). ``other_sources``: the texts of more
    sources that suffer from the same step.
    """

    cause: Cause
    step: str
    request: str
    line: int
    source: str
    result: str
    detail: Detail | None = None
    remedy: str = ""
    path: str = ""
    other_requests: tuple[str, ...] = ()
    other_sources: tuple[str, ...] = ()

    @property
    def operation(self) -> str:
        """The name of the operation, function or method that breaks, where that is known; else ``""``."""
        return self.detail.name if isinstance(self.detail, Operation) else ""

    @property
    def argument(self) -> str:
        """The operation's parameter for which there is no gradient, where there is one for another; else ``""``."""
        return self.detail.argument if isinstance(self.detail, Operation) else ""

    @property
    def second(self) -> bool:
        """Whether only the derivative of a derivative meets the break."""
        return isinstance(self.detail, Operation) and self.detail.second

    @property
    def consequence(self) -> str:
        """The middle part of every message: the affected request, where it is, and what it gets.

        A step that raises by itself has no request.
        """
        if not self.request:
            return f"{self.step} {self.result}"
        return f"{self.requested} {self.result}{self._others}"

    @property
    def _others(self) -> str:
        """The number of further requests that suffer, or where the only one is."""
        if len(self.other_requests) < 2:
            return "".join(f", and the request {where} is affected too" for where in self.other_requests)
        return f", and {len(self.other_requests)} more requests are affected"

    @property
    def requested(self) -> str:
        """The request, and where it is."""
        return f"{self.request} in {self.path}:{self.line}" if self.path else f"{self.request} on line {self.line}"


class Quotes(Protocol):
    """How a rule quotes the program."""

    def text(self, node: cst.CSTNode) -> str:
        """An expression or a statement on one line, cut short where it is long."""

    def code(self, node: cst.CSTNode) -> str:
        """The same as it is written."""

    def where(self, site: Site) -> str:
        """The line of a step, and its file where that is not the judged one: ``on line 12``."""


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
    #: Causes that are not reported where this rule reports the very same step.
    covers: ClassVar[frozenset[Cause]] = frozenset()
    #: Whether messages quote a call that breaks with its arguments.
    with_arguments: ClassVar[bool] = False
    #: Whether the repair changes the one step that the finding is at, so that others like it are to be repaired too.
    step_by_step: ClassVar[bool] = False

    @abstractmethod
    def message(self, broken: Break) -> str:
        """One line: what was seen, what it costs, what to write."""

    def advice(self, broken: Break) -> str:
        """What to write instead of the step, as the end of a message; "" where another rule cannot tell it too."""
        return ""

    def fix(self, broken: Break, scene: Scene) -> Fix | None:
        """What to change, where the rule knows that. It is proposed only where the changed module proves it right."""
        return None

    # -- what a message is made of

    def step(self, reason: Reason, quotes: Quotes) -> str:
        """``Break.step``."""
        import libcst as cst  # the message of what could not be analysed is wanted without it, too

        statement, expression = reason.site.statement, reason.site.expression
        if expression is None:
            return quotes.text(statement) if statement is not None else ""
        if isinstance(expression, cst.Call) and not self.with_arguments:
            output = reason.detail.output if isinstance(reason.detail, Operation) else ""
            return f"{quotes.text(expression.func)}(){output}"
        return quotes.text(expression)

    def subject(self, reason: Reason, quotes: Quotes) -> str:
        """``Break.source`` of a step that is reported without a request."""
        return ""

    def result(self, reason: Reason, verdict: str, call: str, requested: bool) -> str:
        """``Break.result``. ``call`` asks for the gradient, "" if nothing does; ``requested``: it affects a request."""
        if not reason.raised:
            aftermath = self.aftermath(reason.detail, call)
            if aftermath is not None:
                return aftermath
        if verdict == "raises" or (reason.raised and call not in REQUESTS):
            where = "" if requested else self.refused_where(reason.raised)
            return f"raises {reason.raised or 'an error'}{where}"
        return (_RETURNED if call in REQUESTS or not call else _GIVEN).get(verdict, "")

    def remedy(self, reason: Reason, quotes: Quotes) -> str:
        """``Break.remedy``."""
        return ""

    def aftermath(self, detail: Detail | None, call: str) -> str | None:
        """What comes of a step that does not raise by itself; None where the verdict says it."""
        return None

    def refused_where(self, raised: str) -> str:
        """Where a step raises that is sound elsewhere."""
        return ""


#: What a request gets.
_RETURNED = {"none": "returns None", "zero": "returns zeros", "raises": "raises"}
#: What a weight gets from a step that a library takes by itself.
_GIVEN = {"none": "gives it no gradient", "zero": "gives it zeros"}
