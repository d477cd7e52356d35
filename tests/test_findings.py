"""The linter's findings on every fixture and every rule's example, in every mode, held against the comments.

Needs no TensorFlow: the comments are what TensorFlow was seen to do, and test_evidence.py holds them to it.
"""

from __future__ import annotations

import pytest
from programs import PROGRAMS, judged

from tfgradlint.evidence.compare import finding_differences
from tfgradlint.evidence.programs import Program


def differs_by_python(program: Program) -> bool:
    """Whether a program may be another one to another version of Python: one about Python's tools, or an example."""
    return "/" not in program.name or program.name.startswith("mechanisms/python")


RUNS = [
    pytest.param(program.name, mode, marks=[pytest.mark.python] * (mode == "eager" and differs_by_python(program)))
    for program in PROGRAMS.values()
    for mode in program.modes
]


@pytest.mark.parametrize(("program_name", "mode"), RUNS)
def test_findings_are_those_in_the_comments(program_name: str, mode: str) -> None:
    analysis = judged(program_name, mode)
    assert finding_differences(PROGRAMS[program_name].specification(mode), analysis.findings) == []
    assert analysis.gave_up == ()
    for source in (each for request in analysis.predictions for each in request.sources):
        good = source.verdict in ("flows", "arrives", "unknown")
        assert good or source.reason, f"{source.source} is {source.verdict}, and nothing says why"
