"""One text in, everything that is known of it out: parses, interprets, and turns breaks into findings."""

from __future__ import annotations

import ast
import contextlib
import gc
import re
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from tfgradlint.analysis.findings import findings_of
from tfgradlint.analysis.positions import Positions
from tfgradlint.analysis.results import Analysis
from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.machine.prescan import Prescan
from tfgradlint.flow.python.interpreter import Interpreter
from tfgradlint.flow.verdict.reports import Reports
from tfgradlint.libraries.keras.choice import legacy_keras
from tfgradlint.libraries.keras.loss_functions import review
from tfgradlint.libraries.session import Session
from tfgradlint.libraries.world import LibraryModels
from tfgradlint.settings.codes import NOTHING, SEPARATION
from tfgradlint.settings.gradients import Gradients

if TYPE_CHECKING:
    from tfgradlint.fixing.code import Code

#: Steps (statements and expressions) that all parts of a file may take together besides their own, and how many more
#: for each character.
_STEPS, _STEPS_PER_CHARACTER = 60_000, 3
#: libcst's native parser recurses on the C stack. Trees nested this deeply get a stack of their own; deeper ones
#: are not parsed.
_SHALLOW, _DEEPEST = 250, 3000
#: Brackets around a pattern are not in Python's tree, and libcst takes twice as long for each.
_BRACKETED_CASE = re.compile(r"^[ \t]*case\b[ \t]*(?:[(\[{][ \t\n]*){9}", re.MULTILINE)
#: What tells that a program may compute in double precision where it does not say so.
_DOUBLES = re.compile(r"float64|double|floatx")
_STACK = 256 * 1024 * 1024


class NotAnalysed(Exception):
    """The text is Python, but cannot be analysed; the message says why."""


def analyse(
    text: str,
    tree: ast.Module | None = None,
    version: str | None = None,
    gradients: Gradients | None = None,
    losses: bool = False,
    fixes: bool = False,
    keras: int | None = None,
    assume: str = SEPARATION,
) -> Analysis:
    """Interpret a module's text. ``tree`` is its syntax tree where the caller has parsed it already.

    ``version`` is the TensorFlow to go by, the one installed here where none is given; ``keras`` the Keras that
    ``tf.keras`` is, 2 or 3, the one that the environment asks TensorFlow for where none is given. ``gradients`` tells
    what functions do that are imported from the user's own modules. ``losses`` asks to try every loss of the module,
    ``fixes`` for what the rules propose to change; ``assume`` tells what is
    assumed of functions that nobody sees, a word of ``settings.codes.ASSUMPTIONS``.

    Raises:
        VersionError: ``version`` is none.
        SyntaxError: Python's own parser refuses the text.
        NotAnalysed: it is nested too deeply, or libcst cannot parse it.
    """
    if tree is None:
        tree = ast.parse(text)
    prescan = Prescan(tree)
    if prescan.depth > _DEEPEST or _BRACKETED_CASE.search(text):
        raise NotAnalysed("it is nested too deeply")
    with _collector_paused():
        try:
            module = cst.parse_module(text) if prescan.depth < _SHALLOW else _parse_deep(text)
        except cst.ParserSyntaxError as error:
            message = str(error.message).splitlines()[0]
            raise NotAnalysed(f"libcst cannot parse it: line {error.raw_line}: {message}") from error
        budget = _STEPS + int(_STEPS_PER_CHARACTER * len(text))
        session = Session(version, legacy_keras(text, tree, keras), numpy_behavior="numpy_behavior" in text)
        libraries = LibraryModels(session, gradients)
        interpreter = Interpreter(prescan, libraries, Reports(), budget)
        interpreter.keep(session)
        reports = interpreter.reports
        interpreter.keep(Numbers(lambda: reports.trains, doubles=_DOUBLES.search(text) is not None))
        interpreter.reports.thorough = fixes
        interpreter.reports.assumes = assume != NOTHING
        interpreter.run(module)
        libraries.finished(interpreter)
        if losses:
            review(interpreter)
        return findings_of(interpreter, Positions(text, module, tree), _code(module, text) if fixes else None)


def _code(module: cst.Module, text: str) -> Callable[[], Code]:
    def make() -> Code:
        from tfgradlint.fixing.code import Code

        return Code(module, text)

    return make


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """A syntax tree and a graph make many objects and little garbage: collecting in between only costs."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _parse_deep(text: str) -> cst.Module:
    """Parse on a stack that is large enough for deeply nested code."""
    results: list[cst.Module | BaseException] = []

    def run() -> None:
        try:
            results.append(cst.parse_module(text))
        except BaseException as error:  # handed over to the thread that waits
            results.append(error)

    before = threading.stack_size(_STACK)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    except RuntimeError as error:
        raise NotAnalysed("it is nested deeply, and there is no memory for the stack to parse it on") from error
    finally:
        threading.stack_size(before)
    thread.join()
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]
