"""The command: ``check``, ``predict``, ``confirm``, ``op``, ``rule``, ``prove``, ``config`` and ``server``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tfgradlint.cli import check, confirming, knowing, parser, serving
from tfgradlint.cli.telling import COULD_NOT_RUN, INTERRUPTED, NO_READER, complain
from tfgradlint.files import running, sources, writing
from tfgradlint.settings import codes as config

COMMANDS = {
    "check": check.check,
    "predict": check.predict,
    "confirm": confirming.confirm,
    "op": knowing.op,
    "rule": knowing.rule,
    "prove": knowing.prove,
    "config": knowing.settings,
    "server": serving.server,
}
_REFUSALS = (config.ConfigError, sources.Unreadable, writing.Unwritable, running.WorkerDied)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 clean, 1 findings, 2 could not run."""
    _open_streams()
    try:
        return _run(arguments)
    except _REFUSALS as error:
        complain(str(error))
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _close_standard_output()
        return NO_READER
    except OSError as error:
        if error.filename is not None:
            raise
        _close_standard_output()  # what opens files tells their names; this was written to none
        complain(f"standard output: {error.strerror or error}")
        return COULD_NOT_RUN


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = parser.make(COMMANDS).parse_args(arguments)
        status: int = options.run(options)
    finally:
        sys.stdout.flush()  # here, where it is told that this cannot be done
    return status


def _open_streams() -> None:
    """Have streams that take every character, and some where the caller has closed them."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):  # a name the terminal cannot show must not end the run
            stream.reconfigure(errors="backslashreplace")


def _close_standard_output() -> None:
    """The interpreter flushes once more when it ends, and must find somewhere to write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
