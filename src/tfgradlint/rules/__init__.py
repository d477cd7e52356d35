"""The rules, one module each. A rule is found by listing this package; nothing registers it."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from tfgradlint.flow.graph.causes import Cause
from tfgradlint.rules.base import Rule


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, sorted by code."""
    rules = []
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name.startswith("tfg"):
            module = importlib.import_module(f"{__name__}.{module_info.name}")
            rules += [
                value()
                for value in vars(module).values()
                if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
            ]
    return tuple(sorted(rules, key=lambda rule: rule.code))


def rule(code: str) -> Rule:
    """The rule with this code; ``KeyError`` where there is none."""
    return {rule.code: rule for rule in all_rules()}[code]


def rule_for(cause: Cause) -> Rule | None:
    """The rule that reports this kind of break, where one does."""
    return next((rule for rule in all_rules() if rule.cause is cause), None)
