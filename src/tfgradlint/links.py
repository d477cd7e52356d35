"""Where a rule's page stands, for programs that open what they link to."""

from __future__ import annotations

import functools
from pathlib import Path

from tfgradlint.reports.rule_page import link


@functools.cache
def rule_page(code: str) -> str | None:
    """The address of the page about a rule, None where there is no such rule.

    Where there is no site it is the rule's own module: its docstring is the page.
    """
    from tfgradlint.rules import all_rules

    for rule in all_rules():
        if rule.code == code:
            name = type(rule).__module__.rpartition(".")[2]
            return link(code) or (Path(__file__).resolve().parent / "rules" / f"{name}.py").as_uri()
    return None
