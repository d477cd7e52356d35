"""The evidence: every fixture and every rule's example, under TensorFlow and before the linter.

All programs run in a few processes, each once in each of its modes; a failure of the first test of a program says that
TensorFlow does something else, a failure of the second, or in test_findings.py, that the linter does.
"""

from __future__ import annotations

import functools

import pytest
from programs import FIXTURES, PROGRAMS, PROVEN_RULES, both_examples, fixtures, judged

from tfgradlint.evidence.compare import verdict_differences
from tfgradlint.evidence.programs import Program
from tfgradlint.evidence.prove import prove
from tfgradlint.evidence.run import Run
from tfgradlint.rules.base import Rule

FEWEST = 6
OPT_IN = "TFG9"

#: Speak of files that make no request; test_loss_functions.py makes it.
WITHOUT_REQUEST = ("TFG903",)


def rule_fixtures() -> list[Program]:
    """Those of some size; what a mechanism got wrong once is kept as short as it was found."""
    return [program for program in fixtures() if not program.name.startswith("mechanisms")]


#: Those of Keras 2 run in test_evidence_keras_2.py.
RUNS = [(program.name, mode) for program in PROGRAMS.values() if not program.legacy_keras for mode in program.modes]


@functools.cache
def run(name: str, mode: str) -> Run:
    return Run.of(PROGRAMS[name], mode)


@pytest.mark.parametrize(("program_name", "mode"), RUNS)
def test_tensorflow_does_what_the_comments_say(program_name: str, mode: str) -> None:
    assert run(program_name, mode).against_tensorflow() == []


@pytest.mark.parametrize(("program_name", "mode"), RUNS)
def test_tensorflow_contradicts_no_verdict(program_name: str, mode: str) -> None:
    ran = run(program_name, mode)
    assert verdict_differences(ran.specification, ran.observation, judged(program_name, mode).predictions) == []


def codes_of(program: Program) -> set[str]:
    """What a program expects to be found, in any of its modes."""
    return {code for mode in program.modes for each in program.specification(mode).findings.values() for code in each}


@pytest.mark.parametrize("rule", PROVEN_RULES, ids=lambda rule: rule.code)
def test_a_rule_has_enough_fixtures(rule: Rule) -> None:
    folder = FIXTURES / rule.code.lower()
    failing, sound = sorted(folder.glob("fail_*.py")), sorted(folder.glob("sound_*.py"))
    assert (len(failing) >= FEWEST, len(sound) >= FEWEST) == (True, True), f"{len(failing)} fail, {len(sound)} sound"
    for path in failing:
        assert rule.code in codes_of(Program.load(path)), path.name
    for path in sound:
        # what is opt-in speaks of programs that may be sound
        assert all(code.startswith(OPT_IN) and code != rule.code for code in codes_of(Program.load(path))), path.name
    assert sorted(folder.glob("*.py")) == failing + sound


@pytest.mark.parametrize("program", list(rule_fixtures()), ids=lambda program: program.name)
def test_a_fixture_is_a_program_of_some_size_that_says_what_it_is(program: Program) -> None:
    lines = program.text.splitlines()
    assert lines[0].startswith('"""')
    assert len([line for line in lines if line.strip()]) >= 12
    claims = program.specification()
    silent = program.name.startswith(tuple(code.lower() for code in WITHOUT_REQUEST))
    assert bool(claims.outcomes or claims.training or claims.raises) != silent


@pytest.mark.parametrize(
    "rule", [rule for rule in PROVEN_RULES if rule.code not in WITHOUT_REQUEST], ids=lambda rule: rule.code
)
def test_a_rule_documents_its_outcome(rule: Rule) -> None:
    example, repaired = both_examples(rule)
    words, found = set(), set()
    for mode in example.modes:
        claims = example.specification(mode)
        words |= {word for outcomes in claims.outcomes.values() for words in outcomes for word in words}
        words |= {f"raises:{kind}" for kind in claims.raises.values()} | set(claims.training.values())
        found |= {code for codes in claims.findings.values() for code in codes}
    assert rule.outcome in words
    assert found == {rule.code}
    for mode in repaired.modes:
        cure = repaired.specification(mode)
        words = {word for outcomes in cure.outcomes.values() for words in outcomes for word in words}
        assert words | set(cure.training.values()) in ({"flows"}, {"all"}, {"flows", "all"})
        assert not cure.findings
        assert not cure.raises


def test_prove_runs_both_examples_in_every_mode() -> None:
    """What the other examples claim is held against TensorFlow above."""
    rows = prove(["TFG113", "TFG408"])
    ran = [(row.code, row.which, row.mode) for row in rows]
    every = ("eager", "function", "jit")
    assert ran == [
        *(("TFG113", which, mode) for which in ("example", "repaired") for mode in every),
        *(("TFG408", which, "eager") for which in ("example", "repaired")),
    ]
    assert [row for row in rows if not row.agrees] == []
