"""The documentation is generated from the rules, and its check notices when it is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from processes import python

from tfgradlint.rules import all_rules

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / "tools" / "write_docs.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A place with all that the tool writes, fresh."""
    shutil.copy(ROOT / "README.md", tmp_path)
    assert python(TOOL, "--root", tmp_path).returncode == 0
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


def test_every_rule_has_all_sections() -> None:
    sections = ["What it does", "Why it matters", "Example", "Use instead", "References"]
    for rule in all_rules():
        page = (ROOT / "docs" / "rules" / f"{rule.code}.md").read_text("utf-8")
        assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == sections


@pytest.mark.parametrize("change", ["page", "index", "readme", "missing", "stale"])
def test_a_drift_is_found_and_mended(checkout: Path, change: str) -> None:
    changed = {
        "page": checkout / "docs" / "rules" / "TFG202.md",
        "index": checkout / "docs" / "rules" / "index.md",
        "readme": checkout / "README.md",
        "missing": checkout / "docs" / "rules" / "TFG101.md",
        "stale": checkout / "docs" / "rules" / "TFG999.md",
    }[change]
    if change == "missing":
        changed.unlink()
    elif change == "stale":
        changed.write_text("of a rule that is gone\n")
    else:
        text = changed.read_text("utf-8").replace("TFG202.md", "TFG203.md").replace("(TFG202)", "(TFG203)")
        changed.write_text(text, "utf-8")
    run = python(TOOL, "--check", "--root", checkout)
    assert (run.returncode, run.stderr) == (1, "")
    assert run.stdout == f"{changed.relative_to(checkout)}: differs from the rules\n"
    assert python(TOOL, "--root", checkout).returncode == 0
    assert python(TOOL, "--check", "--root", checkout).stdout == ""


def test_without_the_markers_nothing_is_written(checkout: Path) -> None:
    (checkout / "README.md").write_text("# no markers\n")
    run = python(TOOL, "--root", checkout)
    assert run.returncode == 1
    assert "markers" in run.stderr
    assert (checkout / "README.md").read_text() == "# no markers\n"
