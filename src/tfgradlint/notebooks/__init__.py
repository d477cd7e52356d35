"""Jupyter notebooks: read as one module, judged, told by cell, and written back."""

from __future__ import annotations

from tfgradlint.notebooks.notebook import (
    INSTALL,
    CannotChange,
    Cell,
    Notebook,
    assembled,
    can_read,
    decode,
    is_notebook,
)
from tfgradlint.notebooks.writing import CannotReplace, replace_sources

__all__ = [
    "INSTALL",
    "CannotChange",
    "CannotReplace",
    "Cell",
    "Notebook",
    "assembled",
    "can_read",
    "decode",
    "is_notebook",
    "replace_sources",
]
