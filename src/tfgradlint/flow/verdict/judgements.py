"""The words for what a request gives: a verdict for each source, the reason for a bad one, what a list lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from tfgradlint.flow.graph.breaks import Discarded
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.nodes import Node, Site
from tfgradlint.flow.graph.origins import Origin
from tfgradlint.flow.tape.search import Loss, ancestors
from tfgradlint.flow.values.base import Value, Variable
from tfgradlint.flow.values.notes import Note
from tfgradlint.flow.values.walk import nodes_of

#: The verdicts under which a source gets a gradient.
ARRIVING = ("flows", "arrives")


class Reason(NamedTuple):
    """Why a verdict is bad: the cause, where the finding stands, and the steps from source to target."""

    cause: Cause
    site: Site
    detail: Detail | None = None
    steps: tuple[Site, ...] = ()
    #: The exception TensorFlow raises, or "".
    raised: str = ""
    #: The nodes from the target down to the step that breaks.
    above: tuple[Node, ...] = ()


class MissingVariables(NamedTuple):
    """What a list of sources lacks, and why: reported where the list is empty, or the target needs what is missing."""

    reason: Reason
    missing: tuple[Variable, ...] = ()

    def matters(self, leaves: Sequence[object], target: Value) -> bool:
        """Whether it affects a request for ``leaves``."""
        if not leaves:
            return True
        missing = {each for each in self.missing if each.fields["trainable"] is True}
        return bool(missing) and any(node.variable in missing for node in ancestors(nodes_of(target)))


#: What a list of sources lacks.
LACKING: Note[MissingVariables] = Note("missing variables")


class ReportedStep(NamedTuple):
    """A step that goes wrong by itself, whatever becomes of any source, and the request it affects, if any."""

    reason: Reason
    affected_request: Site | None = None


class Suspect(NamedTuple):
    """A weight that a request lacks: reported where nothing else asks for it and nothing assigns it."""

    variable: Variable
    reason: Reason
    affected_request: Site


class Assumption(NamedTuple):
    """What holds of a source if code that nobody sees reads only what it can be seen to get, and passes gradients on.

    ``calls``: where such code is called. Where there is none, ``values`` are the names of what comes from outside, and
    is taken to be no other name of the source. ``under``: the calls run under the tape. ``part``: the part of the
    source that gets no gradient, where others may.
    """

    verdict: str
    reason: Reason | None
    calls: tuple[Site, ...]
    values: tuple[str, ...]
    under: bool
    part: Site | None = None


class Silence(Enum):
    """Why a verdict that is no good news has no reason that a rule could report."""

    #: The request asks for zeros in the place of None.
    ZEROS_ASKED = auto()
    NO_TARGET = auto()
    NO_SOURCE = auto()
    #: The tape is one from outside of the compiled function that asks it.
    OUTER_TAPE = auto()
    #: The target does not depend on it, and on other parts of the same model.
    OTHER_LOSS = auto()


class Judgement(NamedTuple):
    """What one evaluation of a request gives for one source."""

    verdict: str
    reason: Reason | None = None
    #: For ``unknown``: what hides the answer.
    origin: Origin | None = None
    #: All that is lost on the way, where that was asked for.
    losses: tuple[Loss, ...] = ()
    #: For ``unknown``: what holds under assumptions.
    assumed: Assumption | None = None
    #: More reasons: each is one of its own.
    also: tuple[Reason, ...] = ()
    #: For ``unknown``: where what hides the answer stands.
    hidden_at: Site | None = None
    silence: Silence | None = None


@dataclass
class RequestSite:
    """All evaluations of one request in the text."""

    site: Site
    call: str
    order: int
    #: Whether variables were among the sources.
    variables: bool = False
    labels: list[str] = field(default_factory=list)
    evaluations: list[list[Judgement]] = field(default_factory=list)
    #: How many of them, the first ones, the program comes to where it begins: what runs alone comes behind.
    entered: int = 0

    def unread(self) -> Reason:
        """The reason to speak of it where nothing reads its result."""
        return Reason(Cause.UNUSED_GRADIENT, self.site, Discarded.UNREAD)


def assumption_of(judgements: list[Judgement]) -> Assumption | None:
    """What holds of a source under assumptions, where all evaluations of its request agree."""
    found = [each.assumed for each in judgements if each.verdict == "unknown"]
    first = next((each for each in found if each is not None), None)
    if first is None or None in found:
        return None
    verdicts = {each.verdict for each in found if each is not None}
    verdicts.update(each.verdict for each in judgements if each.verdict != "unknown")
    if verdicts == set(ARRIVING):
        return first._replace(verdict="arrives")
    return first if len(verdicts) == 1 else None
