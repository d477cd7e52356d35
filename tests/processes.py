"""Runs the real programs: flake8 with the plugin, and the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
    return subprocess.CompletedProcess(
        run.args, run.returncode, run.stdout.decode("utf-8", "replace"), run.stderr.decode("utf-8", "replace")
    )


def flake8(*arguments: str | Path, stdin: str | bytes = "", cwd: Path | None = None) -> Finished:
    """A flake8 process that reads no configuration unless ``cwd`` holds one and ``--config`` names it."""
    isolated = () if any(str(argument).startswith("--config") for argument in arguments) else ("--isolated",)
    return python("-m", "flake8", *isolated, *arguments, stdin=stdin, cwd=cwd)


def command(*arguments: str | Path, stdin: str | bytes = "", cwd: Path | None = None, cache: bool = False) -> Finished:
    """A process of the command, which judges afresh unless a ``cache`` is asked for."""
    if arguments[:1] in (("check",), ("predict",)) and not cache:
        arguments = (arguments[0], "--no-cache", *arguments[1:])
    return python("-m", "tfgradlint", *arguments, stdin=stdin, cwd=cwd)
