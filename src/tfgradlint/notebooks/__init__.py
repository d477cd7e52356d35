"""Jupyter notebooks: read as one module, judged, told by cell, and written back."""

from __future__ import annotations

from tfgradlint.notebooks.notebook import CannotChange, Notebook, can_read, decode, is_notebook, judged
from tfgradlint.notebooks.writing import CannotReplace, replace_sources

__all__ = [
    "CannotChange",
    "CannotReplace",
    "Notebook",
    "can_read",
    "decode",
    "is_notebook",
    "judged",
    "replace_sources",
]
