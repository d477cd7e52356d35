"""Judges one text and never raises: what cannot be analysed becomes a finding of its own."""

from __future__ import annotations

import ast

from tfgradlint.analysis.parsing import parse, without_warnings
from tfgradlint.analysis.relevance import defines_losses, relevant
from tfgradlint.analysis.results import Analysis, Finding, Position
from tfgradlint.analysis.texts import kept_text
from tfgradlint.project.closure import begins_program, leads_to_request
from tfgradlint.project.resolver import Project, Resolver
from tfgradlint.project.search_path import inserted
from tfgradlint.settings.codes import SEPARATION
from tfgradlint.settings.gradients import Gradients

NOT_ANALYSED = "TFG001"


def judge(
    text: str,
    tree: ast.Module | None = None,
    version: str | None = None,
    gradients: Gradients | None = None,
    losses: bool = False,
    fixes: bool = False,
    keras: int | None = None,
    assume: str = SEPARATION,
    project: Project | None = None,
) -> Analysis:
    """What the analysis says of a file. ``tree`` is its syntax tree where the caller has it, ``version`` the
    TensorFlow to go by, as ``knowledge.versions`` parses it, ``keras`` the major version that ``tf.keras`` is,
    ``gradients`` what the user's own functions do; ``fixes`` asks for what the rules propose to change, ``assume``
    tells what is assumed of functions that nobody sees. ``project`` tells where the file belongs: what it imports of
    its own is looked into then.

    Text that Python's own parser refuses, and a fault of the analysis, end in one ``TFG001``.
    A file without a request for gradients is not looked into, but for its losses where they are wanted, and where a
    program begins with it that asks for gradients in other modules.
    """
    if tree is None:
        try:
            tree = parse(text) if project is None else kept_text(text).tree
        except SyntaxError as error:
            return _alone(not_parsed(error, error.lineno or 1))
        except (ValueError, MemoryError, RecursionError) as error:
            return _failed(1, 1, f"Python cannot parse it ({str(error) or type(error).__name__})")
    losses = losses and not relevant(text)
    resolver = Resolver(project, inserted(tree, project.path)) if project is not None else None
    asks = defines_losses(text) if losses else relevant(text)
    if resolver is None and not asks:
        return Analysis()
    if resolver is not None and not asks and not (begins_program(tree) and leads_to_request(resolver, text)):
        return Analysis(read=resolver.looked_at)
    try:
        from tfgradlint.analysis.analysis import analyse
        from tfgradlint.analysis.parsed import NotAnalysed
    except ImportError as fault:
        return _failed(1, 1, f"the analysis failed ({fault})")
    try:
        with without_warnings():
            return analyse(text, tree, version, gradients, losses, fixes, keras, assume, resolver=resolver)
    except NotAnalysed as refusal:
        return _failed(1, 1, str(refusal))
    except Exception as fault:  # a linter must not take the editor down; the finding keeps the fault visible
        return _failed(1, 1, f"the analysis failed ({type(fault).__name__}: {fault})")


def not_analysed(reason: str) -> Analysis:
    """What is said of a text that was not looked into."""
    return _failed(1, 1, reason)


def not_parsed(error: SyntaxError, line: int) -> Finding:
    """What is said, at this line, of a text that Python's own parser refuses."""
    return _finding(line, error.offset or 1, f"Python cannot parse it ({error.msg})")


def _failed(line: int, column: int, reason: str) -> Analysis:
    return _alone(_finding(line, column, reason))


def _alone(finding: Finding) -> Analysis:
    return Analysis(findings=(finding,), gave_up=(finding.message,))


def _finding(line: int, column: int, reason: str) -> Finding:
    from tfgradlint.rules.tfg001_not_analysed import NotAnalysed

    # Python reports column 0 for some errors, and its texts may hold line breaks
    position = Position(line, max(column, 1), line, max(column, 1))
    return Finding(position, NOT_ANALYSED, NotAnalysed.about(" ".join(reason.split())))
