"""Programs repaired as far as the rules can, and what TensorFlow says of them."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from tfgradlint.analysis.guarded import judge
from tfgradlint.evidence.compare import verdict_differences
from tfgradlint.evidence.observe import observe
from tfgradlint.evidence.programs import Program, read_specification
from tfgradlint.fixing.fixer import Fixed, Fixer

FIXER = Fixer(partial(judge, losses=True, fixes=True), lambda text, analysis: analysis.findings)
#: What says how a fixture ends is no longer true of the repaired one.
_CLAIM = re.compile(r"  # (?:outcome|expect|training|raises):.*|^assert .*", re.MULTILINE)


def repaired(path: Path) -> Fixed:
    """A fixture with all its repairs, and without what its comments claim."""
    return FIXER.fixed(_CLAIM.sub("", path.read_text(encoding="utf-8")), unsafe=True)


def of_keras_2(text: str) -> bool:
    return Program("", text).legacy_keras


def differences(fixed: Fixed) -> list[str]:
    """Where TensorFlow gives a repaired program something else than is predicted, an exception among that."""
    observation = observe(fixed.text)
    predictions = judge(fixed.text, losses=True).predictions
    found = verdict_differences(read_specification(fixed.text), observation, predictions)
    failure = observation.failure
    if failure is not None and not fixed.left:
        found.append(f"{failure.type} on line {failure.line}: {failure.message}")
    return found
