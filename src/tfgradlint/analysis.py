"""One text in, everything that is known of it out: parses, interprets, and turns breaks into findings."""

from __future__ import annotations

import ast

import libcst as cst

from tfgradlint.flow.gradients import Reports
from tfgradlint.flow.interpreter import Interpreter
from tfgradlint.flow.outline import Outline
from tfgradlint.libraries import World
from tfgradlint.places import Places
from tfgradlint.results import Analysis
from tfgradlint.telling import tell

#: Steps (statements and expressions) that may be taken, and how many more for each line.
_STEPS, _STEPS_PER_LINE = 40_000, 400
#: Deeper syntax trees are not handed to libcst: its native parser recurses on the C stack.
_DEPTH = 900


def analyse(text: str, tree: ast.Module | None = None) -> Analysis:
    """Interpret a module's text. ``tree`` is its syntax tree where the caller has parsed it already.

    Raises:
        SyntaxError: Python's own parser refuses the text.
        ValueError: it is nested too deeply, or libcst cannot parse it.
    """
    if tree is None:
        tree = ast.parse(text)
    if _depth(tree) > _DEPTH:
        raise ValueError("nested too deeply")
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise ValueError(f"libcst cannot parse it: {error.message}") from error
    reports = Reports()
    budget = _STEPS + _STEPS_PER_LINE * (text.count("\n") + 1)
    interpreter = Interpreter(Outline(tree), World(), reports, budget)
    interpreter.run(module)
    return tell(interpreter, Places(text, module, tree))


def _depth(tree: ast.AST) -> int:
    """The nesting of the syntax tree, found without recursion. A chain of ``elif`` does not count."""
    deepest = 0
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        if depth > _DEPTH:
            return depth
        for child in ast.iter_child_nodes(node):
            stack.append((child, depth + 1))
    return deepest
