"""Runs a program under TensorFlow and tells what it saw."""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib.util
import io
import linecache
import os
import random
import sys
import tempfile
import types
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tfgradlint.evidence.log import Log
from tfgradlint.evidence.programs import NEWEST, Outcomes, Versions
from tfgradlint.evidence.record import Evaluation, Recorder, exception_name
from tfgradlint.evidence.sites import Sites
from tfgradlint.evidence.training import Trained, Training, keras_of_programs, legacy_keras
from tfgradlint.knowledge.versions import parse


class TensorFlowMissing(RuntimeError):
    """TensorFlow, or the Keras that it is asked for, cannot be imported."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The exception in which a program ended; ``line`` is the deepest one of the program itself.

    ``at_update``: it left a call that updates variables.
    """

    type: str
    message: str
    line: int
    at_request: bool
    in_graph: bool
    at_update: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What TensorFlow did: the evaluations of the requests in order, and how the program ended."""

    evaluations: tuple[Evaluation, ...]
    failure: Failure | None
    #: The word for every line on which variables are updated.
    training: Mapping[int, str] = field(default_factory=dict)
    #: The calls that train by themselves, in order.
    trained: tuple[Trained, ...] = ()

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
    gc.collect()
    gc.freeze()  # Keras collects garbage after every program: there is no need to look through all of TensorFlow
    if legacy_keras() and importlib.util.find_spec("tf_keras") is None:
        raise TensorFlowMissing("tf_keras, which is Keras 2, cannot be imported; try: pip install tf_keras")
    return tf


@cache
def keras_version() -> str:
    """The version of the Keras that ``tf.keras`` is in this process: ``3.15.0``."""
    tensorflow()
    return str(keras_of_programs().__version__)


def installed() -> str:
    """The TensorFlow and the Keras with which programs are run here: ``TensorFlow 2.21.0 with Keras 3.15.1``."""
    return f"TensorFlow {tensorflow().__version__} with Keras {keras_version()}"


def versions_of(text: str) -> Versions:
    """The versions that run a program here. Keras is only asked where it is used: importing it takes a second."""
    keras = int(keras_version().partition(".")[0]) if _may_train(text) else NEWEST.keras
    return Versions(parse(tensorflow().__version__), keras)


def observe(text: str) -> Observation:
    """Run a program in this process as ``__main__`` and record its gradient requests."""
    tf = tensorflow()
    filename = _write(text)
    with _clean_state(tf, text):
        sites, log = Sites({filename: ast.parse(text)}.get), Log(tf)
        recorder, training = Recorder(sites, tf, log), Training(sites, tf, log)
        trains = training.recording(keras_of_programs()) if _may_train(text) else contextlib.nullcontext()
        error: BaseException | None = None
        with _as_main(filename) as namespace, recorder.recording(), trains:
            try:
                with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    exec(compile(text, filename, "exec"), namespace)
            except (Exception, SystemExit) as caught:
                error = caught
            evaluations = tuple(recorder.evaluations(failed=error is not None))
            words, trained = {line: word for (_, line), word in training.words().items()}, training.trained()
        failure = None
        if error is not None:
            failure = _failure(error, filename, at_request=recorder.raised, at_update=training.raised)
    return Observation(evaluations, failure, words, trained)


def _may_train(text: str) -> bool:
    """Whether the program may use an optimizer of Keras; importing Keras takes a second."""
    return "keras" in text or "optimizers" in text


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
        for name in ("keras", "tf_keras"):
            if "keras" in text and name in sys.modules:
                sys.modules[name].backend.clear_session()


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


def _failure(
    error: BaseException, filename: str, *, at_request: BaseException | None, at_update: BaseException | None
) -> Failure:
    metadata = getattr(error, "ag_error_metadata", None)
    lines = [line for file, line in _frames(error) if file == filename]
    if metadata is not None:  # the frames of generated code, in the lines of the program
        lines += [frame.lineno for frame in metadata.translated_stack if frame.filename == filename][-1:]
    kind = exception_name(error)
    in_graph = metadata is not None
    request, update = (_same(raised, error, in_graph=in_graph) for raised in (at_request, at_update))
    message = (str(error).strip().splitlines() or [""])[-1].strip()
    return Failure(kind, message, lines[-1] if lines else 0, request, in_graph, update)


def _same(raised: BaseException | None, error: BaseException, *, in_graph: bool) -> bool:
    """Whether an exception is the one, or AutoGraph's for it: a new exception that quotes the first one."""
    if raised is None or not in_graph:
        return raised is error
    first = (str(raised).strip().splitlines() or [""])[0].strip()
    return bool(first) and first in str(error)


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
