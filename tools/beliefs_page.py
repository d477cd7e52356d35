"""The page 'Beliefs and measurements', from the programs in ``docs/beliefs``."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tfgradlint.evidence.programs import Program, say

#: The folders in their order, and their headings.
GROUPS = {
    "slices": "Slices and selections",
    "tapes": "Tapes and variables",
    "leaving": "In and out of TensorFlow",
    "operations": "Operations",
    "values": "Values",
    "keras": "Keras 3",
}
MODES = {"eager": "", "function": "under `tf.function`", "jit": "compiled by XLA"}
_FINDING = re.compile(r"# expect: (TFG\d{3})")

_HEAD = """# Beliefs and measurements

What is said of gradients in TensorFlow is often not what TensorFlow does. Each heading on this page is such a belief,
with what holds instead, and a program that shows it; the test suite runs all {count} of them. The comments are checked,
as are the `assert`s: `# outcome:` has one word for each source of the request (`flows` is a finite gradient that is not
all zero, `empty` that there was no source), `# expect:` names the finding that tfgradlint has on that line. They hold
for TensorFlow {version}, and did for 2.20, 2.18 and 2.16 when they were written; under 2.15, with Keras 2, some
of those that use Keras give something else.

{contents}
"""


def programs(root: Path) -> list[Path]:
    """The programs, in the order of the page."""
    folder = root / "docs" / "beliefs"
    return [path for group in GROUPS for path in sorted((folder / group).glob("*.py"))]


def page(root: Path, version: str) -> str:
    """The whole page."""
    paths = programs(root)
    contents = "\n".join(
        f"- [{title}](#{anchor(title)})" for group, title in GROUPS.items() if any(_in(path, group) for path in paths)
    )
    parts = [_HEAD.format(count=len(paths), version=version, contents=contents)]
    for group, title in GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [entry(Program.load(path)) for path in paths if _in(path, group)]
    return "\n".join(parts)


def entry(program: Program) -> str:
    """One belief: the heading, what holds, the program and what TensorFlow gives."""
    belief, _, holds = _docstring(program).partition("\n\n")
    told = [_given(program, mode) for mode in program.modes]
    code = sorted(set(_FINDING.findall(program.text)))
    found = ", ".join(f"[{each}](rules/{each}.md)" for each in code)
    lines = [f"### {_plain(belief)}\n", _plain(holds) + "\n", "```python", _body(program), "```\n"]
    lines.append(f"TensorFlow gives {'; '.join(told)}.{f' The rule: {found}.' if found else ''}\n")
    return "\n".join(lines)


def anchor(title: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w-]+", "-", title.lower()).strip("-")


def _given(program: Program, mode: str) -> str:
    claims = program.specification(mode)
    words = [*map(say, claims.outcomes.values()), *(f"training of {word}" for word in claims.training.values())]
    words += [f"raises:{kind}" for kind in claims.raises.values()]
    given = ", then ".join(f"`{word.replace('raises:', '')}`" for word in words)
    return f"{MODES[mode]} {given}".strip()


def _in(path: Path, group: str) -> bool:
    return path.parent.name == group


def _docstring(program: Program) -> str:
    return ast.get_docstring(ast.parse(program.text)) or ""


def _body(program: Program) -> str:
    """The program without its docstring."""
    first = ast.parse(program.text).body[0]
    return "\n".join(program.text.splitlines()[first.end_lineno or 0 :]).strip()


def _plain(text: str) -> str:
    return " ".join(text.split())
