"""The documentation is generated from the rules, and its check notices when it is not."""

from __future__ import annotations

import re
import shutil
import sys
from itertools import product
from pathlib import Path

import pytest
from processes import Finished, here, python

from tfgradlint.evidence.programs import Program
from tfgradlint.evidence.prove import examples
from tfgradlint.reports.rule_page import repairs
from tfgradlint.rules import all_rules
from tfgradlint.rules.base import Rule

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # tools/ is not installed

from tools import proof_table, write_docs  # noqa: E402

TOOL = ROOT / "tools" / "write_docs.py"


def written(*arguments: str | Path) -> Finished:
    """A run of the tool."""
    return here(write_docs.main, arguments)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A place with all that the tool writes."""
    for name in ("README.md", "mkdocs.yml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


def test_the_documentation_is_what_the_rules_say() -> None:
    run = python(TOOL, "--check")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_every_rule_has_a_page_a_row_in_the_index_and_one_in_the_readme() -> None:
    index = (ROOT / "docs" / "rules" / "index.md").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    for rule in all_rules():
        assert (ROOT / "docs" / "rules" / f"{rule.code}.md").exists()
        assert f"| [{rule.code}]({rule.code}.md) | {rule.name} |" in index
        assert f"| [{rule.code}](docs/rules/{rule.code}.md) | {rule.name} |" in readme


def test_every_rule_stands_in_one_group_of_the_index() -> None:
    index = (ROOT / "docs" / "rules" / "index.md").read_text("utf-8")
    listed = re.findall(r"^\| \[(TFG\d{3})\]", index, re.MULTILINE)
    assert listed == [rule.code for rule in all_rules()]


def test_every_rule_has_all_sections() -> None:
    sections = ["What it does", "Why it matters", "Example", "Use instead"]
    for rule in all_rules():
        page = (ROOT / "docs" / "rules" / f"{rule.code}.md").read_text("utf-8")
        proven = ["Proven outcomes"] if examples(rule) else []
        more = ["Repair", "References"] if repairs(rule) else ["References"]
        assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == sections + more + proven


@pytest.mark.parametrize("rule", [rule for rule in all_rules() if examples(rule)], ids=lambda rule: rule.code)
def test_what_was_observed_under_each_version_is_what_the_comments_say_of_it(rule: Rule) -> None:
    for program in examples(rule) or ():
        for mode, version in product(program.modes, proof_table.shown()):
            seen = proof_table.observed(program, mode, version)
            seen = seen.replace("tensor", "flows")  # its numbers were never computed: the function raised
            assert seen in (proof_table.claimed(program, mode, version), proof_table.NOT_RUN)


def test_a_program_that_was_changed_counts_as_not_run() -> None:
    (example, _) = next(filter(None, map(examples, all_rules())))
    assert example is not None
    changed = Program(example.name, example.text + "\n")
    for version in proof_table.shown():
        assert proof_table.observed(changed, "eager", version) == proof_table.NOT_RUN


def test_the_table_tells_every_version_that_was_tried() -> None:
    page = (ROOT / "docs" / "rules" / "TFG202.md").read_text("utf-8")
    assert "| program | mode | 2.21 | 2.20 | 2.18 | 2.16 | 2.15 |" in page


@pytest.mark.parametrize("change", ["page", "index", "readme", "missing", "stale", "navigation", "picture", "beliefs"])
def test_a_drift_is_found_and_mended(checkout: Path, change: str) -> None:
    changed = {
        "page": checkout / "docs" / "rules" / "TFG202.md",
        "index": checkout / "docs" / "rules" / "index.md",
        "readme": checkout / "README.md",
        "missing": checkout / "docs" / "rules" / "TFG101.md",
        "stale": checkout / "docs" / "rules" / "TFG999.md",
        "navigation": checkout / "mkdocs.yml",
        "picture": checkout / "docs" / "flow-graph.svg",
        "beliefs": checkout / "docs" / "beliefs.md",
    }[change]
    if change == "missing":
        changed.unlink()
    elif change == "stale":
        changed.write_text("of a rule that is gone\n")
    else:
        text = changed.read_text("utf-8").replace("TFG202", "TFG203")
        changed.write_text(text, "utf-8")
    run = written("--check", "--root", checkout)
    assert (run.returncode, run.stderr) == (1, "")
    assert run.stdout == f"{changed.relative_to(checkout)}: differs from the rules\n"
    assert written("--root", checkout).returncode == 0
    assert written("--check", "--root", checkout).stdout == ""


@pytest.mark.parametrize("name", ["README.md", "mkdocs.yml"])
def test_without_the_markers_nothing_is_written(checkout: Path, name: str) -> None:
    (checkout / name).write_text("# no markers\n")
    run = written("--root", checkout)
    assert run.returncode == 1
    assert f"{name}: the markers" in run.stderr
    assert (checkout / name).read_text() == "# no markers\n"
