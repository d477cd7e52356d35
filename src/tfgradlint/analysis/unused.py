"""Which calls make something that nothing reads, by the text alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_Loop = (ast.For, ast.AsyncFor, ast.While)
#: Names that say that the backward pass is measured or tried out, and not there to train.
_TRIED = ("time", "bench", "profile", "test", "check", "assert", "raises", "warm")


class Unused:
    """Of some calls, those whose results nothing reads: in a function, or in a loop of the module."""

    def __init__(self, tree: ast.Module) -> None:
        self._parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def unused(self, call: ast.Call) -> bool:
        """Whether nothing reads the call's result."""
        statement = self._parents.get(call)
        around = list(self._around(call))
        function = next((node for node in around if isinstance(node, _Function)), None)
        if any(self._tries(node) for node in around):
            return False
        if isinstance(statement, ast.Expr):
            return function is not None or any(isinstance(node, _Loop) for node in around)
        if function is None or not isinstance(statement, ast.Assign) or statement.value is not call:
            return False
        names = [name for target in statement.targets for name in _names(target)]
        return bool(names) and None not in names and not _read(function, set(names))

    def _around(self, node: ast.AST) -> Iterator[ast.AST]:
        above = self._parents.get(node)
        while above is not None:
            yield above
            above = self._parents.get(above)

    def _tries(self, node: ast.AST) -> bool:
        """Whether what stands around the call says that it is only tried."""
        if isinstance(node, (ast.With, ast.AsyncWith)):
            return any(_tried(ast.unparse(item.context_expr)) for item in node.items)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            return _tried(node.name) or bool(used & {"time", "timeit", "perf_counter", "locals"})
        return isinstance(node, (ast.Try, ast.Assert))


def _tried(name: str) -> bool:
    return any(word in name.lower() for word in _TRIED)


def _names(target: ast.expr) -> list[str | None]:
    """The names a target binds; None for a place that is no name."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for element in target.elts for name in _names(element)]
    if isinstance(target, ast.Starred):
        return _names(target.value)
    return [target.id if isinstance(target, ast.Name) else None]


def _read(function: ast.AST, names: set[str | None]) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load))
        or (isinstance(node, (ast.Global, ast.Nonlocal)) and not names.isdisjoint(node.names))
        for node in ast.walk(function)
    )
