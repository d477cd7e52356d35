"""Runs a program under TensorFlow and tells what it saw."""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import os
import random
import sys
import tempfile
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tfgradlint.evidence.programs import Outcomes
from tfgradlint.evidence.record import Evaluation, Recorder, exception_name
from tfgradlint.evidence.sites import Sites


class TensorFlowMissing(RuntimeError):
    """TensorFlow cannot be imported."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The exception in which a program ended; ``line`` is the deepest one of the program itself."""

    type: str
    message: str
    line: int
    at_request: bool
    in_graph: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What TensorFlow did: the evaluations of the requests in order, and how the program ended."""

    evaluations: tuple[Evaluation, ...]
    failure: Failure | None

    @property
    def outcomes(self) -> dict[int, Outcomes]:
        """The outcomes by line, equal neighbours merged."""
        merged: dict[int, list[tuple[str, ...]]] = {}
        for evaluation in self.evaluations:
            outcomes = merged.setdefault(evaluation.site.line, [])
            if outcomes[-1:] != [evaluation.words]:
                outcomes.append(evaluation.words)
        return {line: tuple(outcomes) for line, outcomes in sorted(merged.items())}


@cache
def tensorflow() -> Any:
    """TensorFlow, with its chatter turned down."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow as tf
    except ImportError as error:
        why = str(error).strip().partition("\n")[0]
        raise TensorFlowMissing(f"TensorFlow cannot be imported ({why}); try: pip install tensorflow") from error
    tf.get_logger().setLevel("ERROR")
    return tf


def observe(text: str) -> Observation:
    """Run a program in this process as ``__main__`` and record its gradient requests."""
    tf = tensorflow()
    filename = _write(text)
    with _clean_state(tf, text):
        recorder = Recorder(Sites(filename, ast.parse(text)), tf)
        error: BaseException | None = None
        with _as_main(filename) as namespace, recorder.recording():
            try:
                with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    exec(compile(text, filename, "exec"), namespace)
            except (Exception, SystemExit) as caught:
                error = caught
            evaluations = tuple(recorder.evaluations(failed=error is not None))
        failure = None if error is None else _failure(error, recorder, filename)
    return Observation(evaluations, failure)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="evidence-")


def _write(text: str) -> str:
    """Write the program to a file: AutoGraph reads the source of the functions that it converts.

    The name is always the same, because AutoGraph keeps what it converted and tells functions apart by their
    code, in which the file's name does not count: equal functions of two programs are one to it.
    """
    filename = os.path.join(_folder().name, "program.py")
    with open(filename, "w", encoding="utf-8") as file:
        file.write(text)
    linecache.cache.pop(filename, None)
    return filename


@contextlib.contextmanager
def _clean_state(tf: Any, text: str) -> Iterator[None]:
    import numpy as np

    random.seed(0)
    np.random.seed(0)
    tf.random.set_seed(0)
    try:
        yield
    finally:
        if "keras" in text and "keras" in sys.modules:
            sys.modules["keras"].utils.clear_session()


@contextlib.contextmanager
def _as_main(filename: str) -> Iterator[dict[str, Any]]:
    module = types.ModuleType("__main__")
    module.__dict__["__file__"] = filename
    before = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        yield module.__dict__
    finally:
        sys.modules["__main__"] = before


def _failure(error: BaseException, recorder: Recorder, filename: str) -> Failure:
    metadata = getattr(error, "ag_error_metadata", None)
    lines = [line for file, line in _frames(error) if file == filename]
    if metadata is not None:  # the frames of generated code, in the lines of the program
        lines += [frame.lineno for frame in metadata.translated_stack if frame.filename == filename][-1:]
    raised = recorder.raised
    at_request = raised is not None and (raised is error or (metadata is not None and _same(raised, error)))
    message = (str(error).strip().splitlines() or [""])[-1].strip()
    return Failure(exception_name(error), message, lines[-1] if lines else 0, at_request, metadata is not None)


def _same(raised: BaseException, error: BaseException) -> bool:
    """Whether AutoGraph raised ``error`` for ``raised``: a new exception that quotes the first one."""
    first = (str(raised).strip().splitlines() or [""])[0].strip()
    return bool(first) and first in str(error)


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
