"""README.md says what is true, and the examples do what is said of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from processes import command, python

from tfgradlint.evidence.observe import observe

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
EXPECTED = (ROOT / "examples" / "expected.txt").read_text("utf-8")
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FAULTY = [path for path in EXAMPLES if not path.stem.endswith("_repaired")]
TWINS = [path for path in EXAMPLES if path.stem.endswith("_repaired")]


def blocks(language: str) -> list[str]:
    """The code blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def readme_command(name: str) -> str:
    """The command in the block that is marked with a name; one line."""
    found = re.findall(rf"^<!-- command: {name} -->\n```sh\n(.*)\n```$", README, re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def test_the_two_commands_are_one_line_each() -> None:
    assert readme_command("flake8").startswith("python -m pip install . && flake8 ")
    assert readme_command("pytest") == "python -m pip install '.[test]' && python -m pytest"


def test_flake8_finds_exactly_what_is_expected_in_the_examples() -> None:
    arguments = readme_command("flake8").partition("&& flake8 ")[2].split()
    run = python("-m", "flake8", *arguments, cwd=ROOT)
    assert (run.returncode, run.stdout, run.stderr) == (1, EXPECTED, "")


def test_every_faulty_example_has_one_finding_and_a_repaired_twin() -> None:
    assert [f"{path.stem}_repaired" for path in FAULTY] == [path.stem for path in TWINS]
    assert [line.split(":")[0] for line in EXPECTED.splitlines()] == [f"examples/{path.name}" for path in FAULTY]


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem)
def test_tensorflow_loses_the_gradient_where_the_finding_says(path: Path) -> None:
    (finding,) = [line for line in EXPECTED.splitlines() if line.startswith(f"examples/{path.name}:")]
    suffers = re.search(r" on line (\d+) (?:returns (None)|raises (\w+))", finding)
    assert suffers is not None
    line, _, exception = suffers.groups()
    outcomes = observe(path.read_text("utf-8")).outcomes[int(line)]
    assert (f"raises:{exception}" if exception else "none") in outcomes[-1]


@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.stem)
def test_tensorflow_gives_every_gradient_of_a_repaired_example(path: Path) -> None:
    observation = observe(path.read_text("utf-8"))
    assert observation.failure is None
    assert observation.outcomes
    assert {word for lines in observation.outcomes.values() for words in lines for word in words} == {"flows"}


def test_the_finding_shown_is_a_real_one() -> None:
    assert blocks("text")[0] in EXPECTED.splitlines(keepends=True)


def test_the_prediction_shown_is_a_real_one() -> None:
    shown = next(block for block in blocks("sh") if block.startswith("tfgradlint predict examples/"))
    run = command(*shown.split()[1:], cwd=ROOT)
    assert run.stdout == blocks("text")[1]


def test_the_last_line_shown_is_a_real_one() -> None:
    run = command("check", "examples", cwd=ROOT, counted=True)
    assert run.stderr == blocks("text")[2]


def test_what_is_shown_of_an_operation_is_real() -> None:
    shown = next(block for block in blocks("sh") if block.startswith("tfgradlint op --tensorflow"))
    run = command(*shown.split()[1:], cwd=ROOT)
    assert run.stdout == blocks("text")[3]


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_subcommands_shown_exist() -> None:
    shown = set(re.findall(r"^tfgradlint (\w+)", "".join(blocks("sh")), re.MULTILINE))
    assert shown == {"check", "predict", "confirm", "op", "rule", "prove", "config"}
    for name in shown:
        assert command(name, "--help").returncode == 0
