"""Where a rule's page stands."""

from __future__ import annotations

import functools
from importlib import metadata
from pathlib import Path


@functools.cache
def rule_page(code: str) -> str | None:
    """The address of the page about a rule, None where there is no such rule.

    Where the package names no documentation it is the rule's own module: its docstring is the page.
    """
    from tfgradlint.rules import all_rules

    site = _documentation()
    for rule in all_rules():
        if rule.code == code:
            if site is not None:
                return f"{site}/rules/{code}/"
            name = type(rule).__module__.rpartition(".")[2]
            return (Path(__file__).resolve().parent / "rules" / f"{name}.py").as_uri()
    return None


@functools.cache
def _documentation() -> str | None:
    """What the package's metadata calls its documentation."""
    try:
        urls = metadata.metadata("tfgradlint").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return None
    for label, _, address in (url.partition(",") for url in urls):
        if label.strip().lower() == "documentation":
            return str(address).strip().rstrip("/")
    return None
