"""Every failing fixture, repaired as far as the rules can: what the linter then promises, TensorFlow must give."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from repairs import REPAIRS

from tfgradlint.evidence.compare import verdict_differences
from tfgradlint.evidence.observe import Observation, observe
from tfgradlint.evidence.programs import read_specification
from tfgradlint.fixing.fixer import Fixed, Fixer
from tfgradlint.judge import judge

FIXTURES = Path(__file__).parent / "fixtures"
FAILING = sorted(FIXTURES.glob("*/fail_*.py"))
_JUDGE = partial(judge, losses=True, fixes=True)
#: What says how a fixture ends is no longer true of the repaired one.
_CLAIM = re.compile(r"  # (?:outcome|expect|training|raises):.*")


def repaired(path: Path) -> Fixed:
    text = _CLAIM.sub("", path.read_text(encoding="utf-8"))
    return Fixer(_JUDGE, lambda text, analysis: analysis.findings).fixed(text, unsafe=True)


REPAIRED = {str(path.relative_to(FIXTURES)): made for path in FAILING if (made := repaired(path)).made}
REPAIRED |= {f"{repair.code} {repair.name}": Fixed(repair.after) for repair in REPAIRS}


def ended(observation: Observation) -> str:
    """The exception that ended a program."""
    failure = observation.failure
    return f"{failure.type} on line {failure.line}: {failure.message}" if failure is not None else ""


@pytest.mark.parametrize("name", REPAIRED)
def test_tensorflow_gives_a_repaired_program_its_gradients(name: str) -> None:
    fixed = REPAIRED[name]
    observation = observe(fixed.text)
    predictions = judge(fixed.text, losses=True).predictions
    assert verdict_differences(read_specification(fixed.text), observation, predictions) == []
    if not fixed.left:
        assert ended(observation) == ""
