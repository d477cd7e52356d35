"""Writes what is generated of the documentation, and the parts of README.md and mkdocs.yml that list the rules.

From the rules: their pages with the outcomes that were proven, the index, the picture of a flow graph; from
``docs/beliefs``: the page of beliefs; from the measured data: what changed between versions of TensorFlow.

``--check`` writes nothing and exits with 1 where a file is not what they say.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # tools/ is not installed

from tfgradlint.reports import versions_page
from tfgradlint.reports.rule_page import outcome, page, repairs, summary
from tfgradlint.rules import all_rules, rule
from tfgradlint.rules.base import Rule
from tools import beliefs_page, flow_picture, proof_table

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- rules: begin -->", "<!-- rules: end -->"
NAV_BEGIN, NAV_END = "      # rules: begin", "      # rules: end"
NOTE = "<!-- Written by tools/write_docs.py from the rule's docstring; change it there. -->\n\n"
VERSIONS_NOTE = "<!-- Written by tools/write_docs.py from the measured data. -->\n\n"
BELIEFS_NOTE = "<!-- Written by tools/write_docs.py from the programs in docs/beliefs. -->\n\n"

#: The rule whose example is drawn.
DRAWN = "TFG202"

#: What the codes of a group begin with, what it is called and what it is about.
GROUPS = {
    "TFG0": ("Files", "What could not be judged."),
    "TFG1": ("Tapes", "What a tape watches, when it records, and what it can be asked."),
    "TFG2": ("Leaving TensorFlow", "Steps that compute with copies of the values, where no tape looks."),
    "TFG3": ("Operations and dtypes", "Steps inside TensorFlow that have no gradient, or none that helps."),
    "TFG4": ("Training", "Losses, layers, lists of variables and optimizers, mostly of Keras."),
    "TFG5": ("Values", "Gradients that are not finite, or wrong."),
    "TFG9": ("Opt-in", "Off by default; select them by name, or all by `TFG9`."),
}

INDEX = """# Rules

{groups}

## How to read a page

The examples on the pages are whole programs, and the test suite runs them under TensorFlow. Their comments
are checked: `# expect: TFG202` marks a line on which the finding is due, `# outcome: none` says what
TensorFlow gives for the request on that line, one word for each source:

| word | the gradient |
| --- | --- |
| `flows` | is finite, and not all zero |
| `zero` | is all zero |
| `none` | is `None` |
| `nonfinite` | holds NaN or infinity |
| `empty` | is an empty list: there was no source |
| `never` | is not asked for: the program ends before |
| `tensor` | is there, but was never computed: the function raised later, while it was traced |
| `raises:` and a name | is not given: the request raises that exception |

`# modes: function, jit` marks a function that is also run under `tf.function`, and compiled by XLA; what is different
there stands behind the name of the mode, and what is different with Keras 2 or before a version of TensorFlow behind
`keras 2` and `before 2.18`. `# training: some` says of a call that updates variables which of those that
it is given get a gradient (`all`, `some`, `nothing`).

In the table of proven outcomes the first column of versions is what the tests hold the comments to. The older versions
were run once; a program that was changed since counts as not run. Up to 2.15, `tf.keras` is Keras 2.
`tfgradlint prove` runs the same programs under the TensorFlow you have installed, and holds them to what the comments
claim for its version and its Keras.
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
    docs, readme, site = root / "docs", root / "README.md", root / "mkdocs.yml"
    texts = {docs / "rules" / f"{rule.code}.md": NOTE + page(rule) + proof_table.section(rule) for rule in rules}
    texts[docs / "rules" / "index.md"] = NOTE.replace("the rule's docstring", "the rules") + INDEX.format(
        groups="\n\n".join(groups(rules))
    )
    texts[docs / "versions.md"] = VERSIONS_NOTE + versions_page.page()
    texts[docs / "beliefs.md"] = BELIEFS_NOTE + beliefs_page.page(ROOT, proof_table.newest())
    texts[docs / "flow-graph.svg"] = flow_picture.picture(rule(DRAWN))
    texts[readme] = between(readme, (BEGIN, END), table(rules, "docs/rules/"))
    texts[site] = between(site, (NAV_BEGIN, NAV_END), navigation(rules))
    return texts


def groups(rules: tuple[Rule, ...]) -> list[str]:
    """The sections of the index, one for each group that has rules."""
    known = {code: [rule for rule in rules if rule.code.startswith(code)] for code in GROUPS}
    return [
        f"## {GROUPS[code][0]}\n\n{GROUPS[code][1]}\n\n{table(tuple(members), '')}"
        for code, members in known.items()
        if members
    ]


def navigation(rules: tuple[Rule, ...]) -> str:
    """The rules in the navigation of the site."""
    return "\n".join(f"      - {rule.code} {rule.name}: rules/{rule.code}.md" for rule in rules)


def pages(root: Path) -> list[Path]:
    """The pages that are there now."""
    return sorted((root / "docs" / "rules").glob("TFG*.md"))


def table(rules: tuple[Rule, ...], folder: str) -> str:
    """The rules as a Markdown table that links to the pages in ``folder``."""
    rows = [
        f"| [{rule.code}]({folder}{rule.code}.md) | {rule.name} | {_cell(summary(rule))} | {outcome(rule)} "
        f"| {'`--fix`' if repairs(rule) else ''} |"
        for rule in rules
    ]
    return "\n".join(["| code | name | what | TensorFlow gives | repair |", "| --- | --- | --- | --- | --- |", *rows])


def between(path: Path, markers: tuple[str, str], part: str) -> str:
    """The text of a file with what stands between the markers replaced."""
    before, begin, rest = path.read_text("utf-8").partition(markers[0])
    _, end, after = rest.partition(markers[1])
    if not (begin and end):
        raise SystemExit(f"{path.name}: the markers {markers[0].strip()} and {markers[1].strip()} are missing")
    return f"{before}{begin}\n{part}\n{end}{after}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
