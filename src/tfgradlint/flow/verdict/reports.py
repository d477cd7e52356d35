"""What is reported of a program: the outcome of every request, and steps that go wrong by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tfgradlint.flow.graph import origins
from tfgradlint.flow.graph.breaks import PartGradient
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.graph.origins import LEFT_OUT
from tfgradlint.flow.values.base import Value, Variable
from tfgradlint.flow.verdict.judgements import Judgement, Reason, ReportedStep, RequestSite, Silence, Suspect

#: Anything the user named as a source.
Leaf = tuple[str, Value]


class Reports:
    """What an interpretation found out. What was reported stays as it is: who is not sure yet collects it first."""

    def __init__(self) -> None:
        self.sites: dict[Any, RequestSite] = {}
        #: The requests in the order in which they were evaluated.
        self.evaluations: list[RequestSite] = []
        self.steps: list[ReportedStep] = []
        #: Where a step goes that is reported now.
        self._receiving = self.steps
        self.unknowns: Counter[str] = Counter()
        #: Weights that a request lacks, and those that another one asks for, or that something assigns.
        self.suspects: list[Suspect] = []
        self.cleared: set[Variable] = set()
        #: Whether all that is lost on the way to a source is asked for.
        self.thorough = False
        #: Whether what nobody sees may be assumed to be separate from what the program does not hand to it.
        self.assumes = True
        #: Steps that raise, and are no rule's business.
        self.endings: set[Site] = set()
        #: Calls with the name of a request that are none: what is called is certainly no tape's.
        self.no_requests: set[Site] = set()
        #: Whether the program makes an optimizer: then it is there to train.
        self.trains = False
        #: Whether an optimizer has changed variables by now.
        self.updated = False

    def site(self, site: Site, call: str) -> RequestSite:
        key = site.expression if site.expression is not None else site.statement
        found = self.sites.get(key)
        if found is None:
            found = self.sites[key] = RequestSite(site, call, len(self.sites))
        return found

    def evaluated(self, site: RequestSite, judgements: list[Judgement]) -> None:
        """A request was evaluated, with these judgements for its sources."""
        site.evaluations.append(judgements)
        self.evaluations.append(site)

    def entered(self) -> None:
        """The program has run to its end; what comes now runs alone, with arguments that nobody knows."""
        for site in self.sites.values():
            site.entered = len(site.evaluations)

    def leave_open(self, first: int) -> None:
        """Not all was seen that those requests give which were evaluated after the ``first`` evaluations."""
        for site in {id(each): each for each in self.evaluations[first:]}.values():
            site.evaluations.append([Judgement("unknown", origin=LEFT_OUT)] * len(site.labels))

    def counts(self) -> Counter[Any]:
        """How often each request was evaluated so far."""
        return Counter({key: len(site.evaluations) for key, site in self.sites.items()})

    def once_more(self, first: Counter[Any], second: Counter[Any]) -> None:
        """What was traced from ``first`` on was traced once more from ``second`` on, and only the latter runs.

        Where both come to the same, the first time tells more: how variables were made.
        """
        for key, site in self.sites.items():
            once, again = site.evaluations[first[key] : second[key]], site.evaluations[second[key] :]
            kept = once if _verdicts(once) == _verdicts(again) else again
            site.evaluations[first[key] :] = kept or once

    def either(self) -> Either:
        """Notes down what alternatives report of which one happens."""
        return Either(self)

    def add_step(self, reason: Reason, affected_request: Site | None = None) -> None:
        """Report a step that goes wrong by itself."""
        self._receiving.append(ReportedStep(reason, affected_request))

    def add_steps(self, tried: list[ReportedStep]) -> None:
        """Report what was collected, as it is."""
        self._receiving += tried

    @contextmanager
    def collecting(self) -> Iterator[list[ReportedStep]]:
        """Collect the steps that are reported inside: who tries something out decides what becomes of them.

        Where an exception takes the decision away, all of them are reported as they are.
        """
        before = self._receiving
        tried: list[ReportedStep] = []
        self._receiving = tried
        try:
            yield tried
        except BaseException:
            before += tried
            raise
        finally:
            self._receiving = before


class Either:
    """Alternatives of which one happens: reported is what all of them report. Of the rest nothing is known."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._marks: list[Counter[Any]] = []
        self._steps: list[list[ReportedStep]] = []

    def begun(self, mark: Counter[Any]) -> None:
        """The first alternative began when requests were as often evaluated as this. What it reports is certain."""
        self._marks.append(mark)

    @contextmanager
    def alternative(self) -> Iterator[None]:
        """One alternative runs."""
        self._marks.append(self._reports.counts())
        tried: list[ReportedStep] = []
        self._steps.append(tried)
        with self._reports.collecting() as found:
            try:
                yield
            finally:
                tried += found
                found.clear()

    def end(self) -> None:
        """All of them have run."""
        if not self._steps:
            return
        first, *others = self._steps
        if len(self._marks) == len(self._steps):
            self._reports.add_steps([each for each in first if all(_among(each, other) for other in others)])
        for key, site in self._reports.sites.items():
            ends = [mark[key] for mark in self._marks[1:]] + [len(site.evaluations)]
            runs = [site.evaluations[mark[key] : end] for mark, end in zip(self._marks, ends, strict=True)]
            if len({frozenset(map(tuple, _verdicts(run))) for run in runs}) > 1:
                longest = max((row for run in runs for row in run), key=len)
                unknown = [Judgement("unknown", origin=origins.ALTERNATIVES)] * len(longest)
                site.evaluations[self._marks[0][key] :] = [unknown]


def _among(step: ReportedStep, others: list[ReportedStep]) -> bool:
    """Whether one of the others says the same of the same place."""
    place = step.reason.cause, step.reason.site, step.affected_request
    return any((each.reason.cause, each.reason.site, each.affected_request) == place for each in others)


def _verdicts(evaluations: list[list[Judgement]]) -> list[list[str]]:
    return [[judgement.verdict for judgement in one] for one in evaluations]


#: Causes that take the gradient away in the middle of a model.
_CUTTING = frozenset(
    {
        Cause.PYTHON_VALUE,
        Cause.NUMPY_FUNCTION,
        Cause.NUMPY_CALLBACK,
        Cause.PREDICTED,
        Cause.NEW_VARIABLE,
        Cause.NO_GRADIENT,
        Cause.INTEGER_CAST,
        Cause.ZERO_GRADIENT,
        Cause.STOP_GRADIENT,
    }
)


def of_a_model(leaves: list[Leaf], judgements: list[Judgement]) -> list[Judgement]:
    """Where other weights of a model are reached, a step that stops the gradient cuts a part of it off.

    A part on which the target does not depend at all may be there for another loss.
    """
    weights = [isinstance(leaf, Variable) and leaf.library != "tf" for _, leaf in leaves]
    lost = [judgement.verdict in ("none", "zero") for judgement in judgements]
    if not any(weight and not without for weight, without in zip(weights, lost, strict=False)):
        return judgements
    return [
        _as_part(judgement) if weight and without else judgement
        for judgement, weight, without in zip(judgements, weights, lost, strict=False)
    ]


def _as_part(judgement: Judgement) -> Judgement:
    reason = judgement.reason
    if reason is None or reason.cause is Cause.UNRELATED_TARGET:
        return judgement._replace(reason=None, silence=Silence.OTHER_LOSS)
    if reason.cause not in _CUTTING:
        return judgement
    detail = PartGradient.ZERO if judgement.verdict == "zero" else PartGradient.NONE
    return judgement._replace(reason=reason._replace(cause=Cause.CUT_OFF, detail=detail))
