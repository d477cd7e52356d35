"""The programs whose comments say what TensorFlow does: every fixture, and every rule's example and repaired example.

What the linter says of one is asked for once in a process, however many tests hold it against something.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from tfgradlint.analysis.guarded import judge
from tfgradlint.analysis.results import Analysis
from tfgradlint.evidence.programs import Program
from tfgradlint.evidence.prove import examples
from tfgradlint.evidence.run import python_files
from tfgradlint.rules import all_rules
from tfgradlint.rules.base import Rule

FIXTURES = Path(__file__).parent / "fixtures"
PROVEN_RULES = [rule for rule in all_rules() if rule.outcome]


def fixtures() -> Iterator[Program]:
    for path in python_files([FIXTURES]):
        yield Program(path.relative_to(FIXTURES).as_posix(), path.read_text(encoding="utf-8"))


def both_examples(rule: Rule) -> tuple[Program, Program]:
    programs = examples(rule)
    assert programs is not None
    return programs


def rule_examples() -> Iterator[Program]:
    for rule in PROVEN_RULES:
        yield from both_examples(rule)


PROGRAMS = {program.name: program for program in [*fixtures(), *rule_examples()]}


@functools.cache
def judged(name: str, mode: str) -> Analysis:
    """What the linter says of a program in a mode."""
    return judge(PROGRAMS[name].variant(mode), losses=True)
