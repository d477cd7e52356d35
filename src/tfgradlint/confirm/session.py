"""Starts the program, and judges the files in which it asked for gradients."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tfgradlint import notebooks
from tfgradlint.confirm import child
from tfgradlint.confirm.observations import Order, Report
from tfgradlint.files import sources
from tfgradlint.files.running import Job, Judged, judge_file
from tfgradlint.files.together import together

#: The job of judging a file by the TensorFlow and the Keras of a run, empty and None where it used none.
Jobs = Callable[[str, str, "int | None"], Job]


class CannotRun(Exception):
    """The program could not be run, or nothing is known of its run. The text is one line that says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be run: a file, a notebook or a module, and how; see ``Order``."""

    target: str
    module: bool = False
    arguments: tuple[str, ...] = ()
    python: str = sys.executable
    requests: int | None = None
    seconds: float | None = None
    eager: bool = False
    #: Whether what the program prints goes to standard error.
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A run, and what is said of each file that takes part."""

    report: Report
    judged: tuple[Judged, ...]


def run(asked: Asked, jobs: Jobs) -> Session:
    """Run the program to its end and judge its files.

    Raises:
        CannotRun: there is no such file or Python, or the process died.
        Unreadable: the notebook cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="tfgradlint-") as scratch:
        script, path = _script(asked, scratch)
        order = Order(
            report=os.path.join(scratch, "report.json"),
            target=script,
            module=asked.module,
            arguments=asked.arguments,
            folder=os.getcwd() if asked.module else os.path.dirname(os.path.abspath(path)),
            requests=asked.requests,
            seconds=asked.seconds,
            expected=_expected(_file_of(path) if asked.module else path, jobs) if asked.requests is not None else 0,
            eager=asked.eager,
            notebook=script != path,
        )
        report = _carried_out(order, asked, os.path.join(scratch, "order.json"))
        if script != path:
            report = _moved(report, os.path.realpath(script), os.path.realpath(path))
    keys = [*(each.key for each in report.asked), *(each.key for each in report.trained)]
    files = dict.fromkeys([report.entry, *(key[0] for key in keys)])
    judged = [judge_file(jobs(file, report.tensorflow, report.keras)) for file in files if os.path.isfile(file)]
    return Session(report, tuple(together(judged)))


def _script(asked: Asked, scratch: str) -> tuple[str, str]:
    """What Python is told to run, and the path that it is known by."""
    if asked.module:
        return asked.target, asked.target
    if not os.path.isfile(asked.target):
        raise CannotRun(f"{asked.target}: No such file")
    path = os.path.abspath(asked.target)
    if not notebooks.is_notebook(path):
        return path, path
    script = os.path.join(scratch, f"{os.path.splitext(os.path.basename(path))[0]}.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(notebooks.decode(sources.content(path), path).text)
    return script, path


def _file_of(module: str) -> str:
    """The file of a module in the current folder, as ``python -m`` finds it; empty where there is none."""
    path = os.path.join(*module.split("."))
    return next((each for each in (f"{path}.py", os.path.join(path, "__main__.py")) if os.path.isfile(each)), "")


def _expected(path: str, jobs: Jobs) -> int:
    """How many requests the program is predicted to make."""
    if not path:
        return 0
    analysis = judge_file(jobs(path, "", None)).analysis
    return len(analysis.predictions) + len(analysis.predicted_elsewhere)


def _carried_out(order: Order, asked: Asked, path: str) -> Report:
    order.save(path)
    command = [asked.python, os.path.abspath(child.__file__), path]
    try:
        process = subprocess.Popen(command, stdout=sys.stderr if asked.aside else None)
    except OSError as error:
        raise CannotRun(f"{asked.python}: {error.strerror}") from error
    while True:
        try:
            status = process.wait()
            break
        except KeyboardInterrupt:  # the program has been interrupted as well, and tells what it has seen
            continue
    try:
        return Report.load(order.report)
    except (OSError, ValueError):
        raise CannotRun(f"{asked.target}: the process ended (exit status {status}) and told nothing") from None


def _moved(report: Report, script: str, path: str) -> Report:
    """The report with another name for one file."""

    def named(file: str) -> str:
        return path if os.path.realpath(file) == script else file

    return dataclasses.replace(
        report,
        entry=named(report.entry),
        asked=tuple(
            dataclasses.replace(
                each,
                key=(named(each.key[0]), *each.key[1:]),
                lost=tuple(dataclasses.replace(lost, file=named(lost.file)) for lost in each.lost),
            )
            for each in report.asked
        ),
        trained=tuple(dataclasses.replace(each, key=(named(each.key[0]), *each.key[1:])) for each in report.trained),
        updates={named(file): lines for file, lines in report.updates.items()},
        ending=dataclasses.replace(report.ending, file=named(report.ending.file)),
    )


def text_of(judged: Sequence[Judged], path: str, line: int) -> str:
    """A line of a file that was judged."""
    for each in judged:
        if os.path.realpath(each.path) == path:
            lines = each.text.splitlines()
            return lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return ""
