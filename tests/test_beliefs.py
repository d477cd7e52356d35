"""The programs of the page 'Beliefs and measurements', under TensorFlow and before the linter."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tfgradlint.analysis.guarded import judge
from tfgradlint.evidence.compare import finding_differences
from tfgradlint.evidence.programs import Program
from tfgradlint.evidence.run import Run

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # tools/ is not installed

from tools import beliefs_page  # noqa: E402

PROGRAMS = {f"{path.parent.name}/{path.stem}": Program.load(path) for path in beliefs_page.programs(ROOT)}
RUNS = [(name, mode) for name, program in PROGRAMS.items() for mode in program.modes]


@pytest.mark.parametrize(("name", "mode"), RUNS)
def test_tensorflow_gives_what_the_page_of_beliefs_says(name: str, mode: str) -> None:
    run = Run.of(PROGRAMS[name], mode)
    assert run.against_tensorflow() == []


@pytest.mark.parametrize(("name", "mode"), RUNS)
def test_the_findings_are_those_that_the_page_of_beliefs_names(name: str, mode: str) -> None:
    program = PROGRAMS[name]
    assert finding_differences(program.specification(mode), judge(program.variant(mode)).findings) == []


def test_every_program_is_on_the_page() -> None:
    assert len(PROGRAMS) == len(list((ROOT / "docs" / "beliefs").rglob("*.py"))) >= 25
    page = (ROOT / "docs" / "beliefs.md").read_text("utf-8")
    assert len(re.findall(r"^### ", page, re.MULTILINE)) == len(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_states_a_belief_and_what_holds_instead(name: str) -> None:
    text = PROGRAMS[name].text
    belief, _, holds = (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")
    assert "\n" not in belief.strip()
    assert belief.endswith(".")
    assert holds.endswith(".")
    claims = PROGRAMS[name].specification()
    assert claims.outcomes or claims.training or claims.raises
