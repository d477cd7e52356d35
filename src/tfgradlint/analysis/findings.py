"""Turns what an interpretation found out into findings and predictions."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import libcst as cst

from tfgradlint.analysis.positions import Positions
from tfgradlint.analysis.results import Analysis, Finding, Fix, PathStep, Position, Prediction, SourcePrediction, worst
from tfgradlint.flow.graph.breaks import Discarded, FrozenIn, Unbuilt
from tfgradlint.flow.graph.causes import Cause
from tfgradlint.flow.graph.details import Detail
from tfgradlint.flow.graph.nodes import Site
from tfgradlint.flow.python.interpreter import Interpreter
from tfgradlint.flow.tape.search import Loss
from tfgradlint.flow.verdict.judgements import Judgement, Reason, RequestSite
from tfgradlint.rules import rule_for
from tfgradlint.rules.base import Break, Rule

if TYPE_CHECKING:
    from tfgradlint.fixing.code import Code
    from tfgradlint.fixing.scene import Scene

_WIDTH = 60
#: Causes whose step is told with its arguments.
_WHOLE = (
    Cause.WATCH_OF_NON_TENSOR,
    Cause.LATE_WATCH,
    Cause.INTEGER_SOURCE,
    Cause.DERIVED_SOURCE,
    Cause.OFF_TAPE,
)
_REQUESTS = frozenset({"gradient", "jacobian", "batch_jacobian"})
#: Rules whose repair changes the one step that the finding stands at.
_ONE_BY_ONE = frozenset({"TFG201", "TFG202", "TFG204", "TFG205", "TFG206"})
#: What comes of a step that does not raise by itself, by the kind of its break.
_AFTERMATH: dict[Cause, dict[Detail | None, str]] = {
    Cause.KERAS_LOSS: {None: "trains nothing with it"},
    Cause.METRIC_AS_LOSS: {None: "returns None"},
    Cause.MISMATCHED_VARIABLES: {None: ""},
    Cause.UNBUILT: {
        None: "returns []",
        **dict.fromkeys((Unbuilt(partly=True), Unbuilt(partly=True, sonnet=True)), "leaves the rest out"),
    },
    Cause.FROZEN: {None: "returns []", FrozenIn.FIT: "trains nothing"},
    Cause.UNTRACKED: {None: "leaves it out"},
    Cause.CREATED_IN_CALL: {None: ""},
    Cause.UNUSED_GRADIENT: {None: "", Discarded.FILTERED: "does nothing"},
}
#: What a weight gets from a step that Keras takes by itself.
_IN_FIT = {"none": "gives it no gradient", "zero": "gives it zeros"}
_RESULTS = {"none": "returns None", "zero": "returns zeros", "raises": "raises"}


def findings_of(interpreter: Interpreter, places: Positions, code: Callable[[], Code] | None = None) -> Analysis:
    """The analysis of one module, with what the rules propose to change in its ``code``."""
    teller = _FindingBuilder(places)
    for request in interpreter.reports.sites.values():
        teller.request(request)
    for reason, suffering in interpreter.reports.steps:
        teller.step(reason, suffering)
    for variable, reason, suffering in interpreter.reports.suspects:
        if variable not in interpreter.reports.cleared:
            teller.step(reason, suffering)
    if interpreter.reports.trains:
        for request in interpreter.reports.sites.values():
            teller.thrown_away(request)
    teller.once()
    teller.unreached()
    for what, site, fault in interpreter.faults:
        position = places.position(site)
        message = f"{what} was not analysed: {fault}"
        teller.findings.setdefault(("TFG001", position), Finding(position, "TFG001", message))
    if code is not None and teller.findings:
        interpreter.gave_up += teller.propose(code())
    findings = sorted(teller.findings.values(), key=lambda each: (each.position, each.code))
    predictions = sorted(teller.predictions, key=lambda each: (each.line, each.column))
    unknowns = sorted(interpreter.reports.unknowns.items(), key=lambda row: (-row[1], row[0]))
    return Analysis(
        tuple(findings),
        tuple(predictions),
        tuple(unknowns),
        tuple(interpreter.gave_up),
        len(interpreter.reports.endings),
    )


class _FindingBuilder:
    """Collects findings, one for each break, and predictions, one for each request."""

    def __init__(self, places: Positions) -> None:
        self._places = places
        self.findings: dict[tuple[str, Position], Finding] = {}
        self._origins: dict[tuple[str, Position], tuple[Rule, Break, Reason, Site | None]] = {}
        self._losses: dict[tuple[str, Position], dict[Loss, None]] = {}
        self._suffering: dict[tuple[str, Position], dict[str, None]] = {}
        self.predictions: list[Prediction] = []

    def request(self, site: RequestSite) -> None:
        position = self._places.position(site.site)
        columns: list[SourcePrediction] = []
        labels = self._labels(site)
        for index, label in enumerate(labels):
            judgements = [row[index] for row in site.evaluations if index < len(row)]
            columns.append(self._source(label, judgements, site, position))
        verdict = worst([column.verdict for column in columns])
        self.predictions.append(Prediction(position.line, position.column, site.call, verdict, tuple(columns)))

    def _source(
        self, label: str, judgements: list[Judgement], site: RequestSite, position: Position
    ) -> SourcePrediction:
        verdicts = {judgement.verdict for judgement in judgements}
        verdict = verdicts.pop() if len(verdicts) == 1 else ("unknown" if "unknown" in verdicts else "varies")
        told: Finding | None = None
        line: int | None = None
        losses = tuple({loss: None for judgement in judgements for loss in judgement.losses})
        codes = tuple({loss.cause.value: None for loss in losses})
        for judgement in judgements:
            if judgement.reason is not None:
                finding = self._finding(judgement.reason, judgement.verdict, label, site.site, position, site.call)
                if finding is not None:
                    self._losses.setdefault((finding.code, finding.position), {}).update(dict.fromkeys(losses))
                if finding is not None and told is None:
                    told, line = finding, finding.position.line
        if told is None:
            return SourcePrediction(label, verdict, losses=codes)
        return SourcePrediction(label, verdict, told.code, line, told.message, losses=codes)

    def thrown_away(self, site: RequestSite) -> None:
        """A request for variables, in a program that trains, whose result nothing reads."""
        position = self._places.position(site.site)
        if site.variables and (position.line, position.column) in self._places.unused(_REQUESTS):
            reason = Reason(Cause.UNUSED_GRADIENT, site.site, Discarded.UNREAD)
            self._finding(reason, "", "", site.site, position)

    def once(self) -> None:
        """A variable made of a tensor is told as that, not as one made anew as well."""
        for code, position in list(self.findings):
            if code == Cause.NEW_VARIABLE.value:
                self.findings.pop((Cause.CREATED_IN_CALL.value, position), None)

    def unreached(self) -> None:
        """Requests that were not evaluated: nothing is known of them."""
        seen = {(each.line, each.column) for each in self.predictions}
        for call, line, column in self._places.calls(_REQUESTS):
            sources = call.args[1:2] or [word.value for word in call.keywords if word.arg in ("sources", "source")]
            if (line, column) in seen or not sources:
                continue
            assert isinstance(call.func, ast.Attribute)
            label = self._shortened(ast.unparse(sources[0]))
            self.predictions.append(
                Prediction(line, column, call.func.attr, "unknown", (SourcePrediction(label, "unknown"),))
            )

    def propose(self, code: Code) -> list[str]:
        """Ask the rules for repairs; what went wrong."""
        from tfgradlint.fixing.scene import Scene

        failed: list[str] = []
        for key, (rule, told, reason, request) in self._origins.items():
            if key in self.findings:
                scene = Scene(code, reason.site, request, tuple(self._suffering[key]), reason.steps)
                losses = self._losses.get(key, ()) if rule.code in _ONE_BY_ONE else ()
                try:
                    fix = self._repair(rule, told, scene, losses)
                    self.findings[key] = dataclasses.replace(self.findings[key], fix=fix)
                except Exception as fault:  # a finding without its repair is better than none
                    failed.append(f"no repair of {rule.code} was found ({type(fault).__name__}: {fault})")
        return failed

    def _repair(self, rule: Rule, told: Break, scene: Scene, losses: Iterable[Loss]) -> Fix | None:
        """What a rule proposes, with the other places that lose the same gradient: half is worse than none."""
        from tfgradlint.fixing.edits import together

        fix = rule.fix(told, scene)
        for loss in losses:
            if fix is not None and loss.cause is told.cause and loss.site != scene.site:
                step = self._step(Reason(loss.cause, loss.site, loss.detail))
                other = dataclasses.replace(scene, site=loss.site)
                fix = together(fix, rule.fix(Break(loss.cause, step, "", 0, "", "", loss.detail), other))
        return fix

    def step(self, reason: Reason, suffering: Site | None) -> None:
        """A step that raises, or goes wrong, without a verdict on any source."""
        at = self._places.position(suffering) if suffering is not None else None
        self._finding(reason, "raises", self._subject(reason), suffering, at)

    def _subject(self, reason: Reason) -> str:
        statement = reason.site.statement if reason.cause is Cause.REBOUND_VARIABLE else None
        if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.AugAssign):
            return self._places.code(statement.body[0].target)
        return ""

    def _finding(
        self, reason: Reason, verdict: str, source: str, request: Site | None, at: Position | None, call: str = ""
    ) -> Finding | None:
        rule = rule_for(reason.cause)
        if rule is None:
            return None
        position = self._places.position(reason.site)
        key = (rule.code, position)
        self._suffering.setdefault(key, {})[source] = None
        if key in self.findings:
            return self.findings[key]
        result = (_RESULTS if call in _REQUESTS or not call else _IN_FIT).get(verdict, "")
        if reason.cause in _AFTERMATH and not reason.raised:
            cause = reason.cause if call or reason.cause is not Cause.METRIC_AS_LOSS else Cause.KERAS_LOSS
            result = _AFTERMATH[cause].get(reason.detail, _AFTERMATH[cause][None])
        elif verdict == "raises" or (reason.raised and call not in _REQUESTS):
            result = f"raises {reason.raised or 'an error'}"
            if request is None and reason.cause in (Cause.PYTHON_VALUE, Cause.NUMPY_FUNCTION):
                traced = reason.cause is Cause.PYTHON_VALUE or reason.raised == "NotImplementedError"
                result += " in a tf.function" if traced and reason.raised != "ValueError" else " on a placeholder"
        told = Break(
            reason.cause,
            self._step(reason),
            self._text(request.expression) if request is not None and request.expression is not None else "",
            at.line if at is not None else 0,
            source,
            result,
            reason.detail,
        )
        finding = Finding(position, rule.code, rule.message(told), self._steps(reason.steps))
        self.findings[key] = finding
        self._origins[key] = rule, told, reason, request
        return finding

    def _steps(self, sites: tuple[Site, ...]) -> tuple[PathStep, ...]:
        steps: list[PathStep] = []
        for site in sites:
            if site.expression is None:
                continue
            place = self._places.position(site)
            step = PathStep(place.line, place.column, self._text(site.expression))
            if not steps or steps[-1] != step:
                steps.append(step)
        return tuple(steps)

    def _step(self, reason: Reason) -> str:
        """The step as the user would name it."""
        expression = reason.site.expression
        earlier = reason.steps[0] if reason.cause is Cause.TAPE_REUSED and reason.steps else None
        if earlier is not None and earlier.expression is not None:
            return f"{self._text(earlier.expression)} on line {self._places.position(earlier).line}"
        if expression is None:
            return self._text(reason.site.statement) if reason.site.statement is not None else ""
        if isinstance(expression, cst.Call):
            name = self._text(expression.func)
            if reason.cause is Cause.INTEGER_CAST:
                dtype = next((a for a in expression.args if a.keyword is not None and a.keyword.value == "dtype"), None)
                if dtype is None and len(expression.args) > 1:
                    dtype = expression.args[1]
                return f"{name}(..., {self._text(dtype.value)})" if dtype is not None else f"{name}()"
            if reason.cause in _WHOLE:
                return self._text(expression)
            return f"{name}()"
        return self._text(expression)

    def _text(self, node: cst.CSTNode) -> str:
        lines = self._places.code(node).splitlines()
        return self._shortened(" ".join(" ".join(_without_comment(line).split()) for line in lines))

    def _shortened(self, text: str) -> str:
        text = text.replace("( ", "(").replace(" )", ")").replace("[ ", "[").replace(" ]", "]").strip()
        return text if len(text) <= _WIDTH else text[: _WIDTH - 4] + " ..."

    def _labels(self, site: RequestSite) -> list[str]:
        """A name for each source: its own text where the sources are written out in the call."""
        argument = self._sources_argument(site)
        if argument is None:
            return site.labels
        elements = argument.elements if isinstance(argument, (cst.List, cst.Tuple)) else None
        if elements is not None and len(elements) == len(site.labels):
            return [self._text(element.value) for element in elements]
        name = self._text(argument)
        return [name + label for label in site.labels]

    def _sources_argument(self, site: RequestSite) -> cst.BaseExpression | None:
        call = site.site.expression
        if not isinstance(call, cst.Call) or site.call not in (*_REQUESTS, "minimize"):
            return None
        for argument in call.args:
            if argument.keyword is not None and argument.keyword.value in ("sources", "source", "var_list"):
                return argument.value
        positional = [argument for argument in call.args if argument.keyword is None and not argument.star]
        return positional[1].value if len(positional) > 1 else None


def _without_comment(line: str) -> str:
    """A line of an expression without the comment behind it. A ``#`` inside a string stays with its string."""
    before, hash_, _ = line.partition("#")
    return line if not hash_ or before.count('"') % 2 or before.count("'") % 2 else before
