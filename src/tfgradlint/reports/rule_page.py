"""A rule as a page of Markdown, from its docstring: for ``tfgradlint rule`` and for the documentation."""

from __future__ import annotations

import inspect
import textwrap

from tfgradlint.rules.base import Rule
from tfgradlint.settings.codes import OPT_IN

#: Where the pages are published: the documentation's address in pyproject.toml.
SITE = "https://tfgradlint.readthedocs.io/en/stable/"
_OUTCOMES = {
    "none": "`None`",
    "zero": "zeros",
    "nonfinite": "NaN or infinity",
    "empty": "`[]`",
    "nothing": "nothing: no variable is updated",
    "": "nothing: the code was not judged",
}


def page(rule: Rule) -> str:
    """The whole page, with a heading of code and name."""
    told, heading, references = _document(rule).partition("## References")
    return f"# {rule.name} ({rule.code})\n\n{told}{_repair(rule)}{heading}{references}\n"


def repairs(rule: Rule) -> bool:
    """Whether the rule proposes what to change."""
    return type(rule).fix is not Rule.fix


def _repair(rule: Rule) -> str:
    """What ``--fix`` does, where the rule knows that: the docstring of its method."""
    if not repairs(rule):
        return ""
    told = " ".join((inspect.getdoc(type(rule).fix) or "").replace("``", "`").split())
    return f"## Repair\n\n{told}\n\n"


def linked(rule: Rule) -> str:
    """The page, and at its end the address at which it stands."""
    return f"{page(rule)}\n{link(rule.code)}\n"


def summary(rule: Rule) -> str:
    """The first paragraph of the docstring, on one line."""
    return " ".join(_document(rule).split("\n\n", 1)[0].split())


def link(code: str) -> str:
    """The address of the page about a rule."""
    return f"{SITE}rules/{code}/"


def outcome(rule: Rule) -> str:
    """What TensorFlow gives where the rule speaks, in words."""
    kind, _, exception = rule.outcome.partition(":")
    if rule.code.startswith(OPT_IN) and not rule.outcome:
        return "nothing: the code is not concerned"
    return f"`{exception}`" if exception else _OUTCOMES.get(kind, kind)


def _document(rule: Rule) -> str:
    return textwrap.dedent(inspect.cleandoc(type(rule).__doc__ or "")).strip()
