"""Holds a program's comments against TensorFlow, and the linter against both.

Every function gives back the differences, one line of text each; an empty list is agreement.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence

from tfgradlint.analysis.results import Finding, Prediction, worst
from tfgradlint.evidence.observe import Observation
from tfgradlint.evidence.programs import Outcomes, Specification, say


def outcome_differences(text: str, specification: Specification, observation: Observation) -> list[str]:
    """Where the comments on outcomes and exceptions differ from what TensorFlow did."""
    claimed = dict(specification.outcomes)
    observed = settled_outcomes(specification, observation)
    differences = []
    for line in sorted(claimed.keys() | observed.keys()):
        seen = observed.get(line, ())
        if line not in claimed:
            differences.append(f"line {line}: a request without an outcome comment; TensorFlow gave {say(seen)}")
        elif not outcomes_agree(claimed[line], seen):
            differences.append(f"line {line}: the comment says {say(claimed[line])}, TensorFlow gave {say(seen)}")
    differences += _training_differences(text, specification, observation)
    return differences + _ending_differences(text, specification, observation)


def settled_training(text: str, specification: Specification, observation: Observation) -> dict[int, str]:
    """What TensorFlow did on the lines that claim something of their training; ``never`` reached without a word.

    A call fails as well where the method is missing, or where its arguments raise.
    """
    failure = observation.failure
    seen = {line: observation.training.get(line, "never") for line in specification.training}
    if failure is not None and not failure.at_update:
        tree = ast.parse(text)
        for line in seen:
            if seen[line] == "never" and _statement(tree, line) == _statement(tree, failure.line):
                seen[line] = f"raises:{failure.type}"
    return seen


def _training_differences(text: str, specification: Specification, observation: Observation) -> list[str]:
    """Where the comments on training differ. A call without a comment may do what it likes, short of raising."""
    seen = settled_training(text, specification, observation)
    return [
        f"line {line}: the comment says training {claimed}, TensorFlow gave {seen[line]}"
        for line, claimed in sorted(specification.training.items())
        if claimed != seen[line]
    ]


def settled_outcomes(specification: Specification, observation: Observation) -> dict[int, Outcomes]:
    """The observed outcomes by line.

    In a graph the step that leaves TensorFlow raises while it is traced, before the request is reached: the
    request suffers that exception all the same, and its comment may name it.
    """
    observed = observation.outcomes
    failure = observation.failure
    if failure is not None and failure.in_graph and not failure.at_request:
        for line, outcomes in specification.outcomes.items():
            if line not in observed and outcomes == ((f"raises:{failure.type}",),):
                observed[line] = outcomes
    return observed


def outcomes_agree(claimed: Outcomes, observed: Outcomes) -> bool:
    """Whether the words are the same; a ``tensor`` whose numbers are not known is any tensor."""
    return len(claimed) == len(observed) and all(
        len(some) == len(others) and all(map(words_agree, some, others))
        for some, others in zip(claimed, observed, strict=True)
    )


def words_agree(claimed: str, observed: str) -> bool:
    """Whether one observed word is the claimed one."""
    if claimed == "arrives":
        return observed in ("flows", "zero", "nonfinite", "tensor")
    return claimed == observed or (observed == "tensor" and claimed in ("flows", "zero", "nonfinite"))


def _ending_differences(text: str, specification: Specification, observation: Observation) -> list[str]:
    failure = observation.failure
    due = dict(specification.raises)
    if failure is None:
        return [f"line {line}: the comment says raises {kind}, the program did not" for line, kind in due.items()]
    told = f"line {failure.line}: the program ended in {failure.type}: {failure.message}"
    if failure.at_request and not due:
        return []  # told by the request's outcome
    seen = settled_training(text, specification, observation)
    if not due and f"raises:{failure.type}" in seen.values():
        return []  # told by the comment on training
    tree = ast.parse(text)
    for line, kind in due.items():
        if kind == failure.type and _statement(tree, line) == _statement(tree, failure.line):
            return []
    if not due and observation.outcomes.keys() != settled_outcomes(specification, observation).keys():
        return []  # told by the outcome of a request that was not reached
    return [told, *(f"line {line}: the comment says raises {kind}" for line, kind in due.items())]


def _statement(tree: ast.Module, line: int) -> int:
    """The first line of the smallest statement that covers a line."""
    spans = [
        ((node.end_lineno or node.lineno) - node.lineno, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return min(spans, default=(0, line))[1]


def finding_differences(specification: Specification, findings: Sequence[Finding]) -> list[str]:
    """Missing and extra findings; the code and the line count."""
    reported: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        reported[finding.position.line].append(finding)
    differences = []
    for line in sorted(specification.findings.keys() | reported.keys()):
        due = list(specification.findings.get(line, ()))
        for finding in reported.get(line, []):
            if finding.code in due:
                due.remove(finding.code)
            else:
                differences.append(f"line {line}: {finding.code} is not due here: {finding.message}")
        differences += [f"line {line}: {code} is missing" for code in due]
    return differences


def verdict_differences(
    specification: Specification, observation: Observation, predictions: Sequence[Prediction]
) -> list[str]:
    """Verdicts that TensorFlow contradicts, and requests that were not predicted at all.

    ``unknown`` is never contradicted. A request that was not evaluated contradicts nothing.
    """
    settled = settled_outcomes(specification, observation)
    by_line: dict[int, list[Prediction]] = defaultdict(list)
    for prediction in predictions:
        by_line[prediction.line].append(prediction)
    differences = []
    for line, outcomes in settled.items():
        if not by_line[line]:
            differences.append(f"line {line}: no prediction for a request; TensorFlow gave {say(outcomes)}")
        for prediction in by_line[line]:
            seen = outcomes
            if len(by_line[line]) > 1:
                seen = _evaluated_at(observation, prediction)
            differences += _contradictions(prediction, seen)
    return differences


def _evaluated_at(observation: Observation, prediction: Prediction) -> Outcomes:
    """The outcomes of one of several requests on a line, where their columns are known."""
    return tuple(
        evaluation.words
        for evaluation in observation.evaluations
        if (evaluation.site.line, evaluation.site.column) == (prediction.line, prediction.column)
    )


def _contradictions(prediction: Prediction, outcomes: Outcomes) -> list[str]:
    place = f"line {prediction.line}: {prediction.call}"
    if not outcomes or outcomes == (("empty",),):
        return []
    expected = worst([source.verdict for source in prediction.sources])
    if prediction.sources and prediction.verdict != expected:
        return [f"{place} is predicted {prediction.verdict}, but the worst of its sources is {expected}"]
    claims = [(source.source, source.verdict) for source in prediction.sources]
    widths = {len(words) for words in outcomes if not words[0].startswith("raises:")}
    if widths and widths != {len(claims)}:
        # One text may stand for many sources (`model.trainable_variables`): what holds for all is compared.
        if len(set(claims)) != 1 and len({verdict for _, verdict in claims}) != 1:
            return []
        claims = claims[:1] * max(widths)
    return [
        f"{place} is predicted {verdict} for {source}, TensorFlow gave {say(outcomes)}"
        for place_of_source, (source, verdict) in enumerate(claims)
        if not verdict_agrees(verdict, [words[min(place_of_source, len(words) - 1)] for words in outcomes])
    ]


def verdict_agrees(verdict: str, words: list[str]) -> bool:
    """Whether a verdict on one source is true of the words for it."""
    if verdict == "unknown":
        return True
    if verdict == "varies":
        return len(set(words)) > 1
    if verdict == "raises":
        return all(word.startswith("raises:") for word in words)
    return all(words_agree(verdict, word) for word in words)
