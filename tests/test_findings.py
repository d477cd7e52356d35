"""The linter's findings on every fixture and every rule's example, in every mode, held against the comments.

Needs no TensorFlow: the comments are what TensorFlow was seen to do, and test_evidence.py holds them to it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tfgradlint.evidence.compare import finding_differences
from tfgradlint.evidence.programs import Program
from tfgradlint.evidence.prove import examples
from tfgradlint.evidence.run import python_files
from tfgradlint.judge import judge
from tfgradlint.rules import all_rules

FIXTURES = Path(__file__).parent / "fixtures"


def programs() -> list[Program]:
    found = [
        Program(str(path.relative_to(FIXTURES)), path.read_text(encoding="utf-8")) for path in python_files([FIXTURES])
    ]
    for rule in all_rules():
        found += examples(rule) or ()
    return found


RUNS = [pytest.param(program, mode, id=f"{program.name}-{mode}") for program in programs() for mode in program.modes]


@pytest.mark.parametrize(("program", "mode"), RUNS)
def test_findings_are_those_in_the_comments(program: Program, mode: str) -> None:
    analysis = judge(program.variant(mode), losses=True)
    assert finding_differences(program.specification(mode), analysis.findings) == []
    assert analysis.gave_up == ()
