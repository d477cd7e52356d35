"""``tfgradlint server``."""

from __future__ import annotations

import argparse
import sys

from tfgradlint.cli.telling import CLEAN, COULD_NOT_RUN, complain
from tfgradlint.files.sources import Unreadable


def server(options: argparse.Namespace) -> int:
    """Serve an editor."""
    from tfgradlint.server import serve

    if sys.stdin is None:
        raise Unreadable("standard input: it is closed; an editor speaks to the server there")
    try:
        serve()
    except ImportError:
        complain("the server needs pygls: python -m pip install 'tfgradlint[lsp]'")
        return COULD_NOT_RUN
    return CLEAN
