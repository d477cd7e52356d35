"""Random programs about one matter of training each: one module a family, found by listing."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping

from .writing import Family


@functools.cache
def families() -> Mapping[str, type[Family]]:
    """Every family under the name of its module, in alphabetical order."""
    found: dict[str, type[Family]] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if module.name != "writing":
            found[module.name] = importlib.import_module(f".{module.name}", __name__).FAMILY
    return found
