"""Makes a failing program smaller: statements left out, blocks opened, expressions replaced by their parts.

Hypothesis shrinks the choices by which a program was written. A choice left out changes all that follow, so that it
takes minutes to arrive at programs twice as long as need be; the syntax tree knows what can go without the rest.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any

_LIMIT = 600
_BODIES = ("body", "orelse", "finalbody")


def reduced(text: str, fails: Callable[[str], bool], limit: int = _LIMIT) -> str:
    """The smallest text found within ``limit`` tries that still ``fails``; the given one if none is."""
    tried = {text}
    best, before = text, ""
    while best != before:
        before = best
        for change in (_without_statements, _opened, _simpler):
            smaller: str | None = best
            while smaller is not None:
                best = smaller
                smaller = next(_failing(change(ast.parse(best)), len(best), fails, tried, limit), None)
    return best


def _failing(
    candidates: Iterator[str], length: int, fails: Callable[[str], bool], tried: set[str], limit: int
) -> Iterator[str]:
    for candidate in candidates:
        if candidate in tried or len(candidate) >= length:
            continue
        if len(tried) >= limit:
            return
        tried.add(candidate)
        if fails(candidate):
            yield candidate


def _without_statements(tree: ast.Module) -> Iterator[str]:
    """Without a run of statements, long runs first."""
    for size in (8, 4, 2, 1):
        for index, field, place in reversed(list(_blocks(tree))):
            changed = copy.deepcopy(tree)
            block = getattr(list(ast.walk(changed))[index], field)
            if place + size > len(block):
                continue
            del block[place : place + size]
            if not block and field == "body":
                block.append(ast.Pass())
            yield _text(changed)


def _opened(tree: ast.Module) -> Iterator[str]:
    """A compound statement replaced by its body."""
    for index, field, place in _blocks(tree):
        changed = copy.deepcopy(tree)
        block = getattr(list(ast.walk(changed))[index], field)
        for inner in _BODIES:
            statements = getattr(block[place], inner, None)
            if statements and not isinstance(block[place], (ast.FunctionDef, ast.ClassDef)):
                block[place : place + 1] = statements
                yield _text(changed)
                break


def _blocks(tree: ast.Module) -> Iterator[tuple[int, str, int]]:
    """Each statement: the number of the node that holds it, the field, the place in it."""
    for index, node in enumerate(ast.walk(tree)):
        for field in _BODIES:
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                for place in range(len(block)):
                    yield index, field, place


def _simpler(tree: ast.Module) -> Iterator[str]:
    """An expression replaced by one of its parts, or left out of a list or a call."""
    for index, node in enumerate(ast.walk(tree)):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and not isinstance(value, (ast.Name, ast.Constant)):
                for part in _parts(value):
                    yield _replaced(tree, index, field, None, part)
            elif isinstance(value, list):
                for place, each in enumerate([] if isinstance(node, ast.List) and _numbers(node) else value):
                    if isinstance(each, (ast.expr, ast.keyword)) and not (
                        isinstance(node, ast.Call) and field == "args" and place == 0
                    ):
                        yield _replaced(tree, index, field, place, None)
                    if isinstance(each, ast.expr):
                        for part in _parts(each):
                            yield _replaced(tree, index, field, place, part)


def _parts(node: ast.expr) -> list[ast.expr]:
    """The expressions directly within one."""
    found: list[ast.expr] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.keyword):
            found.append(child.value)
        elif isinstance(child, ast.expr) and not (isinstance(node, ast.Call) and child is node.func):
            found.append(child)
    return [child for child in found if not _numbers(child) and not _numbers(node)]


def _numbers(node: ast.expr) -> bool:
    """A vector's numbers: a program in which a name is a number where it was a vector is another program."""
    return isinstance(node, (ast.List, ast.Tuple)) and all(
        isinstance(each, (ast.Constant, ast.UnaryOp)) for each in node.elts
    )


def _replaced(tree: ast.Module, index: int, field: str, place: int | None, part: Any) -> str:
    changed = copy.deepcopy(tree)
    node = list(ast.walk(changed))[index]
    if place is None:
        setattr(node, field, part)
    elif part is None:
        del getattr(node, field)[place]
    else:
        getattr(node, field)[place] = part
    return _text(changed)


def _text(tree: ast.Module) -> str:
    """The program, or nothing where Python could not run it."""
    try:
        text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
        compile(text, "program.py", "exec")
        if not all(_ends(node) for node in ast.walk(tree) if isinstance(node, ast.While)):
            return "\n"
    except Exception:  # half a statement is left
        return "\n"
    return text


def _ends(loop: ast.While) -> bool:
    """Whether the loop still changes what it asks for."""
    inner = [node for each in loop.body for node in ast.walk(each)]
    counted = [node for node in loop.body if isinstance(node, ast.AugAssign)]
    if isinstance(loop.test, ast.Constant):
        return bool(counted) and any(isinstance(node, ast.Break) for node in inner)
    asked = ast.unparse(loop.test)
    if any(ast.unparse(node.target) in asked for node in counted):
        return True
    names = {node.id for node in ast.walk(loop.test) if isinstance(node, ast.Name)} - {"len"}
    receivers = [
        node.func.value for node in inner if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    return any(isinstance(each, ast.Name) and each.id in names for each in receivers)
