"""The language server: findings and predictions in any editor that speaks the Language Server Protocol."""

from __future__ import annotations

import os


def serve() -> None:
    """Serve one client over standard input and output until it says goodbye.

    Raises:
        ImportError: pygls is not installed.
    """
    from tfgradlint.server.server import Server

    # streams of their own: what anything else prints must not get between the messages
    reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    Server().start_io(reader, writer)
