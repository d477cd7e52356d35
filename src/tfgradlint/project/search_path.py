"""The folders that a program puts into Python's search path itself, as far as its text tells."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator

#: What gives the same path again, as far as it matters here.
_SAME = frozenset({"abspath", "realpath", "normpath", "expanduser", "str", "Path", "resolve", "absolute", "fspath"})


def inserted(tree: ast.Module, path: str) -> list[str]:
    """The folders named by ``sys.path.insert`` and ``append``, the latest insertion first.

    Written out, or made of ``__file__``; what is relative is so to the folder of the file, as the current folder is
    not known.
    """
    if not any(isinstance(node, ast.Attribute) and node.attr == "path" for node in ast.walk(tree)):
        return []
    names = {
        node.targets[0].id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    }
    found: list[str] = []
    for call, position in _calls(tree):
        folder = _Paths(path, names).of(call)
        if folder:
            found.insert(0 if position else len(found), os.path.join(os.path.dirname(os.path.abspath(path)), folder))
    return [os.path.normpath(each) for each in found]


def _calls(tree: ast.Module) -> Iterator[tuple[ast.expr, bool]]:
    """What is put in, and whether in front."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = node.func.value
        if not (isinstance(owner, ast.Attribute) and owner.attr == "path"):
            continue
        if node.func.attr == "insert" and len(node.args) == 2:
            yield node.args[1], True
        elif node.func.attr == "append" and len(node.args) == 1:
            yield node.args[0], False


class _Paths:
    """Evaluates expressions that name a path."""

    def __init__(self, path: str, names: dict[str, ast.expr]) -> None:
        self._path = os.path.abspath(path)
        self._names = names

    def of(self, node: ast.expr, depth: int = 0) -> str:
        """The path, "" where it is not known."""
        if depth > 8:
            return ""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else ""
        if isinstance(node, ast.Name):
            if node.id == "__file__":
                return self._path
            return self.of(self._names[node.id], depth + 1) if node.id in self._names else ""
        if isinstance(node, ast.Attribute) and node.attr == "parent":
            return os.path.dirname(self.of(node.value, depth + 1))
        if isinstance(node, ast.Attribute) and node.attr in ("pardir", "curdir"):
            return ".." if node.attr == "pardir" else "."
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Add)):
            left, right = self.of(node.left, depth + 1), self.of(node.right, depth + 1)
            joined = os.path.join(left, right) if isinstance(node.op, ast.Div) else left + right
            return joined if left and right else ""
        if isinstance(node, ast.Subscript):
            return self._above(node, depth)
        return self._called(node, depth) if isinstance(node, ast.Call) else ""

    def _above(self, node: ast.Subscript, depth: int) -> str:
        """``path.parents[n]``."""
        index = node.slice
        if not (isinstance(node.value, ast.Attribute) and node.value.attr == "parents"):
            return ""
        if not (isinstance(index, ast.Constant) and isinstance(index.value, int) and 0 <= index.value < 20):
            return ""
        path = self.of(node.value.value, depth + 1)
        for _ in range(index.value + 1):
            path = os.path.dirname(path)
        return path

    def _called(self, node: ast.Call, depth: int) -> str:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("resolve", "absolute") and isinstance(node.func, ast.Attribute):
            return self.of(node.func.value, depth + 1)
        parts = [self.of(each, depth + 1) for each in node.args]
        if not parts or not all(parts):
            return ""
        if name == "dirname":
            return os.path.dirname(parts[0])
        if name in ("join", "Path"):
            return os.path.normpath(os.path.join(*parts))
        return parts[0] if name in _SAME else ""
