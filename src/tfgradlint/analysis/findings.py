"""Turns what an interpretation found out into findings and predictions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import libcst as cst

from tfgradlint.analysis.positions import Places
from tfgradlint.analysis.results import (
    ASSUMED,
    CALLS,
    RESULTS,
    VALUES,
    Analysis,
    Assumed,
    Elsewhere,
    Finding,
    Fix,
    PathStep,
    Position,
    PredictedElsewhere,
    Prediction,
    SourcePrediction,
    all_of,
    worst,
)
from tfgradlint.analysis.silence import missing, silent
from tfgradlint.analysis.wording import Wording, rests_on, shortened
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.machine.frames import LeftOut
from tfgradlint.flow.python.interpreter import Interpreter
from tfgradlint.flow.tape.search import Loss
from tfgradlint.flow.verdict.judgements import ARRIVING, Assumption, Judgement, Reason, RequestSite, assumption_of
from tfgradlint.rules import rule_for
from tfgradlint.rules.base import REQUESTS, Break, Rule
from tfgradlint.rules.tfg001_not_analysed import NotAnalysed
from tfgradlint.rules.tfg002_left_out import LeftOut as LeftOutRule

if TYPE_CHECKING:
    from tfgradlint.fixing.code import Code
    from tfgradlint.fixing.scene import Scene

#: Calls whose sources are written out as those of a tape's request.
_WITH_SOURCES = REQUESTS | {"minimize"}
#: What has no name in the program.
_FROM_OUTSIDE = "what comes from outside"
#: Steps without a slope, which are beside each other as often as behind each other.
_HARD = frozenset({Cause.NO_GRADIENT})
#: The code of a finding, and where it is: there is one at most.
_Key = tuple[str, Position]


def findings_of(interpreter: Interpreter, places: Places, code: Callable[[], Code] | None = None) -> Analysis:
    """The analysis of one module, with what the rules propose to change in its ``code``."""
    reports = interpreter.reports
    builder = _FindingBuilder(places)
    for request in reports.sites.values():
        builder.request(request)
    for reason, affected_request in reports.steps:
        builder.step(reason, affected_request)
    for variable, reason, affected_request in reports.suspects:
        # What was left out may ask for it.
        if variable not in reports.cleared and not interpreter.left_out:
            builder.step(reason, affected_request)
    if reports.trains:
        for request in reports.sites.values():
            builder.unread(request)
    for request in reports.sites.values():
        builder.assume(request)
    builder.drop_covered()
    builder.count()
    builder.unreached(reports.no_requests)
    for part, site, fault in interpreter.faults:
        builder.fault(part, site, fault)
    gave_up = [f"{part.what}: {part.why}" for part in interpreter.left_out]
    if code is not None and builder.findings:
        gave_up += builder.propose(code())
    findings = sorted(builder.findings.values(), key=lambda each: (each.position, each.code))
    predictions = sorted(builder.predictions, key=lambda each: (each.line, each.column))
    unknowns = sorted(reports.unknowns.items(), key=lambda row: (-row[1], row[0]))
    own = [part for part in interpreter.left_out if not places.path(part.site)]
    left_out = sorted(map(builder.left_out, own), key=lambda each: each.position)
    elsewhere = sorted(
        builder.elsewhere.values(), key=lambda each: (each.path, each.finding.position, each.finding.code)
    )
    predicted = sorted(
        builder.predicted_elsewhere, key=lambda each: (each.path, each.prediction.line, each.prediction.column)
    )
    return Analysis(
        tuple(findings),
        tuple(predictions),
        tuple(unknowns),
        tuple(gave_up),
        sum(not places.path(site) for site in reports.endings),
        tuple(left_out),
        tuple(elsewhere),
        tuple(predicted),
    )


@dataclass
class _Origin:
    """What a finding was made of."""

    rule: Rule
    broken: Break
    reason: Reason
    request: Site | None
    #: The sources that get no gradient for it, as the program names them.
    sources: dict[str, None] = field(default_factory=dict)
    #: The requests that it affects.
    requests: dict[Site, None] = field(default_factory=dict)
    #: All that is lost on the way to them, where that was asked for.
    losses: dict[Loss, None] = field(default_factory=dict)


class _Told(NamedTuple):
    """A finding, and its message as a request is told that it affects: the finding's own speaks of the first one."""

    finding: Finding
    message: str


