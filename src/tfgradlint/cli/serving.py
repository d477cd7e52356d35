"""``tfgradlint server``."""

from __future__ import annotations

import argparse

from tfgradlint.cli.telling import CLEAN, COULD_NOT_RUN, complain


def server(options: argparse.Namespace) -> int:
    """Serve an editor."""
    from tfgradlint.server import serve

    try:
        serve()
    except ImportError:
        complain("the server needs pygls: python -m pip install 'tfgradlint[lsp]'")
        return COULD_NOT_RUN
    return CLEAN
