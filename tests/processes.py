"""Runs the real programs, flake8 with the plugin and the command: in this process, or apart in one of their own.

A process takes half a second to start. Where it is not the subject of a test, the program's own entry point is called
here, with the arguments, the standard streams and the folder that a process would have had.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import flake8.utils as flake8_utils
from flake8.main.cli import main as flake8_main

from tfgradlint import cli
from tfgradlint.files import running

#: A fault and its repaired twin, for tests of everything around the analysis. The fault stands at 7:26.
FAULTY = """\
import numpy as np
import tensorflow as tf

w = tf.Variable([1.0, 2.0])
x = tf.constant(np.array([3.0, 4.0], np.float32))
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(np.square(w) * x)
gradient = tape.gradient(loss, w)
"""
REPAIRED = FAULTY.replace("np.square", "tf.square")

#: Longer than any run here takes on a busy machine, short enough to tell an endless loop.
TIMEOUT = 600

Finished = subprocess.CompletedProcess[str]


def python(*arguments: str | Path, stdin: str | bytes = "", cwd: Path | None = None) -> Finished:
    """A Python process, its output as text."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    run = subprocess.run(
        [sys.executable, *map(str, arguments)],
        input=data,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=TIMEOUT,
        check=False,
    )
    return _finished(run.args, run.returncode, run.stdout, run.stderr)


def flake8(*arguments: str | Path, stdin: str | bytes = "", cwd: Path | None = None, apart: bool = False) -> Finished:
    """A run of flake8 that reads no configuration unless ``cwd`` holds one and ``--config`` names it.

    Where ``--jobs`` are asked for it runs apart: TensorFlow may be loaded here, whose threads a fork would lose.
    """
    isolated = () if any(str(argument).startswith("--config") for argument in arguments) else ("--isolated",)
    if apart or "--jobs" in arguments:
        return python("-m", "flake8", *isolated, *arguments, stdin=stdin, cwd=cwd)
    flake8_utils.stdin_get_value.cache_clear()
    return here(flake8_main, [*isolated, "--jobs=1", *arguments], stdin, cwd)


def command(
    *arguments: str | Path,
    stdin: str | bytes = "",
    cwd: Path | None = None,
    cache: bool = False,
    apart: bool = False,
    counted: bool = False,
) -> Finished:
    """A run of the command, which judges afresh unless a ``cache`` is asked for. With ``--jobs`` it runs apart.

    Standard error ends in the count of requests only where that is asked for.
    """
    if arguments[:1] in (("check",), ("predict",)):
        more = [flag for flag, wanted in (("--no-cache", not cache), ("--quiet", not counted)) if wanted]
        arguments = (arguments[0], *more, *arguments[1:])
    if apart or "--jobs" in arguments:
        return python("-m", "tfgradlint", *arguments, stdin=stdin, cwd=cwd)
    with mock.patch.object(running, "cores", return_value=1):
        return here(cli.main, arguments, stdin, cwd)


def here(
    main: Callable[[list[str]], int],
    arguments: Sequence[str | Path],
    stdin: str | bytes = "",
    cwd: Path | None = None,
) -> Finished:
    """A program's entry point, called in this process."""
    given = [*map(str, arguments)]
    out, err = io.BytesIO(), io.BytesIO()
    data = stdin.encode() if isinstance(stdin, str) else stdin
    with _streams(io.BytesIO(data), out, err), _folder(cwd):
        try:
            status: object = main(given)
        except SystemExit as ended:
            status = ended.code
            if isinstance(status, str):
                print(status, file=sys.stderr)
                status = 1
    return _finished(given, int(str(status or 0)), out.getvalue(), err.getvalue())


@contextmanager
def _streams(stdin: io.BytesIO, out: io.BytesIO, err: io.BytesIO) -> Iterator[None]:
    """Standard streams, on which warnings are printed as well."""
    inner = io.TextIOWrapper(stdin, encoding="utf-8")
    outer = [io.TextIOWrapper(each, encoding="utf-8", newline="\n", write_through=True) for each in (out, err)]

    def show(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
        outer[1].write(warnings.formatwarning(message, category, filename, lineno))

    names = {"stdin": inner, "stdout": outer[0], "stderr": outer[1]}
    with warnings.catch_warnings(), mock.patch.multiple(sys, **names):
        warnings.simplefilter("default")
        warnings.showwarning = show
        try:
            yield
        finally:
            for stream in outer:
                stream.flush()
                stream.detach()  # the bytes are asked for when the stream is gone


@contextmanager
def _folder(path: Path | None) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(before if path is None else path)
    try:
        yield
    finally:
        os.chdir(before)


def _finished(args: list[str], status: int, out: bytes, err: bytes) -> Finished:
    return subprocess.CompletedProcess(args, status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