class _FindingBuilder:
    """Collects findings, one for each break, and predictions, one for each request."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._wording = Wording(places)
        self.findings: dict[_Key, Finding] = {}
        self._origins: dict[_Key, _Origin] = {}
        self.predictions: list[Prediction] = []
        #: Where the prediction of a request is, by the identity of that.
        self._of_site: dict[int, int] = {}
        self.elsewhere: dict[tuple[str, str, Position], Elsewhere] = {}
        self.predicted_elsewhere: list[PredictedElsewhere] = []

    # -- requests

    def request(self, site: RequestSite) -> None:
        """The verdict for each source of a request, and the findings that explain it."""
        position, path = self._places.position(site.site), self._places.path(site.site)
        at = (position.line, position.column)
        if not path and site.call in REQUESTS and at in self._places.of_modules(REQUESTS):
            return
        # Of another module's request that counts which this file leads to from where it begins, if it does.
        evaluations = site.evaluations[: site.entered] if path and site.entered else site.evaluations
        columns: list[SourcePrediction] = []
        written = self._written_out(site)
        for index, label in enumerate(self._labels(site, written)):
            judgements = [row[index] for row in evaluations if index < len(row)]
            own = written[index] if index < len(written) else None
            columns.append(self._source(label, judgements, site, position, own))
        verdict = worst([column.verdict for column in columns])
        prediction = Prediction(*at, site.call, verdict, tuple(columns), entered=site.entered > 0)
        if path:
            self.predicted_elsewhere.append(PredictedElsewhere(self._places.relative(path), prediction))
        else:
            self._of_site[id(site)] = len(self.predictions)
            self.predictions.append(prediction)

    def _source(
        self,
        label: str,
        judgements: list[Judgement],
        site: RequestSite,
        position: Position,
        own: cst.BaseExpression | None,
    ) -> SourcePrediction:
        """What is predicted of one source; ``own`` is its expression in a list that is written out in the call."""
        verdict = all_of({judgement.verdict for judgement in judgements})
        losses = tuple({loss: None for judgement in judgements for loss in judgement.losses})
        codes = tuple({loss.cause.value: None for loss in losses})
        first: _Told | None = None
        for judgement in judgements:
            for reason in (judgement.reason, *judgement.also):
                if reason is None:
                    continue
                if reason.cause is Cause.DERIVED_SOURCE and reason.site == site.site and own is not None:
                    reason = reason._replace(site=site.site._replace(expression=own))
                # Where only under assumptions a gradient comes to the source, what spoils it there rests on them too.
                rests = self._assumed(judgement.assumed) if judgement.assumed is not None else None
                told = self._finding(reason, judgement.verdict, label, site.site, position, site.call, rests)
                if told is None:
                    continue
                origin = self._origins.get((told.finding.code, told.finding.position))
                if origin is not None:
                    origin.losses.update(dict.fromkeys(losses))
                first = first or told
        if first is None and verdict == "unknown":
            return SourcePrediction(label, verdict, losses=codes, missing=missing(judgements, self._wording))
        if first is None:
            why = None if verdict in ARRIVING else silent(verdict, judgements, site)
            return SourcePrediction(label, verdict, reason=why, losses=codes)
        finding = first.finding
        return SourcePrediction(label, verdict, finding.code, finding.position.line, first.message, losses=codes)

    def assume(self, site: RequestSite) -> None:
        """What holds under assumptions of the sources of a request of which nothing is proven.

        It comes last: what is proven of the same step goes before.
        """
        place = self._of_site.get(id(site))
        if place is None:
            return
        prediction = self.predictions[place]
        columns = list(prediction.sources)
        for index, column in enumerate(columns):
            judgements = [row[index] for row in site.evaluations if index < len(row)]
            assumption = assumption_of(judgements) if column.verdict == "unknown" else None
            if assumption is None:
                continue
            assumed = self._assumed(assumption)
            if assumption.reason is not None:
                at = self._places.position(site.site)
                told = self._finding(assumption.reason, "none", column.source, site.site, at, site.call, assumed)
                if told is None:
                    continue
                finding = told.finding
                assumed = replace(assumed, code=finding.code, line=finding.position.line, reason=told.message)
            columns[index] = replace(column, assumed=assumed)
        self.predictions[place] = replace(prediction, sources=tuple(columns))

    def _assumed(self, assumption: Assumption) -> Assumed:
        """The words for an assumption."""
        part = assumption.part.expression if assumption.part is not None else None
        of = self._wording.text(part) if part is not None else ""
        if not assumption.calls:
            return Assumed(assumption.verdict, assumption.values or (_FROM_OUTSIDE,), about=VALUES, part=of)
        calls = (site.expression for site in assumption.calls)
        names = [self._wording.text(each.func if isinstance(each, cst.Call) else each) for each in calls if each]
        names = list(dict.fromkeys(names)) or [_FROM_OUTSIDE]
        if assumption.under:
            return Assumed(assumption.verdict, tuple(names), about=CALLS, part=of)
        if len(names) > 1:
            # What was made of what, long before the request.
            return Assumed(assumption.verdict, (_FROM_OUTSIDE,), about=VALUES, part=of)
        return Assumed(assumption.verdict, tuple(names), about=RESULTS, part=of)

    def unread(self, site: RequestSite) -> None:
        """A request for variables, in a program that trains, whose result nothing reads."""
        position = self._places.position(site.site)
        if (
            not self._places.path(site.site)
            and site.variables
            and (position.line, position.column) in self._places.unused(REQUESTS)
        ):
            self._finding(site.unread(), "", "", site.site, position)

    def unreached(self, no_requests: Iterable[Site]) -> None:
        """Requests that were not evaluated: nothing is known of them."""
        seen = {(each.line, each.column) for each in self.predictions}
        own = (each for each in no_requests if not self._places.path(each))
        seen.update((each.line, each.column) for each in map(self._places.position, own))
        for call, line, column in self._places.calls(REQUESTS):
            sources = call.args[1:2] or [word.value for word in call.keywords if word.arg in ("sources", "source")]
            if (line, column) in seen or not sources:
                continue
            assert isinstance(call.func, ast.Attribute)
            label = shortened(ast.unparse(sources[0]))
            self.predictions.append(
                Prediction(line, column, call.func.attr, "unknown", (SourcePrediction(label, "unknown"),))
            )

    def _labels(self, site: RequestSite, written: list[cst.BaseExpression]) -> list[str]:
        """A name for each source: its own text where the sources are written out in the call."""
        if written:
            return [self._wording.text(each) for each in written]
        argument = self._sources_argument(site)
        if argument is None:
            return site.labels
        name = self._wording.text(argument)
        return [name + label for label in site.labels]

    def _written_out(self, site: RequestSite) -> list[cst.BaseExpression]:
        """The sources in the list that a call is given, or none."""
        argument = self._sources_argument(site)
        elements = argument.elements if isinstance(argument, (cst.List, cst.Tuple)) else ()
        return [each.value for each in elements] if len(elements) == len(site.labels) else []

    def _sources_argument(self, site: RequestSite) -> cst.BaseExpression | None:
        call = site.site.expression
        if not isinstance(call, cst.Call) or site.call not in _WITH_SOURCES:
            return None
        for argument in call.args:
            if argument.keyword is not None and argument.keyword.value in ("sources", "source", "var_list"):
                return argument.value
        positional = [argument for argument in call.args if argument.keyword is None and not argument.star]
        return positional[1].value if len(positional) > 1 else None

    # -- findings

    def step(self, reason: Reason, affected_request: Site | None) -> None:
        """A step that raises, or goes wrong, without a verdict on any source."""
        rule = rule_for(reason.cause)
        subject = rule.subject(reason, self._wording) if rule is not None else ""
        at = self._places.position(affected_request) if affected_request is not None else None
        self._finding(reason, "raises", subject, affected_request, at)

    def fault(self, part: str, site: Site, fault: str) -> None:
        """A part of the module on which the analysis failed."""
        position = self._places.position(site if not self._places.path(site) else site.via or Site(None, None))
        message = NotAnalysed.about_part(part, fault)
        self.findings.setdefault((NotAnalysed.code, position), Finding(position, NotAnalysed.code, message))

    def left_out(self, part: LeftOut) -> Finding:
        """A part of the module that was not judged in full."""
        return Finding(self._places.first_line(part.site), LeftOutRule.code, LeftOutRule.about(part.what, part.why))

    def drop_covered(self) -> None:
        """Leave out what another rule says of the same step."""
        for (_, position), origin in self._origins.items():
            for cause in origin.rule.covers:
                self.findings.pop((cause.value, position), None)

    def _finding(
        self,
        reason: Reason,
        verdict: str,
        source: str,
        request: Site | None,
        at: Position | None,
        call: str = "",
        assumed: Assumed | None = None,
    ) -> _Told | None:
        rule = rule_for(reason.cause)
        if rule is None:
            return None
        broken = Break(
            reason.cause,
            rule.step(reason, self._wording),
            self._wording.text(request.expression) if request is not None and request.expression is not None else "",
            at.line if at is not None else 0,
            source,
            rule.result(reason, verdict, call, requested=request is not None),
            reason.detail,
            rule.remedy(reason, self._wording),
        )
        if assumed is not None:
            broken = replace(broken, result=f"{broken.result}{rests_on(assumed, source)}")
        there, asked = self._places.path(reason.site), self._places.path(request)
        if there:
            finding = self._in_another_module(rule, reason, broken, there, request, assumed)
            return _Told(finding, finding.message)
        position = self._places.position(reason.site)
        key = (rule.code, position)
        if asked:
            broken = replace(broken, path=self._places.relative(asked))
        message = rule.message(broken)
        told_before = self.findings.get(key)
        if key not in self._origins or (
            assumed is None and told_before is not None and told_before.certainty == ASSUMED
        ):
            # What is proven of one request is told, and not what is assumed of another.
            self._origins[key] = _Origin(rule, broken, reason, request)
            self.findings[key] = self._made(rule, position, message, self._steps(reason.steps), assumed)
        self._origins[key].sources[source] = None
        if request is not None:
            self._origins[key].requests[request] = None
        return _Told(self.findings[key], message)

    def count(self) -> None:
        """Say of each finding how many more requests it affects than the one that its message names, and sources."""
        for key, origin in self._origins.items():
            requests = [self._wording.where(each) for each in list(origin.requests)[1:]]
            sources = list(origin.sources)[1:]
            if key in self.findings and (requests or sources):
                broken = replace(origin.broken, other_requests=tuple(requests), other_sources=tuple(sources))
                self.findings[key] = replace(self.findings[key], message=origin.rule.message(broken))

    def _made(
        self, rule: Rule, position: Position, message: str, steps: tuple[PathStep, ...], assumed: Assumed | None
    ) -> Finding:
        if assumed is None:
            return Finding(position, rule.code, message, steps)
        return Finding(position, rule.code, message, steps, certainty=ASSUMED, assumes=assumed.assumes)

    def _in_another_module(
        self, rule: Rule, reason: Reason, broken: Break, there: str, request: Site | None, assumed: Assumed | None
    ) -> Finding:
        """A break in another module: told there, and here where the request is, if that is here."""
        position, asked = self._places.position(reason.site), self._places.path(request)
        key = (there, rule.code, position)
        for cause in rule.covers:
            self.elsewhere.pop((there, cause.value, position), None)
        found = self.elsewhere.get(key)
        if found is None:
            seen = broken if asked == there else replace(broken, path=self._places.relative(asked, there))
            finding = self._made(rule, position, rule.message(seen), self._steps(reason.steps, there), assumed)
            found = self.elsewhere[key] = Elsewhere(self._places.relative(there), finding)
        if request is not None and asked not in ("", there):  # a prediction there names the file of the break
            where = f"{self._places.relative(there, asked)}:{position.line}"
            message = f"in {where}: {found.finding.message}"
            return replace(found.finding, position=self._places.position(request), message=message)
        if request is None or asked:
            return found.finding
        told = self._leaving(rule, reason, broken, f"{found.path}:{position.line}", request, assumed)
        if (told.code, told.position) not in found.told:
            self.elsewhere[key] = replace(found, told=(*found.told, (told.code, told.position)))
        return told

    def _leaving(
        self, rule: Rule, reason: Reason, broken: Break, where: str, request: Site, assumed: Assumed | None
    ) -> Finding:
        """What the judged file is told of a break in another module: at the step by which the gradient leaves it."""
        position = self._places.position(reason.site.via or request)
        key = (rule.code, position)
        if key not in self.findings:
            message = rule.message(replace(broken, step=f"{broken.step} in {where}"))
            if where not in message:
                message = f"in {where}: {message}"
            self.findings[key] = self._made(rule, position, message, self._steps(reason.steps), assumed)
        return self.findings[key]

    def _steps(self, sites: tuple[Site, ...], of: str = "") -> tuple[PathStep, ...]:
        """The steps of a break path, for the reader of the module ``of``."""
        steps: list[PathStep] = []
        for site in sites:
            if site.expression is None:
                continue
            place, there = self._places.position(site), self._places.path(site)
            path = "" if there == of else self._places.relative(there, of)
            step = PathStep(place.line, place.column, self._wording.text(site.expression), path=path)
            if not steps or steps[-1] != step:
                steps.append(step)
        return tuple(steps)

    # -- repairs

    def propose(self, code: Code) -> list[str]:
        """Ask the rules for repairs; what went wrong."""
        from tfgradlint.fixing.scene import Scene

        failed: list[str] = []
        for key, origin in self._origins.items():
            asked = self._places.path(origin.request)  # what is asked elsewhere nobody can try out here
            if key in self.findings and not asked and not any(map(self._places.path, origin.reason.steps)):
                reason = origin.reason
                scene = Scene(code, reason.site, origin.request, tuple(origin.sources), reason.steps)
                try:
                    self.findings[key] = replace(self.findings[key], fix=self._repair(origin, scene))
                except Exception as fault:  # a finding without its repair is better than none
                    failed.append(f"no repair of {origin.rule.code} was found ({type(fault).__name__}: {fault})")
        return failed

    def _repair(self, origin: _Origin, scene: Scene) -> Fix | None:
        """What a rule proposes, with the other places that lose the same gradient: half is worse than none."""
        from tfgradlint.fixing.edits import together

        rule, broken = origin.rule, origin.broken
        fix = rule.fix(broken, scene)
        on_path = {each.expression for each in origin.reason.steps}
        for loss in origin.losses:
            if fix is None or loss.site == scene.site:
                continue
            same = loss.cause is broken.cause and rule.step_by_step
            other = rule_for(loss.cause)
            across = loss.cause is not broken.cause and loss.site.expression in on_path
            if other is not None and (same or across or loss.cause in _HARD):
                step = other.step(Reason(loss.cause, loss.site, loss.detail), self._wording)
                beside = other.fix(Break(loss.cause, step, "", 0, "", "", loss.detail), replace(scene, site=loss.site))
                if beside is not None or same:
                    fix = together(fix, beside)
        return fix
