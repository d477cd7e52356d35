"""One text in, everything that is known of it out: parses, interprets, and turns breaks into findings."""

from __future__ import annotations

import ast
import contextlib
import gc
import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from tfgradlint.analysis.findings import findings_of
from tfgradlint.analysis.parsed import kept, parsed
from tfgradlint.analysis.positions import Places
from tfgradlint.analysis.program import Modules
from tfgradlint.analysis.results import Analysis
from tfgradlint.flow.facts.numbers import Numbers
from tfgradlint.flow.machine.modules import Module
from tfgradlint.flow.python.interpreter import Interpreter
from tfgradlint.flow.verdict.reports import Reports
from tfgradlint.knowledge.versions import LEGACY_KERAS
from tfgradlint.libraries.keras.choice import legacy_keras
from tfgradlint.libraries.keras.loss_functions import review
from tfgradlint.libraries.session import Session
from tfgradlint.libraries.world import LibraryModels
from tfgradlint.settings.codes import NOTHING, SEPARATION
from tfgradlint.settings.gradients import Gradients

if TYPE_CHECKING:
    from tfgradlint.fixing.code import Code
    from tfgradlint.project.resolver import Resolver

#: Steps (statements and expressions) that all parts of a file may take together besides their own, and how many more
#: for each character.
_STEPS, _STEPS_PER_CHARACTER = 200_000, 3
#: What tells that a program may compute in double precision where it does not say so.
_DOUBLES = re.compile(r"float64|double|floatx")


def analyse(
    text: str,
    tree: ast.Module | None = None,
    version: str | None = None,
    gradients: Gradients | None = None,
    losses: bool = False,
    fixes: bool = False,
    keras: int | None = None,
    assume: str = SEPARATION,
    resolver: Resolver | None = None,
) -> Analysis:
    """Interpret a module's text. ``tree`` is its syntax tree where the caller has parsed it already.

    ``version`` is the TensorFlow to go by, the one installed here where none is given; ``keras`` the Keras that
    ``tf.keras`` is, 2 or 3, the one that the environment asks TensorFlow for where none is given. ``gradients`` tells
    what functions do that are imported from the user's own modules. ``losses`` asks to try every loss of the module,
    ``fixes`` for what the rules propose to change; ``assume`` tells what is
    assumed of functions that nobody sees, a word of ``settings.codes.ASSUMPTIONS``. ``resolver`` finds the program's
    own modules that it imports; without one, none of them is looked into.

    Raises:
        VersionError: ``version`` is none.
        SyntaxError: Python's own parser refuses the text.
        NotAnalysed: it is nested too deeply, or libcst cannot parse it.
    """
    with _collector_paused():
        own = parsed(text, tree) if resolver is None or tree is None else kept(text, tree)
        budget = _STEPS + int(_STEPS_PER_CHARACTER * len(text))
        session = Session(version, legacy_keras(text, own.tree, keras))
        libraries = LibraryModels(session, gradients)
        path = resolver.path if resolver is not None else ""
        main = Module("__main__", own.module, own.prescan, path, package=os.path.basename(path) == "__init__.py")
        reports = Reports()

        def changed() -> bool:
            """Whether something may have changed variables by now: what runs alone runs at any time."""
            unseen = reports.trains and interpreter.recorder.last_unseen > 0
            return reports.updated or interpreter.isolated or unseen

        numbers = Numbers(changed)

        def read(text: str) -> None:
            session.numpy_behavior = session.numpy_behavior or "numpy_behavior" in text
            numbers.doubles = numbers.doubles or _DOUBLES.search(text) is not None

        def met(module: str, imported: ast.Module) -> None:
            if LEGACY_KERAS in module:
                session.ask_for_keras(2 if legacy_keras(text, own.tree, keras, imported) else 3)

        read(text)
        program = Modules(resolver, main, text, read, met) if resolver is not None else None
        interpreter = Interpreter(main, libraries, reports, budget, program)
        interpreter.keep(session)
        interpreter.keep(numbers)
        reports.thorough = fixes
        reports.assumes = assume != NOTHING
        interpreter.run()
        libraries.finished(interpreter)
        if losses:
            review(interpreter)
        places = Places(own, program.texts() if program is not None else (), main.path)
        found = findings_of(interpreter, places, _code(own.module, text) if fixes else None)
        return found if program is None else program.noted(found)


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
