"""What is predicted of a ``fit``, and what a message says of it, held against the comments on training.

Needs no TensorFlow: the comments are what TensorFlow was seen to do, and test_evidence.py holds them to it.
"""

from __future__ import annotations

import re
from collections import defaultdict

import pytest
from programs import PROGRAMS, fixtures, judged

from tfgradlint.analysis.results import Analysis

_CLAIM = re.compile(r"\b(?:fit|train_on_batch)\(.*? on line (\d+) (raises (?:an error|\w+)|trains nothing)")


def contradictions(claimed: dict[int, str], analysis: Analysis) -> list[str]:
    """Where a prediction, or a message, cannot be true of what a line was seen to train."""
    found = []
    predicted: dict[int, set[str]] = defaultdict(set)
    for prediction in analysis.predictions:
        if prediction.call in ("fit", "train_on_batch") and prediction.line in claimed:
            predicted[prediction.line] |= {source.verdict for source in prediction.sources}
    created = any(finding.code == "TFG406" for finding in analysis.findings)  # raises before there is a gradient
    for line, verdicts in sorted(predicted.items()):
        if not created and not _possible(claimed[line], verdicts):
            found.append(f"line {line}: training {claimed[line]}, predicted {', '.join(sorted(verdicts))}")
    for finding in analysis.findings:
        for line, words in _CLAIM.findall(finding.message):
            seen = claimed.get(int(line), "")
            if seen and not _true(words, seen):
                found.append(f"line {line}: training {seen}, {finding.code} says {words}")
    return found


def _possible(seen: str, verdicts: set[str]) -> bool:
    """Whether weights with these verdicts can be trained like this."""
    if seen == "all":
        return not verdicts & {"none", "zero", "raises"}
    if seen == "some":
        return bool(verdicts - {"flows"}) and not verdicts <= {"none", "zero", "raises"}
    # Where the step raises for another reason, it never came to gradients.
    return "flows" not in verdicts or (seen.startswith("raises:") and seen != "raises:ValueError")


def _true(words: str, seen: str) -> bool:
    if words == "trains nothing":
        return not seen.startswith("raises:")
    if words == "raises an error":
        return seen.startswith("raises:")
    return seen == f"raises:{words.removeprefix('raises ')}"


@pytest.mark.parametrize("program_name", [each.name for each in fixtures() if "# training:" in each.text])
def test_what_is_said_of_training_is_what_happens(program_name: str) -> None:
    program = PROGRAMS[program_name]
    mode = program.modes[0]
    assert contradictions(dict(program.specification(mode).training), judged(program_name, mode)) == []


@pytest.mark.parametrize(
    ("seen", "verdicts", "told"),
    [
        ("all", {"flows", "unknown"}, True),
        ("all", {"flows", "none"}, False),
        ("some", {"flows", "none"}, True),
        ("some", {"flows"}, False),
        ("some", {"none"}, False),
        ("raises:ValueError", {"none"}, True),
        ("raises:ValueError", {"flows"}, False),
        ("raises:AttributeError", {"flows"}, True),
        ("nothing", {"flows", "zero"}, False),
    ],
)
def test_verdicts_that_can_and_cannot_be(seen: str, verdicts: set[str], told: bool) -> None:
    assert _possible(seen, verdicts) is told
