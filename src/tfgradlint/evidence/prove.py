"""Runs the rules' own examples under the installed TensorFlow."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tfgradlint.evidence.compare import outcome_differences, settled_outcomes, settled_training
from tfgradlint.evidence.observe import Observation, TensorFlowMissing, installed, observe, tensorflow, versions_of
from tfgradlint.evidence.programs import Outcomes, Program, say
from tfgradlint.rules import all_rules
from tfgradlint.rules.base import Rule

__all__ = ["Row", "TensorFlowMissing", "UnknownRule", "examples", "installed", "prove", "told"]

_SECTION = r"^## {}\n(.*?)(?=^## |\Z)"
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class UnknownRule(LookupError):
    """A code that no rule has."""


@dataclass(frozen=True, slots=True)
class Row:
    """One run: ``which`` is ``example`` or ``repaired``, the outcomes are in the words of the comments."""

    code: str
    which: str
    mode: str
    claimed: str
    observed: str
    agrees: bool


def examples(rule: Rule) -> tuple[Program, Program] | None:
    """The failing and the repaired program in a rule's documentation.

    None where the rule speaks of no outcome: a file that cannot be analysed cannot be run either.
    """
    if not rule.outcome:
        return None
    document = inspect.cleandoc(type(rule).__doc__ or "")
    return (
        Program(f"{rule.code} example", _block(document, "Example", rule)),
        Program(f"{rule.code} repaired", _block(document, "Use instead", rule)),
    )


def prove(codes: Iterable[str] = ()) -> list[Row]:
    """Run the examples of the rules with these codes, or of all rules, in all their modes."""
    tensorflow()
    rules = {rule.code: rule for rule in all_rules()}
    wanted = list(codes) or sorted(rules)
    unknown = [code for code in wanted if code not in rules]
    if unknown:
        raise UnknownRule(f"there is no rule {', '.join(unknown)}")
    rows = []
    for code in wanted:
        for which, program in zip(("example", "repaired"), examples(rules[code]) or (), strict=False):
            rows += [_run(code, which, program, mode) for mode in program.modes]
    return rows


def _run(code: str, which: str, program: Program, mode: str) -> Row:
    text = program.variant(mode)
    specification = program.specification(mode, versions_of(text))
    observation = observe(text)
    agrees = not outcome_differences(text, specification, observation)
    claimed = told(specification.outcomes.values(), specification.training.values(), specification.raises.values())
    trained = settled_training(text, specification, observation).values()
    ending = _ending(observation, agrees, claimed)
    observed = told(settled_outcomes(specification, observation).values(), trained, ending)
    return Row(code, which, mode, claimed, observed, agrees)


def _ending(observation: Observation, agrees: bool, claimed: str) -> list[str]:
    """The exception in which the program ended, where the outcomes do not tell it."""
    failure = observation.failure
    if failure is None or failure.at_request or (agrees and f"raises:{failure.type}" in claimed):
        return []
    return [failure.type]


def told(outcomes: Iterable[Outcomes], training: Iterable[str], raised: Iterable[str]) -> str:
    """All requests of a program in one line, in the order of their lines; the updates after them.

    What was not reached is not told: how the program ended is.
    """
    words = [*(say(each) for each in outcomes if each), *(f"trains {word}" for word in training if word != "never")]
    return " / ".join([*words, *(f"ends in {kind}" for kind in raised)]) or "no request"


def _block(document: str, section: str, rule: Rule) -> str:
    found = re.search(_SECTION.format(section), document, re.MULTILINE | re.DOTALL)
    block = _BLOCK.search(found[1]) if found else None
    if block is None:
        raise ValueError(f"{rule.code}: no python block under '## {section}'")
    return block[1]
