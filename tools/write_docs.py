"""Writes what is generated from the rules: their pages, the index and the table in README.md; and from the measured
data: what changed between versions of TensorFlow.

``--check`` writes nothing and exits with 1 where a file is not what the rules say.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tfgradlint.reports import versions_page
from tfgradlint.reports.rule_page import outcome, page, summary
from tfgradlint.rules import all_rules
from tfgradlint.rules.base import Rule

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- rules: begin -->", "<!-- rules: end -->"
NOTE = "<!-- Written by tools/write_docs.py from the rule's docstring; change it there. -->\n\n"

VERSIONS_NOTE = "<!-- Written by tools/write_docs.py from the measured data. -->\n\n"

INDEX = """# Rules

{table}

The examples on the pages are whole programs, and the test suite runs them under TensorFlow. Their comments
are checked: `# expect: TFG202` marks a line on which the finding is due, `# outcome: none` says what
TensorFlow gives for the request on that line, one word for each source (`flows` is a finite gradient
that is not all zero). `tfgradlint prove` runs the same programs under the TensorFlow you have installed.
"""


def main(arguments: list[str] | None = None) -> int:
    """Write or check the files; 1 where a check finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, report differences")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    options = parser.parse_args(arguments)
    wanted = documents(options.root, all_rules())
    stale = [path for path in pages(options.root) if path not in wanted]
    drifted = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in sorted(stale + drifted):
        print(f"{path.relative_to(options.root)}: {'differs from the rules' if options.check else 'written'}")
    if options.check:
        return 1 if stale or drifted else 0
    for path in stale:
        path.unlink()
    for path in drifted:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], "utf-8")
    return 0


def documents(root: Path, rules: tuple[Rule, ...]) -> dict[Path, str]:
    """The text that each generated file should have."""
    folder = root / "docs" / "rules"
    texts = {folder / f"{rule.code}.md": NOTE + page(rule) for rule in rules}
    texts[folder / "index.md"] = NOTE.replace("the rule's docstring", "the rules") + INDEX.format(
        table=table(rules, "")
    )
    texts[root / "docs" / "versions.md"] = VERSIONS_NOTE + versions_page.page()
    readme = root / "README.md"
    texts[readme] = between_markers(readme.read_text("utf-8"), table(rules, "docs/rules/"))
    return texts


def pages(root: Path) -> list[Path]:
    """The pages that are there now."""
    return sorted((root / "docs" / "rules").glob("TFG*.md"))


def table(rules: tuple[Rule, ...], folder: str) -> str:
    """The rules as a Markdown table that links to the pages in ``folder``."""
    rows = [
        f"| [{rule.code}]({folder}{rule.code}.md) | {rule.name} | {_cell(summary(rule))} | {outcome(rule)} |"
        for rule in rules
    ]
    return "\n".join(["| code | name | what | TensorFlow gives |", "| --- | --- | --- | --- |", *rows])


def between_markers(text: str, table: str) -> str:
    """The text with the table between the markers replaced."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"README.md: the markers {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
