"""The command: ``check``, ``predict``, ``op``, ``rule``, ``prove``, ``config`` and ``server``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tfgradlint import config, running, sources, writing
from tfgradlint.cli import check, knowing, parser, serving
from tfgradlint.cli.telling import COULD_NOT_RUN, INTERRUPTED, NO_READER, complain

COMMANDS = {
    "check": check.check,
    "predict": check.predict,
    "op": knowing.op,
    "rule": knowing.rule,
    "prove": knowing.prove,
    "config": knowing.settings,
    "server": serving.server,
}
_REFUSALS = (config.ConfigError, sources.Unreadable, writing.Unwritable, running.WorkerDied)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 clean, 1 findings, 2 could not run."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name the terminal cannot show must not end the run
            stream.reconfigure(errors="backslashreplace")
    options = parser.make(COMMANDS).parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except _REFUSALS as error:
        complain(str(error))
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # the interpreter flushes once more when it ends, and must find somewhere to write
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_READER
