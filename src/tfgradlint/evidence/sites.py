"""Finds the place in a program at which a running call stands."""

from __future__ import annotations

import ast
import linecache
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import TypeGuard


@dataclass(frozen=True, slots=True)
class Site:
    """Where a request starts; the column is 1-based, and None where it cannot be told.

    ``file`` is the name that the code was compiled with.
    """

    line: int
    column: int | None
    call: str
    file: str = ""


@dataclass(slots=True)
class Sites:
    """The calls of a program.

    ``tree_of`` gives the syntax tree of a file by the name that its code was compiled with, None where the file is
    none of the program's own.
    """

    tree_of: Callable[[str], ast.Module | None]
    _generated: dict[str, ast.Module] = field(default_factory=dict)
    #: What was found of a place: a loop asks there again and again.
    _found: dict[tuple[object, ...], Site] = field(default_factory=dict)

    def of(self, frame: FrameType, call: str) -> Site | None:
        """The request that the frame of a replaced method serves; None where the program does not make it."""
        caller = frame.f_back
        if caller is not None:
            filename = caller.f_code.co_filename
            tree = self.tree_of(filename)
            if tree is not None:
                key = (caller.f_code, caller.f_lasti, call)
                if key not in self._found:
                    node = _call_of(tree, caller)
                    line = caller.f_lineno
                    self._found[key] = _site(filename, node, call) if node else _on_line(filename, tree, line, call)
                return self._found[key]
        # Under AutoGraph the caller is generated code; TensorFlow knows the line it stems from.
        from tensorflow.python.util import tf_stack

        harness = frame.f_code.co_filename
        for summary in reversed(list(tf_stack.extract_stack())):
            if summary.filename not in (harness, __file__):
                tree = self.tree_of(summary.filename)
                if tree is None:
                    return None
                node = self._generated_for(tree, frame, summary.lineno, call)
                if node is not None:
                    return _site(summary.filename, node, call)
                return _on_line(summary.filename, tree, summary.lineno, call)
        return None

    def nearest(self, calls: tuple[str, ...]) -> Site | None:
        """The call of one of these names on the nearest line of the program that is on the stack."""
        from tensorflow.python.util import tf_stack

        for summary in reversed(list(tf_stack.extract_stack())):
            tree = self.tree_of(summary.filename)
            if tree is not None:
                key = (summary.filename, summary.lineno, calls)
                if key not in self._found:
                    self._found[key] = _on_line(summary.filename, tree, summary.lineno, *calls)
                return self._found[key] if self._found[key].call in calls else None
        return None

    def _generated_for(self, tree: ast.Module, frame: FrameType, line: int, call: str) -> ast.Call | None:
        """The request that AutoGraph's code stands for.

        AutoGraph puts a statement on one line, and its map knows lines only. So of several requests in one
        statement the generated one and the program's own are paired by their order.
        """
        caller: FrameType | None = frame
        while caller is not None and "__autograph_generated" not in os.path.basename(caller.f_code.co_filename):
            caller = caller.f_back
        if caller is None:
            return None
        filename = caller.f_code.co_filename
        if filename not in self._generated:
            self._generated[filename] = ast.parse("".join(linecache.getlines(filename)))
        whole = self._generated[filename]
        node = _call_of(whole, caller)
        if node is None:
            return None
        generated = [
            other
            for other in _calls(_statement(whole, node.lineno))
            if other.args and _names(other.func, "converted_call") and _names(other.args[0], call)
        ]
        own = [other for other in _calls(_statement(tree, line)) if _names(other.func, call)]
        if len(generated) != len(own) or node not in generated:
            return None
        return own[generated.index(node)]


def _site(filename: str, node: ast.Call, call: str) -> Site:
    before = linecache.getline(filename, node.lineno).encode()[: node.col_offset]
    return Site(node.lineno, len(before.decode(errors="replace")) + 1, call, filename)


def _on_line(filename: str, tree: ast.Module, line: int, *names: str) -> Site:
    """The request on a line, of a call that may begin above it."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _covers(node, line)]
    for call in names:
        named = [node for node in calls if _names(node.func, call)]
        if named:
            break
    else:
        call, named = names[0] if len(names) == 1 else "", calls
    if not named:
        return Site(line, None, call, filename)
    nearest = min(named, key=_height)
    if [node for node in named if node.lineno == nearest.lineno] != [nearest]:
        return Site(nearest.lineno, None, call, filename)
    return _site(filename, nearest, call)


def _call_of(tree: ast.Module, frame: FrameType) -> ast.Call | None:
    """The call that a frame is executing, if Python keeps its position (3.11 on).

    It is found by its end: Python counts a method's call from the line of the method's name.
    """
    positions = getattr(frame.f_code, "co_positions", None)
    if positions is None:
        return None
    _, line, _, offset = list(positions())[frame.f_lasti // 2]
    for node in _calls(tree):
        if (node.end_lineno, node.end_col_offset) == (line, offset):
            return node
    return None


def _calls(tree: ast.AST) -> list[ast.Call]:
    """The calls in the order in which they stand."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted(calls, key=lambda node: (node.lineno, node.col_offset, -(node.end_col_offset or 0)))


def _statement(tree: ast.Module, line: int) -> ast.AST:
    """The smallest statement that covers a line."""
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and _covers(node, line)]
    return min(statements, key=_height, default=tree)


def _covers(node: ast.expr | ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _height(node: ast.expr | ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno


def _names(node: ast.expr, name: str) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and node.attr == name
