"""``tfgradlint confirm``: the only command that runs the user's program."""

from __future__ import annotations

import argparse
import sys

from tfgradlint.cli.files import configuration
from tfgradlint.cli.telling import CLEAN, COULD_NOT_RUN, FINDINGS, complain, show
from tfgradlint.files.running import Job
from tfgradlint.knowledge import versions
from tfgradlint.settings.settings import Configuration


def confirm(options: argparse.Namespace) -> int:
    """Run a program and hold what its requests gave against the predictions."""
    from tfgradlint.confirm import comparing, session, telling

    target, arguments = _program(options)
    if not target:
        complain("name a file, a notebook, or a module behind -m; see tfgradlint confirm --help")
        return COULD_NOT_RUN
    settings = configuration(options)
    asked = session.Asked(
        target=target,
        module=options.module is not None,
        arguments=tuple(arguments),
        python=options.python or sys.executable,
        requests=options.requests,
        seconds=options.seconds,
        eager=options.eager,
        aside=options.output_format == "json",
    )
    try:
        held = session.run(asked, lambda path, tensorflow, keras: _job(settings, path, tensorflow, keras))
    except session.CannotRun as error:
        complain(str(error))
        return COULD_NOT_RUN
    for judged in held.judged:
        if judged.error:
            complain(judged.error)
    if not held.report.versions:
        complain(f"{target}: the program did not import TensorFlow, and {telling.ended(held.report.ending)}")
        return COULD_NOT_RUN
    rows = comparing.rows(held)
    show([telling.document(held, rows)] if options.output_format == "json" else telling.lines(held, rows))
    return FINDINGS if any(row.unexplained or row.state == comparing.CONTRADICTED for row in rows) else CLEAN


def _program(options: argparse.Namespace) -> tuple[str, list[str]]:
    if options.module is None:
        return options.target or "", options.arguments
    return (options.module or [""])[0], options.module[1:]


def _job(settings: Configuration, path: str, tensorflow: str, keras: int | None) -> Job:
    own = settings.of(path)
    asked = own.tensorflow_version or tensorflow or None
    version = versions.name(versions.choose(asked))
    major = versions.choose_keras(own.keras if own.keras is not None else keras)
    return Job(path, version, own.described, None, False, major, own.assume, own.sources, own.follow)
