"""Python's own parser, without the warnings it would print about the user's code."""

from __future__ import annotations

import ast
import contextlib
import warnings
from collections.abc import Iterator


def parse(text: str) -> ast.Module:
    """``ast.parse`` without the warnings it would print about the user's code."""
    with without_warnings():
        return ast.parse(text)


@contextlib.contextmanager
def without_warnings() -> Iterator[None]:
    """Python warns about escapes and the like in whatever text it reads, a single literal too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
